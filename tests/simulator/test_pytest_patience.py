"""Applications that hang, block or wait for the gateway, under the plugin. More: scripts/attack/pytest_apps.py."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from typing import Any

import pytest

from camsim.client import ApiError, Client, DeviceHandle
from camsim.pytest_plugin import leaving
from camsim.pytest_plugin.background import Background

pytest_plugins = ["pytester"]
QUIET = ("-p", "no:locust", "-p", "no:schemathesis", "-p", "no:cacheprovider", "-W", "error")
LONG_S = 60.0  # of the machine; what is tested takes a second or two


def _answering(act: Callable[[], object]) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        act()
        start_response("200 OK", [])
        return [b'{"status": "done"}']

    return app


@pytest.fixture
def hanging(cams_gateway: Client, cams_serve: Callable[[Any], str]) -> Iterable[DeviceHandle]:
    """A device whose callback is out, at an application that answers when the test is over."""
    over = threading.Event()
    cams_gateway.patience = 0.4
    yield cams_gateway.device("SIM1", callback_url=cams_serve(_answering(over.wait)), users=2)
    over.set()


# --- an application that never answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "move",
    [
        Client.run_until_idle,
        lambda gateway: gateway.advance("1h"),
        lambda gateway: gateway.wait_for(operation="RealTimePunchLog"),
    ],
)
def test_waiting_for_an_application_that_never_answers_fails(
    cams_gateway: Client, hanging: DeviceHandle, move: Callable[[Client], object]
) -> None:
    hanging.punch("1")
    with pytest.raises(ApiError, match=r"RealTimePunchLog of SIM1 .*out for \d") as caught:
        move(cams_gateway)
    assert caught.value.code == "unanswered"


def test_the_clock_says_what_is_out(cams_gateway: Client, hanging: DeviceHandle) -> None:
    assert (cams_gateway.clock.out, cams_gateway.clock.silent) == ([], 0.0)
    hanging.punch("2")
    (out,) = cams_gateway.clock.out
    assert (out.device, out.operation, out.user, out.attempt) == ("SIM1", "RealTimePunchLog", "2", 1)


def test_whoever_answers_one_after_the_other_is_waited_for(
    cams_gateway: Client, cams_serve: Callable[[Any], str]
) -> None:
    turn = threading.Lock()

    def slowly() -> None:
        with turn:
            time.sleep(0.1)

    cams_gateway.patience = 0.6  # less than all of them take together
    url = cams_serve(_answering(slowly))
    for device in cams_gateway.add_devices(id="S{:02d}", count=12, users=1, callback_url=url):
        device.punch("1")
    cams_gateway.run_until_idle()
    assert cams_gateway.ledger.all_acknowledged()


def test_what_a_fault_delays_is_waited_for(cams_gateway: Client, cams_serve: Callable[[Any], str]) -> None:
    cams_gateway.patience = 0.3
    cams_gateway.fault("callback.request", "delay", ms=700)
    cams_gateway.device("SIM1", callback_url=cams_serve(_answering(bool)), users=1).punch("1")
    cams_gateway.run_until_idle()
    assert cams_gateway.ledger.all_acknowledged()


def test_a_failure_shows_journal_and_callback(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ncams_patience = 0.3")
    pytester.makepyfile(
        """
        import threading, pytest
        over = threading.Event()

        def hangs(environ, start_response):
            over.wait()

        def test_it(cams_gateway, cams_serve):
            cams_gateway.device("SIM1", callback_url=cams_serve(hangs), users=1).punch("1")
            try:
                cams_gateway.run_until_idle()
            finally:
                over.set()

        @pytest.mark.cams(patience=7)
        def test_marked(cams_gateway):
            assert cams_gateway.patience == 7

        def test_plain(cams_gateway):
            assert cams_gateway.patience == 0.3
        """
    )
    result = pytester.runpytest_inprocess(*QUIET, "--strict-markers")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(
        ["*RealTimePunchLog of SIM1 (user 1, attempt 1, out for *", "*camsim journal (seed 1)*"]
    )


@pytest.mark.parametrize("wrong", ["-1", "nan", "1e9"])
def test_a_patience_that_cannot_be_is_named(pytester: pytest.Pytester, wrong: str) -> None:
    pytester.makepyfile("def test_it(cams_gateway): pass")
    result = pytester.runpytest_inprocess(*QUIET, f"--cams-patience={wrong}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*cams_patience = *is not allowed*"])


# --- who waits for whom ---------------------------------------------------------------------------------------------


def test_an_application_that_calls_the_gateway_before_it_answers_is_a_deadlock(
    cams_gateway: Client, cams_serve: Callable[[Any], str]
) -> None:
    cams_gateway.device("OTHER", users=1)
    other = cams_gateway.rest("OTHER")
    cams_gateway.patience = 3
    cams_gateway.device("SIM1", callback_url=cams_serve(_answering(_ask(other.send))), users=1).punch("1")
    with pytest.raises(ApiError, match=r"deadlock: callback .* of SIM1 .*OTHER.*rest\.latency") as caught:
        cams_gateway.run_until_idle()
    assert caught.value.code == "deadlock"
    cams_gateway.reset()


def _ask(send: Callable[[dict[str, Any]], object]) -> Callable[[], None]:
    """A command whose sender gives up when the world is reset."""
    from camsim.protocol import catalogue
    from camsim.protocol.v3 import messages

    token = send.__self__.auth_token  # type: ignore[attr-defined]
    row = catalogue.BY_NAME["LoadDeviceInformation"]
    message = messages.command(row, "op000000001", token, "2020-09-17 11:09:09 GMT +0530")

    def ask() -> None:
        send(message)

    return ask


def test_a_call_that_only_its_own_thread_could_answer_is_a_deadlock(
    cams_gateway: Client, cams_device: DeviceHandle
) -> None:
    cams_gateway.patience = 0.5
    with pytest.raises(ApiError, match=r"deadlock.*auto"):
        cams_gateway.rest(cams_device.stgid).call("LoadDeviceInformation")


def test_a_call_is_no_deadlock_while_somebody_moves_the_clock(cams_gateway: Client, cams_device: DeviceHandle) -> None:
    answers: list[bool] = []
    client = cams_gateway.rest(cams_device.stgid)
    asking = threading.Thread(target=lambda: answers.append(client.call("LoadDeviceInformation").ok))
    asking.start()
    while not cams_gateway.clock.held:
        time.sleep(0.01)
    time.sleep(0.4)
    cams_gateway.run_until_idle()
    asking.join(LONG_S)
    assert answers == [True]


def test_a_receiver_on_the_loop_that_waits_is_told(cams_gateway: Client) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        cams_gateway.device("SIM1", callback_url=url, users=1).punch("1")
        try:
            cams_gateway.run_until_idle()
        finally:
            server.close()

    cams_gateway.patience = 0.3
    with pytest.raises(ApiError, match="in_thread"):
        asyncio.run(go())


# --- applications that block or raise -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wsgi", "asgi", "aiohttp"])
@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, RuntimeError])
def test_whatever_an_application_raises_answers_500(
    cams_serve: Callable[[Any], str], kind: str, raised: type[BaseException], capfd: pytest.CaptureFixture[str]
) -> None:
    connection = HTTPConnection(cams_serve(_raising(kind, raised)).removeprefix("http://"), timeout=LONG_S)
    for _ in range(2):
        connection.request("POST", "/", b"{}")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 500
    connection.close()


def _raising(kind: str, raised: type[BaseException]) -> Any:
    from aiohttp import web

    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise raised

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        raise raised if scope["type"] == "http" else NotImplementedError

    async def handler(request: web.Request) -> web.Response:
        raise raised

    app = web.Application()
    app.router.add_post("/", handler)
    return {"wsgi": wsgi, "asgi": asgi, "aiohttp": app}[kind]


def test_a_blocked_loop_is_left_behind_and_ends_when_it_can(capfd: pytest.CaptureFixture[str]) -> None:
    free, began = threading.Event(), time.monotonic()

    async def start() -> None:
        asyncio.get_running_loop().call_later(0.1, free.wait)

    async def stop(service: None) -> None:
        raise AssertionError("the loop is blocked")

    leaving.hurry()
    try:
        background = Background(start, stop, "blocked")
        time.sleep(0.3)
        background.stop()
    finally:
        leaving.hurry(False)
    assert time.monotonic() - began < LONG_S
    assert "blocked does not end, it is left behind at" in capfd.readouterr().err
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "blocked"]
    assert thread.daemon
    free.set()
    thread.join(LONG_S)
    assert not thread.is_alive()
