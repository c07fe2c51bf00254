"""Applications that hang, block, raise and wait for each other, under the pytest plugin: sessions end soon and say why.

Each case is a pytest of its own. It must end within its time, with the exit code and the text that it should have, and
leave no process behind. `--quick` runs a few of them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

HEAD = """
import asyncio, os, sys, threading, time, urllib.request, pytest
from contextlib import suppress

def wsgi(act):
    def app(environ, start_response):
        act()
        start_response("200 OK", [])
        return [b'{"status": "done"}']
    return app

def asgi(act, *, lifespan=None):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            if lifespan is None:
                raise NotImplementedError
            return await lifespan(receive, send)
        while (await receive()).get("more_body"):
            pass
        result = act()
        if asyncio.iscoroutine(result):
            await result
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"status": "done"}'})
    return app

def aiohttp_app(act):
    from aiohttp import web
    async def answer(request):
        result = act()
        if asyncio.iscoroutine(result):
            await result
        return web.json_response({"status": "done"})
    app = web.Application()
    app.router.add_post("/{any:.*}", answer)
    return app

def sleeps(): time.sleep(60)
def locks(): threading.Lock().acquire() or None
def deadlocks():
    lock = threading.Lock(); lock.acquire(); lock.acquire()
def spins():
    while True: pass
def waits(): return asyncio.sleep(600)
def to_thread(): return asyncio.to_thread(time.sleep, 60)
async def stubborn():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(600)
def no_greenlet():
    import select; select.select([], [], [], 60)
def exits(): sys.exit(3)
def interrupts(): raise KeyboardInterrupt
class Odd(BaseException): pass
def odd(): raise Odd("odd")
def fails(): raise RuntimeError("fails")
async def never_down(receive, send):
    await receive(); await send({"type": "lifespan.startup.complete"})
    await receive(); await stubborn()
async def blocks_down(receive, send):
    await receive(); await send({"type": "lifespan.startup.complete"})
    await receive(); time.sleep(60)
async def never_up(receive, send):
    await asyncio.sleep(600)
def nothing(): pass
def punched(gateway, url):
    door = gateway.device("SIM1", callback_url=url, users=2); door.punch("1"); return door
"""

# What a shell starts in the background ignores Ctrl-C, and hands that on.
OBEYS = "import signal, sys, pytest; signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(pytest.main())"


@dataclass(frozen=True)
class Case:
    """`code`: how pytest ends; `says`: a pattern in what it prints; `interrupt`: Ctrl-C once `READY` is printed."""

    name: str
    test: str
    code: int = 1
    says: str = ""
    within_s: float = 20.0
    interrupt: bool = False
    options: tuple[str, ...] = ()
    quick: bool = False


def _served(kind: str, act: str, more: str = "") -> str:
    return f"cams_serve({kind}({act}{more}))"


def _hangs(kind: str, act: str, call: str = "run_until_idle()") -> Case:
    test = f"""
    def test_it(cams_gateway, cams_serve):
        punched(cams_gateway, {_served(kind, act)})
        cams_gateway.{call}
    """
    says = r"(?s)callback RealTimePunchLog of SIM1 .*attempt 1, out for \d.*camsim journal \(seed 1\)"
    return Case(f"{kind} {act}: {call}", test, 1, says, options=("--cams-patience=1",))


def _interrupted(kind: str, act: str, more: str = "", *, quick: bool = False) -> Case:
    test = f"""
    def test_it(cams_gateway, cams_serve):
        punched(cams_gateway, {_served(kind, act, more)})
        print("READY", flush=True)
        cams_gateway.run_until_idle()
        time.sleep(60)
    """
    return Case(f"Ctrl-C, {kind} {act}{more}", test, 2, "KeyboardInterrupt", 8.0, interrupt=True, quick=quick)


def _raises(kind: str, act: str) -> Case:
    test = f"""
    def test_it(cams_gateway, cams_serve):
        door = punched(cams_gateway, {_served(kind, act)})
        cams_gateway.advance("31s")
        assert [entry.http for entry in cams_gateway.journal(operation="RealTimePunchLog")] == [500, 500]
        punched_again = door.punch("2")
    """
    return Case(f"{kind} {act}: 500", test, 0, "1 passed")


def _left(kind: str, act: str, more: str = "") -> Case:
    test = f"""
    def test_it(cams_gateway, cams_serve):
        punched(cams_gateway, {_served(kind, act, more)})
        time.sleep(0.3)

    def test_next(cams_gateway, cams_serve):
        punched(cams_gateway, {_served("wsgi", "nothing")})
        assert cams_gateway.run_until_idle().deliveries == 1
        assert cams_gateway.ledger.all_acknowledged()
    """
    return Case(f"out at the end, {kind} {act}{more}", test, 0, "2 passed", 10.0)


REST_FROM_THE_APP = """
    def test_it(cams_gateway, cams_serve):
        cams_gateway.device("OTHER", users=1)
        client = cams_gateway.rest("OTHER")
        {how}
        punched(cams_gateway, cams_serve({kind}(ask)))
        began = time.monotonic()
        with pytest.raises(Exception, match="deadlock: callback .* RESTful call .* OTHER") as caught:
            cams_gateway.run_until_idle()
        assert caught.value.code == "deadlock" and time.monotonic() - began < 4
        assert "rest.latency" in str(caught.value)
