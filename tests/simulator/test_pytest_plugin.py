"""The fixtures and options of the pytest plugin, as a project that uses them sees them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from camsim.client import Client, DeviceHandle
from camsim.host import Host
from camsim.pytest_plugin.background import Background
from camsim.receiver import Running
from camsim.settings import Settings

pytest_plugins = ["pytester"]
QUIET = ("-p", "no:locust", "-p", "no:schemathesis", "-p", "no:cacheprovider", "-W", "error")
ACK = b'{"status": "done"}'


@pytest.fixture
def project(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Write a test file and run it with pytest in this process."""

    def run(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(textwrap.dedent(source))
        return pytester.runpytest_inprocess(*QUIET, *options)

    return run


@pytest.fixture
def spread(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Write a test file and run all of it in each of two xdist workers."""

    def run(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(textwrap.dedent(source))
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        ours = ("-p", "xdist", "-p", "camsim.pytest_plugin", "-n2", "--dist=each")
        return pytester.runpytest_subprocess(*QUIET, *ours, *options)

    return run


# --- what it costs those who do not use it --------------------------------------------------------------------------


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    script = (
        "import pytest, sys; before = set(sys.modules); import camsim.pytest_plugin; "
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['camsim', 'camsim.pytest_plugin']"


def test_the_plugin_adds_no_test(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess(*QUIET)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_every_fixture_has_its_prefix(pytester: pytest.Pytester) -> None:
    lines = pytester.runpytest_inprocess(*QUIET, "--fixtures").outlines
    ours = [line.split()[0] for line in lines if "camsim/pytest_plugin/" in line]
    assert sorted(ours) == ["cams_device", "cams_gateway", "cams_receiver", "cams_serve"]


# --- the gateway ----------------------------------------------------------------------------------------------------


def test_the_example_of_the_design_page_runs(project: Callable[..., pytest.RunResult]) -> None:
    result = project(
        """
        from flask import Flask

        app = Flask(__name__)

        @app.post("/callback")
        def callback():
            return {"status": "done"}

        def test_offline_burst(cams_gateway, cams_serve):
            door = cams_gateway.device("SIM1", callback_url=cams_serve(app) + "/callback", users=20)
            door.offline()
            door.punches(user="2", every="1m", count=50)
            door.online(order="shuffle")
            cams_gateway.run_until_idle()              # hours of retries in milliseconds
            assert cams_gateway.ledger.all_acknowledged()
        """
    )
    result.assert_outcomes(passed=1)


def test_every_test_begins_in_the_same_world(project: Callable[..., pytest.RunResult]) -> None:
    result = project(
        """
        import pytest

        seen = []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_world(cams_gateway, turn):
            health, config = cams_gateway.health(), cams_gateway.config
            seen.append((health.now, health.clock, health.devices, health.faults, health.uplink, config))
            assert cams_gateway.journal() == []
            cams_gateway.device("SIM1")
            cams_gateway.fault("callback.answer", "drop")
            cams_gateway.uplink(False)
            cams_gateway.patch_config("hostile", **{"rest.latency": "3s"})
            cams_gateway.advance("5h")
            cams_gateway.set_clock("auto")

        def test_same():
            assert seen[0] == seen[1]
        """
    )
    result.assert_outcomes(passed=3)


def test_a_test_that_ends_with_callbacks_under_way_does_not_disturb_the_next(
    project: Callable[..., pytest.RunResult],
) -> None:
    result = project(
        """
        import threading

        def hanging(environ, start_response):
            release.wait(10)
            start_response("200 OK", [])
            return [b'{"status": "done"}']

        release = threading.Event()

        def test_leaves_one_under_way(cams_gateway, cams_serve):
            cams_gateway.device("SIM1", callback_url=cams_serve(hanging), users=2).punch("1")

        def test_next(cams_gateway):
            door = cams_gateway.device("SIM1", users=2)
            door.punch("1")
            release.set()
            cams_gateway.run_until_idle()
            assert door.queue.queued == 1
        """
    )
    result.assert_outcomes(passed=2)


def test_auto_serves_a_blocking_rest_client(cams_gateway: Client, cams_device: DeviceHandle) -> None:
    with cams_gateway.auto():
        assert cams_gateway.rest(cams_device.stgid).call("LoadDeviceInformation").ok


def test_asynchronous_tests_work_with_a_receiver_on_their_own_loop(project: Callable[..., pytest.RunResult]) -> None:
    result = project(
        """
        import asyncio
        import pytest
        from aiohttp import web

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        async def callback(request):
            return web.json_response({"status": "done"})

        @pytest.mark.anyio
        async def test_burst(cams_gateway):
            app = web.Application()
            app.router.add_post("/callback", callback)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            url = "http://127.0.0.1:%d/callback" % runner.addresses[0][1]
            door = cams_gateway.device("SIM1", callback_url=url, users=2)
            door.punches(user="2", count=5)
            await cams_gateway.in_thread(cams_gateway.run_until_idle)
            await runner.cleanup()
            assert cams_gateway.ledger.all_acknowledged()
        """
    )
    result.assert_outcomes(passed=1)


def test_a_reset_costs_less_than_five_milliseconds(request: pytest.FixtureRequest, cams_gateway: Client) -> None:
    """The best of many, because the machine is shared; `benchmarks/plugin_bench.py` has the median."""
    simulator, costs = request.getfixturevalue("_cams_simulator"), []
    for _ in range(20):
        cams_gateway.device("SIM1", users=5).punches(user="1", count=5)
        began = time.perf_counter()
        simulator.fresh()
        costs.append(time.perf_counter() - began)
    assert min(costs) < 0.005


# --- device and receiver --------------------------------------------------------------------------------------------


def test_a_device_is_ready_to_punch(cams_device: DeviceHandle) -> None:
    assert cams_device.punch("10").recorded
    assert cams_device.info().callback_url is None


def test_a_device_calls_the_reference_receiver_of_the_test(
    cams_receiver: Running, cams_gateway: Client, cams_device: DeviceHandle
) -> None:
    cams_device.punches(user="3", count=4)
    cams_gateway.run_until_idle()
    assert cams_receiver.counts()["punch"] == 4


# --- applications ---------------------------------------------------------------------------------------------------


def _wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Seen", environ["HTTP_X_ASKED"])])
    return [environ["REQUEST_METHOD"].encode(), b" ", environ["PATH_INFO"].encode(), b"?", body]


async def _asgi(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    if scope["type"] != "http":
        raise NotImplementedError
    body = (await receive())["body"]
    headers = [(b"x-seen", dict(scope["headers"])[b"x-asked"])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    text = f"{scope['method']} {scope['path']}?".encode() + body
    await send({"type": "http.response.body", "body": text})


def _aiohttp() -> Any:
    from aiohttp import web

    async def echo(request: web.Request) -> web.Response:
        text = f"{request.method} {request.path}?{await request.text()}"
        return web.Response(text=text, headers={"X-Seen": request.headers["X-Asked"]})

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", echo)
    return app


def _flask() -> Any:
    from flask import Flask, Response, request

    app = Flask(__name__)

    @app.route("/<path:any>", methods=["POST"])
    def echo(any: str) -> Response:
        text = f"{request.method} {request.path}?{request.get_data(as_text=True)}"
        return Response(text, headers={"X-Seen": request.headers["X-Asked"]})

    return app


def _fastapi() -> Any:
    from fastapi import FastAPI, Request, Response

    app = FastAPI()

    async def echo(request: Request) -> Response:
        text = f"{request.method} {request.url.path}?{(await request.body()).decode()}"
        return Response(text, headers={"X-Seen": request.headers["X-Asked"]})

    app.add_route("/{any:path}", echo, methods=["POST"])
    return app


@pytest.mark.parametrize("make", [lambda: _wsgi, lambda: _asgi, _aiohttp, _flask, _fastapi])
def test_an_application_is_served_over_a_kept_connection(
    cams_serve: Callable[[Any], str], make: Callable[[], Any]
) -> None:
    url = cams_serve(make())
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.connect()
    first = connection.sock
    for number in (b"1", b"2"):
        connection.request("POST", "/a/b", number, {"X-Asked": "yes"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["X-Seen"], answer.read()) == (200, "yes", b"POST /a/b?" + number)
    assert connection.sock is first
    connection.close()


def test_an_application_that_raises_answers_500(cams_serve: Callable[[Any], str], capsys: Any) -> None:
    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError("out of ideas")

    connection = HTTPConnection(cams_serve(broken).removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 500
    connection.close()
    assert "out of ideas" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("app", "why"),
    [
        ("app", "no application"),
        (dict, "no application"),
        (lambda: None, "takes 0 arguments.*factory"),
        (lambda a, b, c, d: None, "takes 4"),
    ],
)
def test_what_is_no_application_is_refused(cams_serve: Callable[[Any], str], app: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        cams_serve(app)


def test_an_asgi_application_that_does_not_start_is_an_error(cams_serve: Callable[[Any], str]) -> None:
    async def app(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start"):
        cams_serve(app)


def test_without_uvicorn_an_asgi_application_says_what_to_install(
    cams_serve: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(RuntimeError, match="pip install uvicorn"):
        cams_serve(_asgi)


# --- a failing test -------------------------------------------------------------------------------------------------

FAILING = """
def broken(environ, start_response):
    start_response("200 OK", [])
    return [b"nope"]

def test_it(cams_gateway, cams_serve):
    cams_gateway.device("SIM1", callback_url=cams_serve(broken), users=3).punches(user="2", count=2)
    cams_gateway.advance("40s")
    assert cams_gateway.ledger.all_acknowledged()
"""


def test_a_failure_shows_the_journal_and_the_seed(project: Callable[..., pytest.RunResult]) -> None:
    result = project(FAILING, "--cams-seed", "77")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"E .*0 of 2 punches acknowledged, missing: SIM1 #1 user 2",
            r"-+ camsim journal \(seed 77\) -+",
            r"punches 2: acknowledged 0, waiting 2, lost 0; attempts 2",
            r"SIM1: online, 0 cached on the device, 2 queued \(hold\); the answer is not JSON: nope",
            r".* SIM1 callback RealTimePunchLog user 2 attempt 2 HTTP 200 not acknowledged",
            r"again: --cams-seed 77",
        ]
    )


def test_a_passing_test_shows_nothing_of_the_gateway(project: Callable[..., pytest.RunResult]) -> None:
    result = project("def test_it(cams_gateway): pass", "-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*camsim journal*")


def test_a_failure_without_the_gateway_shows_nothing_of_it(project: Callable[..., pytest.RunResult]) -> None:
    result = project("def test_it(): assert False")
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*camsim journal*")


# --- options --------------------------------------------------------------------------------------------------------

SHOWS = """
def test_it(cams_gateway):
    config = cams_gateway.config
    assert (config.seed, config.profile) == ({seed}, {profile!r})
    assert (cams_gateway.clock.mode, cams_gateway.devices()) == ("manual", [])
"""


def test_seed_and_profile_are_those_asked_for(project: Callable[..., pytest.RunResult]) -> None:
    result = project(SHOWS.format(seed=5, profile="observed"), "--cams-seed=5", "--cams-profile=observed")
    result.assert_outcomes(passed=1)


def test_a_profile_that_does_not_exist_is_named(project: Callable[..., pytest.RunResult]) -> None:
    result = project("def test_it(cams_gateway): pass", "--cams-profile=angry")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--cams-profile angry: allowed are documented, observed, strict, hostile*"])


WHEN = """
def test_first(cams_gateway):
    assert cams_gateway.clock.text == "2020-09-17 02:18:22 GMT +0000"
    cams_gateway.set_clock("manual", start="2026-03-29T00:30:00Z")
    cams_gateway.device("SIM1", users=1)
    assert cams_gateway.clock.text == "2026-03-29 00:30:00 GMT +0000"

def test_second(cams_gateway):
    assert cams_gateway.clock.text == "2020-09-17 02:18:22 GMT +0000"
"""


def test_every_test_begins_at_cams_start(project: Callable[..., pytest.RunResult]) -> None:
    project(WHEN, "--cams-start=2020-09-17 07:48:22 GMT +0530").assert_outcomes(passed=2)


def test_a_start_that_is_no_time_is_named(project: Callable[..., pytest.RunResult]) -> None:
    result = project("def test_it(cams_gateway): pass", "--cams-start=soon")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--cams-start = 'soon' is not allowed*"])


EVERY = """
import time
from pathlib import Path

def test_first(cams_gateway):
    began = cams_gateway.clock.now
    assert 0 <= time.time() - 48 * 3600 - began < 600
    cams_gateway.set_clock("auto", start="2026-03-29T00:30:00Z")
    Path("began").write_text(str(began))

def test_second(cams_gateway):
    assert str(cams_gateway.clock.now) == Path("began").read_text()
"""


def test_without_a_start_every_test_begins_48_hours_before_the_session(
    project: Callable[..., pytest.RunResult],
) -> None:
    project(EVERY).assert_outcomes(passed=2)


@pytest.fixture(scope="module")
def elsewhere() -> Iterable[Host]:
    """A simulator with its own seed, running on the real clock."""
    with Background(lambda: Host.start(Settings(seed=9, clock="real")), Host.stop, "elsewhere") as running:
        yield running.service


def test_a_running_simulator_is_used(project: Callable[..., pytest.RunResult], elsewhere: Host) -> None:
    with Client(elsewhere.management_url) as client:
        client.device("OLD")
    result = project(SHOWS.format(seed=9, profile="documented"), f"--cams-url={elsewhere.management_url}")
    result.assert_outcomes(passed=1)


def test_a_running_simulator_takes_the_profile(project: Callable[..., pytest.RunResult], elsewhere: Host) -> None:
    result = project(
        SHOWS.format(seed=9, profile="strict"), f"--cams-url={elsewhere.management_url}", "--cams-profile=strict"
    )
    result.assert_outcomes(passed=1)


def test_a_running_simulator_keeps_its_seed(project: Callable[..., pytest.RunResult], elsewhere: Host) -> None:
    result = project("def test_it(cams_gateway): pass", f"--cams-url={elsewhere.management_url}", "--cams-seed=4")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*has seed 9; start it with --seed 4*"])


def test_a_simulator_that_does_not_run_is_named(project: Callable[..., pytest.RunResult]) -> None:
    result = project("def test_it(cams_gateway): pass", "--cams-url=http://127.0.0.1:1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*--cams-url: GET http://127.0.0.1:1/api/config: *is the simulator running there?*"])


# --- xdist ----------------------------------------------------------------------------------------------------------


def test_one_url_for_several_workers_is_refused(project: Callable[..., pytest.RunResult]) -> None:
    result = project("def test_it(cams_gateway): pass", "-n2", "--cams-url=http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*every xdist worker resets its simulator*{worker}*"])


def test_every_worker_has_a_simulator_of_its_own(spread: Callable[..., pytest.RunResult], tmp_path: Path) -> None:
    result = spread(
        f"""
        import pathlib, pytest

        @pytest.mark.parametrize("turn", range(6))
        def test_it(cams_gateway, worker_id, turn):
            door = cams_gateway.device("SIM1", users=3)
            door.punch("1")
            assert len(cams_gateway.ledger.rows()) == 1
            pathlib.Path({str(tmp_path)!r}, worker_id).write_text(cams_gateway.url)
        """
    )
    result.assert_outcomes(passed=12)
    assert len({path.read_text() for path in tmp_path.glob("gw*")}) == 2


def test_every_worker_has_a_url_of_its_own(spread: Callable[..., pytest.RunResult]) -> None:
    """Two simulators on one port number of two loopback addresses."""

    async def two() -> list[Host]:
        common: dict[str, Any] = {"management_token": "secret"}
        first = await Host.start(Settings(seed=100, management_host="127.0.1.0", **common))
        port = int(first.management_url.rsplit(":", 1)[1])
        second = await Host.start(Settings(seed=101, management_host="127.0.1.1", management_port=port, **common))
        return [first, second]

    async def stop(hosts: list[Host]) -> None:
        await asyncio.gather(*(host.stop() for host in hosts))

    with Background(two, stop, "two") as running:
        port = running.service[0].management_url.rsplit(":", 1)[1]
        result = spread(
            """
            def test_it(cams_gateway, worker_id):
                assert cams_gateway.config.seed == 100 + int(worker_id[2:])
            """,
            f"--cams-url=http://127.0.1.{{worker}}:{port}",
            "--cams-token=secret",
        )
    result.assert_outcomes(passed=2)
