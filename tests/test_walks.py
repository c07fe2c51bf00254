"""The walks of ARCHITECTURE.md are true: real traffic takes every hop, once, in the order that the page lists."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import aiohttp

from camsim.control.devices import DeviceSpec
from camsim.host import Host
from camsim.protocol.vocabulary import Protocol
from camsim.receiver import start
from camsim.settings import Settings

PAGE = Path(__file__).parents[1] / "ARCHITECTURE.md"
WALKS = Path(__file__).parent / "walks"
TOKEN = "t" * 32
_HOP = re.compile(r"^\d+\. `([\w.]+):([\w.]+)`", re.MULTILINE)


def hops(walk: str) -> list[str]:
    """The hops of a walk as the page lists them, `module:function`."""
    section = PAGE.read_text("utf-8").split(f"### {walk}\n", 1)[1].split("\n#", 1)[0]
    found = [":".join(hop) for hop in _HOP.findall(section)]
    assert found, f"no hops under {walk}"
    return found


@contextmanager
def followed(wanted: list[str]) -> Iterator[list[str]]:
    """Collects every call of the wanted functions in this thread, in the order in which they are entered."""
    names, entered, taken = set(wanted), set[FrameType](), list[str]()

    def see(frame: FrameType, event: str, _: object) -> None:
        name = f"{frame.f_globals.get('__name__')}:{frame.f_code.co_qualname}"
        # A coroutine that goes on is called again, in the same frame.
        if event == "call" and name in names and frame not in entered:
            entered.add(frame)
            taken.append(name)

    sys.setprofile(see)
    try:
        yield taken
    finally:
        sys.setprofile(None)


async def walk(wanted: list[str], traffic: Callable[[Host, aiohttp.ClientSession], Awaitable[Any]]) -> list[str]:
    """What one piece of traffic enters, at a simulator with one device."""
    # The receiver never answers: what comes after an answer is no part of the walk.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/callback"
        spec = DeviceSpec(id="SIM1", auth_token=TOKEN, users=1, callback_url=url)
        host = await Host.start(Settings(devices=[spec], knobs={"rest.latency": 0}))
        try:
            async with aiohttp.ClientSession() as session:
                with followed(wanted) as taken:
                    await traffic(host, session)
            return taken
        finally:
            await host.stop()


async def _add_user(host: Host, session: aiohttp.ClientSession) -> None:
    message = {
        "Add": {"User": {"UserID": "100", "FirstName": "Manu"}, "Template": []},
        "OperationID": "op1",
        "AuthToken": TOKEN,
        "Time": "2020-09-17 11:09:09 GMT +0530",
    }
    url = f"{host.gateway_url}{Protocol.V3.path}?stgid=SIM1"
    async with session.post(url, json=message) as response:
        assert (await response.json(content_type=None))["StatusCode"] == 0


async def _punch(host: Host, session: aiohttp.ClientSession) -> None:
    async with session.post(
        f"{host.management_url}/api/devices/SIM1/punches", data=json.dumps({"user": "1"})
    ) as answer:
        assert (await answer.json())["punches"][0]["recorded"]


def test_an_add_user_takes_each_hop_once() -> None:
    wanted = hops("A RESTful AddUser")
    assert asyncio.run(walk(wanted, _add_user)) == wanted


def test_a_punch_from_the_control_api_takes_each_hop_once() -> None:
    wanted = hops("A punch from the control API")
    assert asyncio.run(walk(wanted, _punch)) == wanted


def run(walk: str, folder: Path, module: str, *words: str) -> list[tuple[str, str]]:
    """Run a module's command as a process; every hop it takes, as (process, name), in order."""
    log = folder / "walk.log"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(WALKS), os.environ.get("PYTHONPATH", "")])),
        "CAMSIM_WALK_HOPS": " ".join(hops(walk)),
        "CAMSIM_WALK_LOG": str(log),
    }
    command = [sys.executable, "-m", module, *words, "--out", str(folder / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 3), done.stderr  # 3: a busy machine made the driver of a storm late
    lines = (line.split(" ") for line in log.read_text().splitlines())
    return [(process, name) for process, name in lines]


def test_a_requirement_takes_each_hop_in_order(tmp_path: Path) -> None:
    """A hop that other cases or a second look at the store take too counts by its first."""
    wanted = hops("A requirement")
    with start() as receiver:
        where = [receiver.url, "--auth-token", TOKEN, "--readback", receiver.readback_url, "--settle", "0.2"]
        taken = run("A requirement", tmp_path, "camsim_conformance", "certify", *where, "--requirement", "CB-DUP-001")
    assert list(dict.fromkeys(name for _, name in taken)) == wanted


def test_a_storms_punch_takes_each_hop_in_order(tmp_path: Path) -> None:
    """The command and Locust's process; a hop that comes once a report, or for the canary too, counts by its first."""
    wanted = hops("A storm's punch")
    with start() as receiver:
        options = ["--devices", "1", "--rate", "1", "--duration", "1s", "--readback", receiver.readback_url]
        taken = run("A storm's punch", tmp_path, "camsim_loadtests", receiver.url, *options)
    command = taken[0][0]
    in_locust = list(dict.fromkeys(name for process, name in taken if process != command))
    assert in_locust == wanted[5:19]
    in_command = dict.fromkeys(name for process, name in taken if process == command and name not in in_locust)
    assert list(in_command) == wanted[:5] + wanted[19:]
