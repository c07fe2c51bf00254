"""What came of the demo: counts from journal, ledger and read-back, as data and as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import aiohttp
from rich.table import Table

from camsim.protocol.catalogue import CALLBACKS, Operation
from camsim.terminal import Terminal

from .day import Day, Report, Tally


def callbacks_of(day: Day, rows: Iterable[Operation]) -> dict[str, Tally]:
    """What became of the callbacks of these operations, by name."""
    found = {row.name: Tally(row) for row in rows}
    for entry in day.host.runtime.kernel.state.journal.select(direction="callback"):
        tally = found.get(entry.operation)
        # An entry without an attempt is an event that never left its queue.
        if tally is not None and entry.attempt:
            tally.attempted(entry)
            tally.latencies.append(entry.took_ms / 1000)
    return found


async def report_of(day: Day, inbox: Report) -> Report:
    """Everything the table shows, and what is wrong with it."""
    ledger = day.host.runtime.kernel.state.ledger.summary()
    stored = await stored_of(inbox, day)
    tallies = [*callbacks_of(day, CALLBACKS).values(), *day.commands.values()]
    # Of an operation that was never sent nothing is missing: that it came at all is asked first.
    problems = [f"{tally.operation.name} was never acknowledged" for tally in tallies if tally.acknowledged == 0]
    for tally in tallies:
        if tally.sent != tally.acknowledged:
            problems.append(f"{tally.operation.name}: {tally.sent - tally.acknowledged} not acknowledged")
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


async def stored_of(inbox: Report, day: Day) -> int:
    """Distinct punches of the ledger that the receiver has, by read-back."""
    base = inbox["readback_url"].rstrip("/")
    users = sorted({record.user for _, record in day.host.runtime.kernel.state.ledger.rows()})
    found = 0
    async with aiohttp.ClientSession() as client:
        for first in range(0, len(users), 100):  # the most that one request may name
            query = [("user", user) for user in users[first : first + 100]]
            async with client.get(f"{base}/punches", params=query) as response:
                found += len((await response.json())["punches"])
    return found


def _row(tally: Tally) -> Report:
    return {
        "number": tally.operation.number,
        "operation": tally.operation.name,
        "direction": str(tally.operation.direction),
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "codes": {str(code): count for code, count in sorted(tally.codes.items())},
        "median_latency_s": tally.median_latency(),
    }


def latency_text(row: Report) -> str:
    """The latency of an operation: of callbacks in real time, of commands in the device's."""
    seconds = row["median_latency_s"]
    if seconds is None:
        return "-"
    if row["direction"] == "callback":
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.1f} s virtual"


def codes_text(row: Report) -> str:
    """Status codes and how often each came."""
    return " ".join(f"{code}×{count}" for code, count in row["codes"].items())


def show(report: Report) -> None:
    """The table that the demo ends with."""
    table = Table("#", "operation", "sent", "acknowledged", "status codes", "median latency")
    for row in report["operations"]:
        good = row["sent"] and row["sent"] == row["acknowledged"]
        counts = (str(row["sent"]), str(row["acknowledged"]), codes_text(row), latency_text(row))
        style = None
        if not good:
            style = "red"
        table.add_row(str(row["number"] or ""), row["operation"], *counts, style=style)
    show_end(report, table, f", {report['redelivered']} delivered again on request")


def show_end(report: Report, table: Table, more: str) -> None:
    """The table and the lines under it; `more` ends the line about punches."""
    console = Terminal()
    if not sys.stdout.isatty():
        console = Terminal(width=136)  # a pipe has no width, and the table needs this one
    console.print(table, soft_wrap=False)
    console.say(
        f"{report['people']} people, {report['punches']} punches: {report['acknowledged']} acknowledged, "
        f"{report['stored']} stored, {report['lost']} lost{more}"
    )
    console.say(f"offline burst: {report['offline_burst']} records cached by the gate and delivered when it came back")
    console.say(f"seed {report['seed']}, {report['took_s']} s")
    for problem in report["problems"]:
        console.say(("problem:", "red"), f" {problem}")
    if report["passed"]:
        console.say(("PASS", "green"))
    else:
        console.say(("FAIL", "red"))
