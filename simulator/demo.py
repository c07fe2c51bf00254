"""`camsim demo`: a gateway, three devices, a receiver of its own process, a working day, every operation, and what came of it."""

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
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from . import population
from .fleet import DeviceSpec
from .gateway import Slot
from .host import Host
from .protocol import cipher, envelope
from .protocol.catalogue import CALLBACKS, COMMANDS, Operation
from .protocol.facts import Template
from .protocol.messages import command
from .protocol.timestamps import gmt, local
from .protocol.vocabulary import TemplateType
from .site import Settings

OFFSET = 330
FRONT, FACTORY, GATE = "FRONT1", "FACTORY1", "GATE1"
FACTORY_KEY = "synthetic-key-of-32-characters-1"
DAY_S = 86_400


@dataclass
class Tally:
    """What became of one operation. Latencies in seconds: real for callbacks, virtual for commands."""

    operation: Operation
    sent: int = 0
    acknowledged: int = 0
    codes: dict[int, int] = dataclass_field(default_factory=dict)
    latencies: list[float] = dataclass_field(default_factory=list)


@dataclass
class Day:
    """A running demonstration."""

    host: Host
    seed: int
    people: list[population.Person]
    midnight: int
    step: Callable[[str], None]
    commands: dict[str, Tally] = dataclass_field(default_factory=lambda: {row.name: Tally(row) for row in COMMANDS})
    burst: int = 0
    numbers: int = 0

    def slot(self, stgid: str) -> Slot:
        """A device of the demonstration."""
        return self.host.runtime.kernel.state.slots[stgid]

    async def until(self, moment: int) -> None:
        """Let virtual time reach a moment, UTC seconds."""
        left = moment - self.host.runtime.now() / 1000
        if left > 0:
            await self.host.runtime.advance(left)


def run(*, seed: int, people: int, protocol: str = "v3", as_json: bool = False) -> int:
    """Run the demonstration; 0 only when everything was delivered and answered as it should be."""
    if protocol == "v2":
        from .demo_v2 import run as run_v2

        return run_v2(seed=seed, people=people, as_json=as_json)
    if protocol != "v3":
        sys.stderr.write(f"camsim: --protocol = {protocol!r} is not allowed; allowed: v3, v2\n")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, receiver(Path(folder)) as inbox:
        with progress(quiet=as_json) as step:
            report = asyncio.run(_demonstrate(seed, people, inbox, step))
    report["took_s"] = round(time.monotonic() - began, 1)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
    else:
        _show(report)
    return 0 if report["passed"] else 1


@contextmanager
def receiver(folder: Path) -> Iterator[dict[str, Any]]:
    """The reference receiver as a process of its own; yields what its ready file says."""
    ready = folder / "receiver.json"
    devices = [f"token={token_of(FRONT)}", f"token={token_of(FACTORY)},key={FACTORY_KEY}", f"token={token_of(GATE)}"]
    words = [sys.executable, "-m", "simulator", "receiver", "--port", "0", "--readback", "--quiet", "--ready-file", str(ready)]
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
        return await _report(day, inbox)
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


async def menus(day: Day) -> None:
    """Each change in the device's menu that has a callback of its own: #1-#9."""
    control = day.host.runtime.control
    await control("put_user", FRONT, user="9001", first_name="Asha", last_name="Menon")
    for kind in TemplateType:
        await control("put_user", FRONT, user="9001", templates=[{"type": str(kind)}])
    await control("put_user", FACTORY, user="9002", first_name="Ravi", last_name="Iyer", templates=["Card", "Fingerprint"])
    await control("delete_user", FRONT, user="9001")
    await control("date", FRONT, by="2m")
    await control("date", FRONT, true=True, announce=False)
    await day.host.runtime.run_until_idle()


async def work(day: Day) -> None:
    """Everybody's day; people use the device that is nearest to them. The gate loses its connection from 11:00 to 14:00."""
    punches = population.working_day(day.seed, day.people, day.midnight, OFFSET)
    away, back = day.midnight + 11 * 3600, day.midnight + 14 * 3600
    control, hour = day.host.runtime.control, 8
    for punch in punches:
        for moment, act in ((away, _gate_away), (back, _gate_back)):
            if punch.log_time >= moment and day.slot(GATE).online == (act is _gate_away) and day.burst == (0 if act is _gate_away else -1):
                await day.until(moment)
                await act(day)
        while punch.log_time >= day.midnight + hour * 3600 and hour < 22:
            if hour % 3 == 2:
                day.step(f"the day, {hour}:00")
            hour += 1
        await day.until(punch.log_time)
        stgid = (FRONT, FACTORY, GATE)[int(punch.user_id) % 3]
        kinds = day.slot(stgid).device.model.inputs
        kind = punch.input if punch.input in kinds else kinds[0]
        spec = {"user": punch.user_id, "type": punch.type, "input": str(kind), "photo": int(punch.user_id) % 5 < 2}
        await control("punches", stgid, punches=[spec])


async def _gate_away(day: Day) -> None:
    await day.host.runtime.control("offline", GATE)
    day.burst = -1