"""
RAW = """
        body = b'{"Load": {"DeviceInformation": "All"}, "OperationID": "a1", "AuthToken": "%s", "Time": "%s"}'
        body = body % (client.auth_token.encode(), b"2020-09-17 11:09:09 GMT +0530")
        url = cams_gateway.gateway_url + "/external/api3.0/biometric?stgid=OTHER"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        def ask(): urllib.request.urlopen(request, timeout=60).read()
"""
BY_CLIENT = 'ask = lambda: client.call("LoadDeviceInformation")'


def _cases() -> list[Case]:
    threaded = ("sleeps", "deadlocks", "spins", "no_greenlet")
    cases = [_hangs(kind, act) for kind in ("wsgi", "asgi", "aiohttp_app") for act in threaded]
    cases += [_hangs(kind, act) for kind in ("asgi", "aiohttp_app") for act in ("waits", "stubborn", "to_thread")]
    cases += [_hangs("wsgi", "sleeps", call) for call in ('advance("1h")', "wait_for(operation='RealTimePunchLog')")]
    cases += [_interrupted(kind, act) for kind in ("wsgi", "aiohttp_app") for act in threaded]
    cases += [_interrupted("asgi", act, quick=act == "sleeps") for act in threaded]
    cases += [_interrupted(kind, act) for kind in ("asgi", "aiohttp_app") for act in ("waits", "stubborn", "to_thread")]
    downs = (", lifespan=never_down", ", lifespan=blocks_down")
    cases += [_interrupted("asgi", "nothing", more) for more in downs]
    cases += [_left("asgi", act, more) for more in ("", *downs) for act in ("nothing", "stubborn", "sleeps")]
    cases += [_left(kind, act) for kind in ("wsgi", "aiohttp_app") for act in ("sleeps", "spins")]
    everywhere = ("exits", "interrupts", "fails")
    cases += [_raises(kind, act) for kind in ("wsgi", "asgi", "aiohttp_app") for act in everywhere]
    cases += [_raises("wsgi", "odd"), _raises("asgi", "odd")]
    for kind in ("wsgi", "asgi", "aiohttp_app"):
        for how in (RAW, BY_CLIENT):
            test = REST_FROM_THE_APP.format(kind=kind, how=how)
            name = f"deadlock, {kind}, {'raw' if how is RAW else 'client'}"
            cases.append(Case(name, test, 0, "1 passed", quick=kind == "wsgi" and how is RAW))
    return cases + _single_cases()


def _single_cases() -> list[Case]:
    return [
        Case(
            "a call held in the test's own thread",
            """
            def test_it(cams_gateway, cams_device):
                began = time.monotonic()
                with pytest.raises(Exception, match="deadlock.*auto") as caught:
                    cams_gateway.rest(cams_device.stgid).call("LoadDeviceInformation")
                assert caught.value.code == "deadlock" and time.monotonic() - began < 2
            """,
            0,
            "1 passed",
            quick=True,
        ),
        Case(
            "a call held in a thread, the clock advanced a second later",
            """
            def test_it(cams_gateway, cams_device):
                answers = []
                call = lambda: answers.append(cams_gateway.rest(cams_device.stgid).call("LoadDeviceInformation"))
                asking = threading.Thread(target=call); asking.start()
                time.sleep(1.5)
                cams_gateway.advance("30s"); asking.join()
                assert answers[0].ok
            """,
            0,
            "1 passed",
        ),
        Case(
            "a slow application and a call beside it",
            """
            def test_it(cams_gateway, cams_serve, cams_device):
                punched(cams_gateway, cams_serve(wsgi(lambda: time.sleep(0.6))))
                answers = []
                call = lambda: answers.append(cams_gateway.rest(cams_device.stgid).call("LoadDeviceInformation"))
                asking = threading.Thread(target=call); asking.start()
                time.sleep(0.1)
                cams_gateway.run_until_idle(); asking.join()
                assert answers[0].ok and cams_gateway.ledger.all_acknowledged()
            """,
            0,
            "1 passed",
        ),
        Case(
            "many devices at an application that takes its time, one after the other",
            """
            def test_it(cams_gateway, cams_serve):
                turn = threading.Lock()
                def slow():
                    with turn: time.sleep(0.1)
                url = cams_serve(wsgi(slow))
                for one in cams_gateway.add_devices(id="S{:03d}", count=40, users=1, callback_url=url):
                    one.punch("1")
                cams_gateway.run_until_idle()
                assert cams_gateway.ledger.all_acknowledged()
            """,
            0,
            "1 passed",
            options=("--cams-patience=1",),
        ),
        Case(
            "the marker, and an application slower than the default",
            """
            @pytest.mark.cams(patience=4)
            def test_it(cams_gateway, cams_serve):
                punched(cams_gateway, cams_serve(wsgi(lambda: time.sleep(1.5))))
                cams_gateway.run_until_idle()
                assert cams_gateway.ledger.all_acknowledged()
            """,
            0,
            "1 passed",
            options=("--cams-patience=1",),
        ),
        Case(
            "a delay that a fault asks for",
            """
            def test_it(cams_gateway, cams_serve):
                cams_gateway.fault("callback.request", "delay", ms=2500)
                punched(cams_gateway, cams_serve(wsgi(nothing)))
                cams_gateway.run_until_idle()
                assert cams_gateway.ledger.all_acknowledged()
            """,
            0,
            "1 passed",
            options=("--cams-patience=1",),
        ),
        Case(
            "the receiver lives on the loop that waits",
            """
            async def go(gateway):
                async def serve(reader, writer): await asyncio.sleep(600)
                server = await asyncio.start_server(serve, "127.0.0.1", 0)
                punched(gateway, "http://127.0.0.1:%d/" % server.sockets[0].getsockname()[1])
                gateway.run_until_idle()

            def test_it(cams_gateway):
                with pytest.raises(Exception, match="in_thread"):
                    asyncio.run(go(cams_gateway))
            """,
            0,
            "1 passed",
            options=("--cams-patience=1",),
        ),
        Case(
            "a lifespan that never starts",
            "def test_it(cams_serve): cams_serve(asgi(nothing, lifespan=never_up))",
            1,
            "",
            15.0,
        ),
        Case(
            "Ctrl-C in a test without an application",
            """
            def test_it(cams_gateway, cams_device):
                print("READY", flush=True); time.sleep(60)
            """,
            2,
            "KeyboardInterrupt",
            8.0,
            interrupt=True,
        ),
        Case(
            "fixtures used from several threads",
            """
            def test_it(cams_gateway, cams_serve):
                def go(n):
                    url = cams_serve((wsgi, asgi, aiohttp_app)[n % 3](nothing))
                    cams_gateway.device(f"D{n}", callback_url=url, users=1).punch("1")
                threads = [threading.Thread(target=go, args=(n,)) for n in range(12)]
                for one in threads: one.start()
                for one in threads: one.join()
                cams_gateway.run_until_idle()
                assert cams_gateway.ledger.summary().acknowledged == 12
            """,
            0,
            "1 passed",
        ),
        Case(
            "--setup-show",
            "def test_it(cams_device, cams_receiver): pass",
            0,
            "SETUP .*cams_gateway",
            options=("--setup-show",),
        ),
        Case(
            "-p no:camsim",
            "def test_it(cams_device): pass",
            1,
            "fixture 'cams_device' not found",
            options=("-p", "no:camsim"),
        ),
        Case(
            "a wrong patience",
            "def test_it(cams_gateway): pass",
            1,
            "cams_patience = -2",
            options=("--cams-patience=-2",),
        ),
        Case(
            "xdist and an application that hangs",
            """
            @pytest.mark.parametrize("n", range(2))
            def test_it(cams_gateway, cams_serve, n):
                punched(cams_gateway, cams_serve(asgi(sleeps)))
                cams_gateway.run_until_idle()
            """,
            1,
            "2 failed",
            20.0,
            options=("-n2", "--cams-patience=1"),
        ),
    ]


def run(case: Case, folder: Path) -> list[str]:
    """What is wrong with the session of a case."""
    (folder / "test_it.py").write_text(HEAD + textwrap.dedent(case.test))
    quiet = ("-p", "no:cacheprovider", "-p", "no:locust", "-p", "no:schemathesis", "-q")
    words = [sys.executable, "-c", OBEYS, *quiet, *(("-s",) if case.interrupt else ()), *case.options, "test_it.py"]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env = {**kept, "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}  # compiled once, as on a user's machine
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            words, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        if case.interrupt:
            _await_ready(process, folder / "out")
            process.send_signal(signal.SIGINT)
        code = process.wait(case.within_s + 3 * (not case.interrupt))  # pytest itself takes a second or two
    except subprocess.TimeoutExpired:
        return [f"it ran for longer than {case.within_s:g} s", *_tail(folder)]
    finally:
        left = _kill(process)
    wrong = ["a process is left"] if left else []
    if code != case.code:
        wrong.append(f"exit code {code}, not {case.code}")
    if not re.search(case.says, (folder / "out").read_text(errors="replace")):
        wrong.append(f"it does not say {case.says!r}")
    return wrong + _tail(folder) if wrong else []


def _await_ready(process: subprocess.Popen[bytes], out: Path) -> None:
    until = time.monotonic() + 30
    while b"READY" not in out.read_bytes():
        if process.poll() is not None or time.monotonic() > until:
            raise subprocess.TimeoutExpired("READY", 30)
        time.sleep(0.02)
    time.sleep(0.3)


def _kill(process: subprocess.Popen[bytes]) -> bool:
    """Nothing of the session's process group outlives its case; True when something would have."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    process.wait(10)
    return True


def _tail(folder: Path) -> list[str]:
    return [f"    {line}" for line in (folder / "out").read_text(errors="replace").splitlines()[-25:]]


def main() -> int:
    """Run the cases; 0 when all hold."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a few cases")
    options.add_argument("--only", default="", help="cases whose name holds this")
    options.add_argument("--json", action="store_true", help="one JSON object at the end")
    given = options.parse_args()
    broken: dict[str, list[str]] = {}
    cases = [case for case in _cases() if given.only in case.name and (case.quick or not given.quick)]
    with tempfile.TemporaryDirectory() as everything:
        for number, case in enumerate(cases, 1):
            began = time.monotonic()
            folder = Path(everything, str(number))
            folder.mkdir()
            wrong = run(case, folder)
            if wrong:
                broken[case.name] = wrong
            if not given.json:
                how = "BROKEN" if wrong else "holds"
                print(f"{number}/{len(cases)} {case.name}: {how} ({time.monotonic() - began:.1f} s)")
                print("\n".join(wrong), end="\n" if wrong else "", flush=True)
    if given.json:
        print(json.dumps({"attack": "pytest_apps", "cases": len(cases), "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
