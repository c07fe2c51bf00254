"""`camsim demo`: a gateway, three devices, a receiver, a working day, every operation, and what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import population
from .demo_day import FACTORY, FRONT, GATE, OFFSET, Day, menus, templates, work
from .demo_report import report_of, show
from .fleet import DeviceSpec
from .host import Host
from .protocol import cipher, envelope
from .protocol.catalogue import COMMANDS
from .protocol.messages import command
from .protocol.timestamps import gmt, local
from .protocol.vocabulary import TemplateType
from .site import Settings

FACTORY_KEY = "synthetic-key-of-32-characters-1"
DAY_S = 86_400


def run(*, seed: int, people: int, protocol: str = "v3", as_json: bool = False) -> int:
    """Run the demonstration; 0 only when everything was delivered and answered as it should be."""
    if protocol == "v2":
        from .demo_v2 import run as run_v2

        return run_v2(seed=seed, people=people, as_json=as_json)
    if protocol != "v3":
        sys.stderr.write(f"camsim: --protocol = {protocol!r} is not allowed; allowed: v3, v2\n")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, receiver(Path(folder)) as inbox, progress(quiet=as_json) as step:
        report = asyncio.run(_demonstrate(seed, people, inbox, step))
    report["took_s"] = round(time.monotonic() - began, 1)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
    else:
        show(report)
    return 0 if report["passed"] else 1


@contextmanager
def receiver(folder: Path) -> Iterator[dict[str, Any]]:
    """The reference receiver as a process of its own; yields what its ready file says."""
    ready = folder / "receiver.json"
    devices = [f"token={token_of(FRONT)}", f"token={token_of(FACTORY)},key={FACTORY_KEY}", f"token={token_of(GATE)}"]
    words = [sys.executable, "-m", "simulator", "receiver", "--port", "0", "--readback", "--quiet"]
    words += ["--ready-file", str(ready)]
    for device in devices:
        words += ["--device", device]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=dict(os.environ))  # noqa: S603  our own program
    try:
        yield _wait_ready(ready, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait_ready(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the receiver did not start")
        time.sleep(0.02)
    answer: dict[str, Any] = json.loads(path.read_text())
    return answer


def token_of(stgid: str) -> str:
    """A readable token of 32 characters."""
    return f"DemoTokenOf{stgid}".ljust(32, "x")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, silence elsewhere; yields the function that takes a step."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet or not sys.stderr.isatty()) as bar:
        task = bar.add_task("starting", total=STEPS)

        def step(what: str) -> None:
            bar.update(task, advance=1, description=what)

        yield step


STEPS = 10


def demo_devices(url: str) -> list[DeviceSpec]:
    front = DeviceSpec(
        id=FRONT,
        model="f38+",
        label="Front door",
        templates=[TemplateType.CARD, TemplateType.PASSWORD, TemplateType.FINGERPRINT],
    )
    factory = DeviceSpec(id=FACTORY, model="f34", label="Factory", security_key=FACTORY_KEY)
    gate = DeviceSpec(id=GATE, model="rsp10f1", label="Gate")
    for spec in (front, factory, gate):
        spec.auth_token, spec.callback_url = token_of(spec.id), url
        spec.licence_start, spec.licence_end = "2020-01-01", "2099-12-31"
    return [front, factory, gate]


async def _demonstrate(seed: int, count: int, inbox: dict[str, Any], step: Callable[[str], None]) -> dict[str, Any]:
    url = inbox.get("url") or inbox["callback_url"]
    specs = demo_devices(url)
    for spec in specs:
        spec.users = count
    host = await Host.start(Settings(seed=seed, clock="manual", devices=specs))
    try:
        people = population.people(seed, count)
        midnight = (host.runtime.now() // 1000 + OFFSET * 60) // DAY_S * DAY_S + DAY_S - OFFSET * 60
        day = Day(host, seed, people, midnight, step)
        await _live(day)
        return await report_of(day, inbox)
    finally:
        await host.stop()


async def _live(day: Day) -> None:
    day.step("before work: users by REST")
    await day.until(day.midnight + 7 * 3600)
    async with aiohttp.ClientSession() as client:
        await _add_users(day, client)
        day.step("the user menu")
        await menus(day)
        await work(day)
        day.step("in the evening: the other commands")
        await _evening(day, client)
    day.step("waiting for the queues")
    await day.host.runtime.run_until_idle()
    day.step("reading back")


# --- commands, as a customer's server sends them


async def _send(day: Day, client: aiohttp.ClientSession, stgid: str, name: str, **fields: Any) -> int:
    """One RESTful call over HTTP; the device takes its virtual seconds."""
    runtime, config = day.host.runtime, day.slot(stgid).config
    tally = day.commands[name]
    day.numbers += 1
    began = runtime.now()
    message = command(tally.operation, f"demo{day.numbers:06d}", config.auth_token, gmt(began // 1000), **fields)
    body = envelope.seal_v3(envelope.encode(message), config.security_key)
    url = f"{day.host.gateway_url}/external/api3.0/biometric?stgid={stgid}"
    runtime.set_clock("auto")
    async with client.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
        raw = await response.read()
    runtime.set_clock("manual")
    answer = envelope.decode(cipher.decrypt(config.security_key, raw) if config.security_key else raw)
    code = int(answer.get("StatusCode", 0 if answer.get("Status") == "done" else 999))
    tally.sent += 1
    tally.acknowledged += code == 0
    tally.codes[code] = tally.codes.get(code, 0) + 1
    tally.latencies.append((runtime.now() - began) / 1000)
    return code


async def _add_users(day: Day, client: aiohttp.ClientSession) -> None:
    """The fifteen ways to add a user, on the device that stores everything, and one on the encrypted device."""
    adds = [row for row in COMMANDS if row.name.startswith("AddUser")]
    for number, row in enumerate(adds):
        user_id = str(8001 + number)
        person = {"user_id": user_id, "first_name": "New", "last_name": f"Starter {number}"}
        await _send(day, client, FRONT, row.name, **person, templates=templates(day, user_id, row.kinds))
    card = templates(day, "8001", frozenset({TemplateType.CARD}))
    await _send(day, client, FACTORY, "AddUserWithCard", user_id="8001", templates=card)


async def _evening(day: Day, client: aiohttp.ClientSession) -> None:
    start, end = day.midnight, day.midnight + DAY_S
    whole = {"start": gmt(start, OFFSET), "end": gmt(end, OFFSET)}
    window = {"start": local(start, OFFSET), "end": local(end, OFFSET)}
    await _send(day, client, FRONT, "LoadLog", **whole)
    await _send(day, client, FACTORY, "LoadLog", **whole)
    await _send(day, client, FRONT, "LoadDeviceInformation")
    await _send(day, client, GATE, "ResendAttendance", start=gmt(start, OFFSET), end=gmt(start + 10 * 3600, OFFSET))
    await _send(day, client, FACTORY, "ResendAllUser")
    await _send(day, client, FRONT, "EnrollFingerPrint", user_id="3")
    await _send(day, client, FRONT, "UpdateAccessTime", user_id="8001", **window)
    await _send(day, client, FRONT, "DisableUser", user_id="8002")
    await _send(day, client, FRONT, "EnableUser", user_id="8002")
    await _send(day, client, FRONT, "DeleteUser", user_id="8003")
    await _send(day, client, FRONT, "DeleteAttendancePhoto")
    await day.host.runtime.run_until_idle()
    await _send(day, client, FACTORY, "DeleteLogAll")
    await _send(day, client, GATE, "DeleteAllUser")