async def _gate_back(day: Day) -> None:
    """The first person passes just before; with few people nobody else might have."""
    await day.host.runtime.control("punches", GATE, punches=[{"user": day.people[0].user_id, "type": "CheckOut"}])
    answer = await day.host.runtime.control("online", GATE, order="shuffle")
    day.burst = int(answer["cached"])


# --- commands, as a customer's server sends them -------------------------------------------------------------------------


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


def templates(day: Day, user_id: str, kinds: frozenset[TemplateType]) -> tuple[Template, ...]:
    return tuple(population.template(day.seed, user_id, kind) for kind in TemplateType if kind in kinds)


async def _add_users(day: Day, client: aiohttp.ClientSession) -> None:
    """The fifteen ways to add a user, on the device that stores everything, and one on the encrypted device."""
    adds = [row for row in COMMANDS if row.name.startswith("AddUser")]
    for number, row in enumerate(adds):
        user_id = str(8001 + number)
        fields = {"user_id": user_id, "first_name": "New", "last_name": f"Starter {number}", "templates": templates(day, user_id, row.kinds)}
        await _send(day, client, FRONT, row.name, **fields)
    await _send(day, client, FACTORY, "AddUserWithCard", user_id="8001", templates=templates(day, "8001", frozenset({TemplateType.CARD})))


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


# --- what came of it -------------------------------------------------------------------------------------------------------


async def _report(day: Day, inbox: dict[str, Any]) -> dict[str, Any]:
    state = day.host.runtime.kernel.state
    callbacks = {row.name: Tally(row) for row in CALLBACKS}
    for entry in state.journal.select(direction="callback"):
        tally = callbacks.get(entry.operation)
        if tally is not None and entry.attempt:
            tally.sent += entry.attempt == 1
            tally.acknowledged += entry.verdict == "acknowledged"
            tally.latencies.append(entry.took_ms / 1000)
    ledger = state.ledger.summary()
    stored = await stored_of(inbox, day)
    tallies = [*callbacks.values(), *day.commands.values()]
    problems = [f"{t.operation.name} was never acknowledged" for t in tallies if t.acknowledged == 0]
    problems += [f"{t.operation.name}: {t.sent - t.acknowledged} not acknowledged" for t in tallies if t.sent != t.acknowledged]
    if ledger["acknowledged"] != ledger["punches"] or stored != ledger["punches"]:
        problems.append(f"{ledger['punches']} punches, {ledger['acknowledged']} acknowledged, {stored} stored")
    if day.burst <= 0:
        problems.append("the offline burst did not happen")
    return {
        "passed": not problems,
        "problems": problems,
        "seed": day.seed,
        "people": len(day.people),
        "operations": [_row(tally) for tally in tallies],
        "offline_burst": day.burst,
        "punches": ledger["punches"],
        "acknowledged": ledger["acknowledged"],
        "stored": stored,
        "lost": ledger["punches"] - min(stored, ledger["acknowledged"]),
        "redelivered": ledger["redelivered"],
    }


async def stored_of(inbox: dict[str, Any], day: Day) -> int:
    """Distinct punches of the ledger that the receiver has, by read-back."""
    base = inbox["readback_url"].rstrip("/")
    users = sorted({record.user for _, record in day.host.runtime.kernel.state.ledger.rows()})
    found = 0
    async with aiohttp.ClientSession() as client:
        for first in range(0, len(users), 100):
            query = [("user", user) for user in users[first : first + 100]]
            async with client.get(f"{base}/punches", params=query) as response:
                found += len((await response.json())["punches"])
    return found


def _row(tally: Tally) -> dict[str, Any]:
    return {
        "number": tally.operation.number,
        "operation": tally.operation.name,
        "direction": str(tally.operation.direction),
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "codes": {str(code): count for code, count in sorted(tally.codes.items())},
        "median_latency_s": round(median(tally.latencies), 4) if tally.latencies else None,
    }


def _latency(row: dict[str, Any]) -> str:
    seconds = row["median_latency_s"]
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.1f} ms" if row["direction"] == "callback" else f"{seconds:.1f} s virtual"


def _show(report: dict[str, Any]) -> None:
    table = Table("#", "operation", "sent", "acknowledged", "status codes", "median latency")
    for row in report["operations"]:
        codes = " ".join(f"{code}×{count}" for code, count in row["codes"].items())
        style = None if row["sent"] == row["acknowledged"] and row["sent"] else "red"
        cells = (str(row["number"] or ""), row["operation"], str(row["sent"]), str(row["acknowledged"]), codes, _latency(row))
        table.add_row(*cells, style=style)
    console = Console(width=None if sys.stdout.isatty() else 136)
    console.print(table)
    console.print(
        f"{report['people']} people, {report['punches']} punches: {report['acknowledged']} acknowledged, {report['stored']} stored, "
        f"{report['lost']} lost, {report['redelivered']} delivered again on request"
    )
    console.print(f"offline burst: {report['offline_burst']} records cached by the gate and delivered when it came back")
    console.print(f"seed {report['seed']}, {report['took_s']} s")
    for problem in report["problems"]:
        console.print(f"[red]problem:[/red] {problem}")
    console.print("[green]PASS[/green]" if report["passed"] else "[red]FAIL[/red]")
