"""Runs a scenario step by step against a simulator and reports a verdict for each step and for the whole."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from camsim.kernel.events import ControlError

from . import actions
from .assertions import Facts, Finding, Verdict, judge, overall
from .context import Cannot, Stage
from .document import Scenario, Step
from .drivers import InProcess, Port, PortError, Remote
from .receiver import ScenarioReceiver
from .steps import Assert


@dataclass(slots=True)
class StepResult:
    """How a step went; an assert step has a result for each of its assertions."""

    number: int
    action: str
    verdict: Verdict
    expected: str = ""
    actual: str = ""
    note: str = ""


@dataclass(slots=True)
class Report:
    """What a run has shown. `virtual_s`: how far the clock moved; `took_s`: real seconds."""

    scenario: str
    verdict: Verdict
    teaches: str
    seed: int
    steps: list[StepResult] = field(default_factory=list)
    ledger: dict[str, int] = field(default_factory=dict)
    deliveries: int = 0
    virtual_s: float = 0.0
    took_s: float = 0.0

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


EXIT_CODES: Mapping[Verdict, int] = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.BLOCKED: 3, Verdict.SKIPPED: 3}


def blocked(scenario: Scenario, why: str) -> Report:
    step = StepResult(0, "start", Verdict.BLOCKED, "a simulator", why)
    return Report(scenario.name, Verdict.BLOCKED, scenario.teaches, scenario.seed, [step])


async def run(scenario: Scenario, port: Port, callback_url: str | None = None, *, keep: bool = False) -> Report:
    """Run against a simulator; unless `keep`, what the scenario made goes and the clock mode is put back."""
    report = Report(scenario.name, Verdict.BLOCKED, scenario.teaches, scenario.seed)
    began = time.perf_counter()
    async with _stage(scenario, port, callback_url, keep) as stage:
        start = (await port.clock())["now"]
        await _steps(scenario, stage, report)
        facts = await facts_of(stage)
        report.ledger = facts.summary
        report.deliveries = sum(1 for entry in facts.entries if entry["attempt"])
        report.virtual_s = round((await port.clock())["now"] - start, 3)
    report.took_s = round(time.perf_counter() - began, 3)
    report.verdict = overall(result.verdict for result in report.steps)
    return report


@asynccontextmanager
async def _stage(scenario: Scenario, port: Port, callback_url: str | None, keep: bool) -> AsyncIterator[Stage]:
    """Everything a run needs, and afterwards the simulator as it was."""
    mode = (await port.clock())["mode"]
    _, before = await port.journal(0)
    receiver = None
    if callback_url is None:
        receiver = ScenarioReceiver()
        await receiver.start()
        callback_url = receiver.url
    if scenario.moves_time and mode != "manual":
        await port.set_clock("manual")
    async with aiohttp.ClientSession() as session:
        stage = Stage(scenario, port, session, receiver, callback_url)
        if before:
            stage.journal_before = before[-1]["seq"]
        try:
            yield stage
        finally:
            if not keep:
                await _tidy(stage, mode)
            if receiver is not None:
                await receiver.stop()


async def _tidy(stage: Stage, mode: str) -> None:
    for stgid in stage.made:
        await stage.port.control("remove_device", stgid)
    for number in stage.faults:
        # In this process a fault goes by an action, over HTTP by a path of its own.
        if isinstance(stage.port, InProcess):
            await stage.port.control("clear_faults", id=number)
        elif isinstance(stage.port, Remote):
            await stage.port.call("DELETE", f"faults/{number}")
    if (await stage.port.clock())["mode"] != mode:
        await stage.port.set_clock(mode)


async def _steps(scenario: Scenario, stage: Stage, report: Report) -> None:
    """One after the other. A FAIL does not stop the run, a BLOCKED step does: what comes after it cannot be judged."""
    blocked = ""
    for step in scenario.steps:
        if blocked:
            report.steps.append(StepResult(step.number, step.action, Verdict.SKIPPED, "", f"step {blocked}", step.note))
            continue
        results = await _step(step, stage)
        report.steps.extend(results)
        if any(result.verdict is Verdict.BLOCKED for result in results):
            blocked = f"{step.number} was blocked"


async def _step(step: Step, stage: Stage) -> list[StepResult]:
    try:
        if isinstance(step.body, Assert):
            findings = judge(step.body, await facts_of(stage))
        else:
            findings = await actions.ACTS[step.action](stage, step.body)
    except ControlError as problem:
        findings = [Finding(Verdict.BLOCKED, "", f"{problem.message}; {problem.hint}".rstrip("; "))]
    except (PortError, OSError) as problem:
        findings = [Finding(Verdict.BLOCKED, "", str(problem))]
    except Cannot as problem:
        findings = [Finding(Verdict.SKIPPED, "", str(problem))]
    return [StepResult(step.number, step.action, f.verdict, f.expected, f.actual, step.note) for f in findings]


async def facts_of(stage: Stage) -> Facts:
    """What the simulator and the built-in receiver know now, limited to this run and its devices."""
    dropped, entries = await stage.port.journal(stage.journal_before)
    devices = await stage.port.devices()
    ours = set(stage.made or devices)
    punches = [row for row in await stage.port.punches() if row["device"] in ours]
    return Facts(
        entries=[entry for entry in entries if not entry["device"] or entry["device"] in ours],
        dropped=dropped,
        punches=punches,
        summary=summary_of(punches),
        # A device that a command has deleted has no queue any more.
        queues={stgid: await stage.port.queue(stgid) for stgid in sorted(ours & set(devices))[:_MOST_QUEUES]},
        received=stage.receiver.received if stage.receiver is not None else None,
        answer=stage.answer,
    )


_MOST_QUEUES = 200  # each is a call of its own when the simulator runs elsewhere


def summary_of(punches: list[dict[str, Any]]) -> dict[str, int]:
    """The ledger's counts over some of its rows."""
    names = ("acknowledged", "waiting", "lost", "attempts", "redelivered")
    counts = {"punches": len(punches), **dict.fromkeys(names, 0), "reordered": _reordered(punches)}
    for row in punches:
        counts["attempts"] += row["attempts"]
        counts["redelivered"] += max(0, row["acks"] - 1)
        if row["acknowledged"]:
            counts["acknowledged"] += 1
        elif row["cause"]:
            counts["lost"] += 1
        else:
            counts["waiting"] += 1
    return counts


def _reordered(punches: list[dict[str, Any]]) -> int:
    """How many punches were first sent after a later one of their device."""
    sent = [row for row in punches if row["first_sequence"] is not None]
    late, highest = 0, dict[str, int]()
    for row in sorted(sent, key=lambda row: (row["device"], row["first_sequence"])):
        before = highest.get(row["device"], 0)
        late += row["number"] < before
        highest[row["device"]] = max(before, row["number"])
    return late
