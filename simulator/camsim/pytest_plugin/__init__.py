"""pytest fixtures of a virtual gateway. Nothing heavy is imported, and nothing started, before a fixture is used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from camsim.client import Client, DeviceHandle
    from camsim.receiver import Running

    from .session import Simulator

_GATEWAY: pytest.StashKey[Client] = pytest.StashKey()
_USERS = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the virtual gateway."""
    group = parser.getgroup("camsim", "virtual Cams Biometric Gateway")
    group.addoption(
        "--cams-url",
        metavar="URL",
        help="use the running simulator with this management URL (it is reset before each test); "
        "{worker} in it becomes the number of the xdist worker",
    )
    group.addoption("--cams-token", metavar="TOKEN", help="management token of the simulator at --cams-url")
    group.addoption("--cams-seed", metavar="N", type=int, help="seed of everything random at the gateway (default 1)")
    group.addoption("--cams-profile", metavar="NAME", help="documented (default), observed, strict or hostile")
    group.addoption(
        "--cams-start",
        metavar="TIME",
        help="virtual time at which every test begins, as `camsim serve --start` (default: 48 hours before now)",
    )
    patience = "real seconds after which waiting for an application that answers nothing fails the test; 0: never"
    group.addoption("--cams-patience", metavar="SECONDS", type=float, help=f"{patience} (default: ini, else 5)")
    parser.addini("cams_patience", patience, default="5")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; refuse one simulator for several workers, for each of them resets it."""
    config.addinivalue_line("markers", "cams(patience=SECONDS): as --cams-patience, for one test")
    url = config.getoption("cams_url")
    spread = config.getoption("numprocesses", None) or hasattr(config, "workerinput")
    if url and spread and "{worker}" not in url:
        raise pytest.UsageError(
            f"--cams-url {url}: every xdist worker resets its simulator, so each needs one of its own; "
            "put {worker} where the URLs differ, as in --cams-url http://127.0.0.1:900{worker}"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failing test shows what happened at the gateway, and the seed."""
    report = yield
    if report.failed and _GATEWAY in item.stash:
        from .report_section import section

        report.sections.append(section(item.stash[_GATEWAY]))
    return report


@pytest.fixture(scope="session")
def _cams_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """The simulator of this session: one in a thread of its own, or the one at `--cams-url`."""
    from .session import simulator

    option = request.config.getoption
    worker = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    wanted = option("cams_url"), option("cams_token"), option("cams_seed"), option("cams_profile"), option("cams_start")
    with simulator(*wanted, worker) as found:
        yield found


def pytest_keyboard_interrupt() -> None:
    """Ctrl-C: applications that block are not waited for."""
    from .leaving import hurry

    hurry()


def _patience(request: pytest.FixtureRequest) -> float | None:
    """Of the marker nearest to the test, the option or the ini file. Raises: pytest.UsageError."""
    config, marker = request.config, request.node.get_closest_marker("cams")
    given = config.getoption("cams_patience")
    wanted = config.getini("cams_patience") if given is None else given
    if marker is not None:
        wanted = marker.kwargs.get("patience", wanted)
    try:
        seconds = float(wanted)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise pytest.UsageError(f"cams_patience = {wanted!r} is not allowed; allowed: seconds, 0 (never) to 86400")
    return seconds or None


@pytest.fixture
def cams_gateway(request: pytest.FixtureRequest, _cams_simulator: Simulator) -> Client:
    """A gateway without devices, its clock standing still; `camsim.client.Client` lists what it can do."""
    client = _cams_simulator.fresh()
    client.patience = _patience(request)
    request.node.stash[_GATEWAY] = client
    return client


@pytest.fixture
def cams_serve() -> Iterator[Callable[[Any], str]]:
    """Serve a WSGI, ASGI or aiohttp application on a free port until the test ends; gives its URL."""
    from contextlib import ExitStack

    from .apps import serving

    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))


@pytest.fixture
def cams_receiver() -> Iterator[Running]:
    """The reference receiver: `url` takes callbacks, `store` and `counts()` show what it kept, `readback_url` too."""
    from camsim.receiver import start

    with start() as running:
        yield running


@pytest.fixture
def cams_device(request: pytest.FixtureRequest, cams_gateway: Client) -> DeviceHandle:
    """Device SIM00001 with users 1 to 10; it calls `cams_receiver` when the test uses that, else nobody."""
    if "cams_receiver" not in request.fixturenames:
        return cams_gateway.device("SIM00001", users=_USERS)
    # Asked for by name: as an argument it would start in every test that has a device.
    receiver: Running = request.getfixturevalue("cams_receiver")
    return cams_gateway.device("SIM00001", users=_USERS, callback_url=receiver.url)
