"""What came of the demo: counts from journal, ledger and read-back, as data and as a table."""

from __future__ import annotations

import sys
from statistics import median
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from camsim.protocol.catalogue import CALLBACKS

from .day import Day, Tally


async def report_of(day: Day, inbox: dict[str, Any]) -> dict[str, Any]:
    """Everything the table shows, and what is wrong with it."""
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
    missing = [(t.operation.name, t.sent - t.acknowledged) for t in tallies if t.sent != t.acknowledged]
    problems += [f"{name}: {count} not acknowledged" for name, count in missing]
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


def show(report: dict[str, Any]) -> None:
    """The table that the demo ends with."""
    table = Table("#", "operation", "sent", "acknowledged", "status codes", "median latency")
    for row in report["operations"]:
        codes = " ".join(f"{code}×{count}" for code, count in row["codes"].items())
        style = None if row["sent"] == row["acknowledged"] and row["sent"] else "red"
        counts = (str(row["sent"]), str(row["acknowledged"]), codes, _latency(row))
        table.add_row(str(row["number"] or ""), row["operation"], *counts, style=style)
    console = Console(width=None if sys.stdout.isatty() else 136)
    console.print(table)
    console.print(
        f"{report['people']} people, {report['punches']} punches: {report['acknowledged']} acknowledged, "
        f"{report['stored']} stored, {report['lost']} lost, {report['redelivered']} delivered again on request"
    )
    console.print(
        f"offline burst: {report['offline_burst']} records cached by the gate and delivered when it came back"
    )
    console.print(f"seed {report['seed']}, {report['took_s']} s")
    for problem in report["problems"]:
        console.print(f"[red]problem:[/red] {problem}")
    console.print("[green]PASS[/green]" if report["passed"] else "[red]FAIL[/red]")
