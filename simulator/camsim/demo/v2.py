"""`camsim demo --protocol v2`: the same day over the older protocol, every v2 operation, and what came of it."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from rich.table import Table

from camsim.host import Host
from camsim.protocol import cipher
from camsim.protocol.catalogue import V2_CALLBACKS, V2_COMMANDS
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.v3.messages import Sender
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.settings import Settings
from camsim.synthetic import people as population

from .day import FACTORY, FRONT, GATE, OFFSET, Day, Report, Tally, menus, work
from .day import templates as templates_of
from .report import callbacks_of, codes_text, latency_text, show_end, stored_of
from .setup import DAY_S, demo_devices, progress, receiver

_LAZY = "LazyResponse"


def run(*, seed: int, people: int, as_json: bool = False) -> int:
    """Run the demonstration; 0 only when everything was delivered, answered and replied to as it should be."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, receiver(Path(folder)) as inbox, progress(quiet=as_json) as step:
        report = asyncio.run(_demonstrate(seed, people, inbox, step))
    report["took_s"] = round(time.monotonic() - began, 1)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
    else:
        _show(report)
    return int(not report["passed"])


async def _demonstrate(seed: int, count: int, inbox: Report, step: Callable[[str], None]) -> Report:
    specs = demo_devices(inbox["url"])
    for spec in specs:
        spec.users, spec.protocol, spec.x_level = count, Protocol.V2, True
    host = await Host.start(Settings(seed=seed, clock="manual", devices=specs))
    try:
        midnight = (host.runtime.now() // 1000 + OFFSET * 60) // DAY_S * DAY_S + DAY_S - OFFSET * 60
        tallies = {name: Tally(row) for name, row in V2_COMMANDS.items()}
        day = Day(host, seed, population.people(seed, count), midnight, step, tallies)
        return await _report(day, inbox, await _live(day))
    finally:
        await host.stop()


async def _live(day: Day) -> int:
    """The day; returns how many rows LoadPunchLog brought in the evening."""
    await day.until(day.midnight + 7 * 3600)
    async with aiohttp.ClientSession() as client:
        day.step("before work: users, a message, photos")
        await _morning(day, client)
        await day.host.runtime.run_until_idle()
        day.step("the user menu")
        await menus(day)
        await work(day)
        day.step("in the evening: the other commands")
        loaded = await _evening(day, client)
    day.step("waiting for the queues")
    await day.host.runtime.run_until_idle()
    day.step("reading back")
    return loaded


async def _morning(day: Day, client: aiohttp.ClientSession) -> None:
    for number, kind in enumerate(TemplateType):
        user_id = str(8001 + number)
        told = templates_of(day, user_id, frozenset({kind}))
        await _send(
            day, client, FRONT, "AddUser", user_id=user_id, first_name="New", last_name=str(kind), templates=told
        )
    every = templates_of(day, "8010", frozenset(TemplateType))
    await _send(day, client, FRONT, "AddUser", user_id="8010", first_name="Asha", last_name="Menon", templates=every)
    card = templates_of(day, "8001", frozenset({TemplateType.CARD}))
    await _send(day, client, FACTORY, "AddUser", user_id="8001", first_name="New", last_name="Card", templates=card)
    await _send(day, client, FRONT, "EnableMessage", user_id="3", message="please see the office")
    await _send(day, client, FRONT, "SendAttendancePhoto", user_id="3")


async def _evening(day: Day, client: aiohttp.ClientSession) -> int:
    await _send(day, client, FRONT, "DisableMessage", user_id="3")
    await _send(day, client, FRONT, "EnrollFingerprint", user_id="3")
    await _send(day, client, FRONT, "DeleteUser", user_id="8003")
    for stgid in (FRONT, FACTORY, GATE):
        await _send(day, client, stgid, "SendDeviceInfo")
    loaded = await _load(day, client, FRONT) + await _load(day, client, FACTORY)
    await _send(day, client, FACTORY, "TriggerUserDetail")
    await day.host.runtime.run_until_idle()
    await _send(day, client, GATE, "ClearLog")
    return loaded


async def _load(day: Day, client: aiohttp.ClientSession, stgid: str) -> int:
    """The day's punches of a device, page by page; times as the device counts them (V2-01)."""
    start = day.midnight + OFFSET * 60
    rows, offset = 0, ""
    while True:
        answer = await _send(day, client, stgid, "LoadPunchLog", start=start, end=start + DAY_S, offset_rows=offset)
        rows += len(answer["OperationData"]["Punch"])
        offset = answer["OperationData"]["OffSet"]
        if not offset:
            return rows


async def _send(day: Day, client: aiohttp.ClientSession, stgid: str, name: str, **fields: Any) -> Report:
    """One v2 command over HTTP; gives its immediate answer."""
    runtime, config = day.host.runtime, day.slot(stgid).config
    tally = day.commands[name]
    day.numbers += 1
    sender = Sender(config.auth_token, stgid=stgid)
    local = runtime.now() // 1000 + OFFSET * 60
    message = messages_v2.command(tally.operation, f"demo{day.numbers:05d}", sender, local, **fields)
    body = envelope_v2.seal_v2(envelope.encode(message), config.security_key)
    await runtime.set_clock("auto")  # the device's seconds pass while nothing else happens
    async with client.post(
        day.host.gateway_url + Protocol.V2.path, data=body, headers={"Content-Type": envelope_v2.CONTENT_TYPE}
    ) as response:
        raw = await response.read()
    await runtime.set_clock("manual")
    if config.security_key:
        raw = cipher.decrypt(config.security_key, raw)
    answer = envelope.decode(raw)
    code = int(answer["StatusCode"])
    tally.answered(code)
    return answer


# --- what came of it --------------------------------------------------------------------------------------------------


def _lazy_replies(day: Day) -> dict[str, Tally]:
    """What the callback URL heard of the commands, by operation; latency in virtual seconds since the request."""
    found = {name: Tally(row) for name, row in V2_COMMANDS.items()}
    asked: dict[str, int] = {}
    for entry in day.host.runtime.kernel.state.journal.select():
        if entry.verdict == "accepted":
            asked[envelope.decode(entry.answer)["OperationReferenceId"]] = entry.at
        if not entry.operation.startswith(_LAZY) or not entry.attempt:
            continue
        info = envelope.decode(entry.plain)["ApiRequestInfo"]
        tally, code = found[info["Operation"]], int(info["OperationData"]["StatusCode"])
        tally.sent += entry.attempt == 1
        # Good is a reply that says done and was heard.
        tally.acknowledged += entry.verdict == "acknowledged" and code == 0
        tally.codes[code] = tally.codes.get(code, 0) + 1
        tally.latencies.append((entry.at - asked[info["OperationReferenceId"]]) / 1000)
    return found


async def _report(day: Day, inbox: Report, loaded: int) -> Report:
    state = day.host.runtime.kernel.state
    callbacks, lazy = callbacks_of(day, V2_CALLBACKS.values()), _lazy_replies(day)
    ledger, stored = state.ledger.summary(), await stored_of(inbox, day)
    logged = sum(day.slot(stgid).device.log_count for stgid in (FRONT, FACTORY))
    rows = [_row(tally, None) for tally in callbacks.values()]
    for name, tally in day.commands.items():
        reply: Tally | None = lazy[name]
        if not lazy[name].sent:
            reply = None  # loads are answered at once and have none
        rows.append(_row(tally, reply))
    problems = [f"{row['operation']}: {row['why']}" for row in rows if row["why"]]
    if ledger["acknowledged"] != ledger["punches"] or stored != ledger["punches"]:
        problems.append(f"{ledger['punches']} punches, {ledger['acknowledged']} acknowledged, {stored} stored")
    if loaded != logged:
        problems.append(f"LoadPunchLog brought {loaded} rows of {logged}")
    if day.burst <= 0:
        problems.append("the offline burst did not happen")
    return {
        "passed": not problems,
        "problems": problems,
        "protocol": "v2",
        "seed": day.seed,
        "people": len(day.people),
        "operations": rows,
        "offline_burst": day.burst,
        "loaded": loaded,
        "punches": ledger["punches"],
        "acknowledged": ledger["acknowledged"],
        "stored": stored,
        "lost": ledger["punches"] - min(stored, ledger["acknowledged"]),
    }


def _why(tally: Tally, lazy: Tally | None) -> str:
    """What is wrong with an operation; a lazy reply comes, done and acknowledged, as often as its command was sent."""
    if lazy is not None and lazy.acknowledged != tally.sent:
        return f"{tally.sent} sent, {lazy.acknowledged} lazy replies done and acknowledged"
    if tally.sent != tally.acknowledged:
        return f"{tally.sent - tally.acknowledged} not acknowledged"
    if not tally.acknowledged:
        return "was never acknowledged"
    return ""


def _row(tally: Tally, lazy: Tally | None) -> Report:
    """One operation; codes and latency are those of the lazy reply where there is one."""
    told = lazy or tally
    return {
        "operation": tally.operation.name,
        "direction": str(tally.operation.direction),
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "lazy": lazy.acknowledged if lazy else None,
        "codes": {str(code): count for code, count in sorted(told.codes.items())},
        "median_latency_s": told.median_latency(),
        "why": _why(tally, lazy),
    }


def _show(report: Report) -> None:
    table = Table("direction", "operation", "sent", "acknowledged", "lazy replies", "status codes", "median latency")
    for row in report["operations"]:
        lazy = "-"
        if row["lazy"] is not None:
            lazy = str(row["lazy"])
        counts = (str(row["sent"]), str(row["acknowledged"]), lazy)
        texts = (codes_text(row), latency_text(row))
        table.add_row(row["direction"], row["operation"], *counts, *texts, style="red" if row["why"] else None)
    show_end(report, table, f"; {report['loaded']} rows loaded page by page")
