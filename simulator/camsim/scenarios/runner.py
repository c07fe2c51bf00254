"""Runs a scenario step by step against a simulator and reports a verdict for each step and for the whole."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

import aiohttp

from camsim.control.actions import ClearFaults, RemoveDevice
from camsim.control.records import PunchRow
from camsim.kernel.events import ControlError

from . import actions
from .assertions import Facts, Finding, Verdict, judge, overall
from .context import Cannot, Context
from .document import Scenario, Step
from .drivers import Driver, DriverError
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

    def shown(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


EXIT_CODES: Mapping[Verdict, int] = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.BLOCKED: 3, Verdict.SKIPPED: 3}


def blocked(scenario: Scenario, why: str) -> Report:
    step = StepResult(0, "start", Verdict.BLOCKED, "a simulator", why)
    return Report(scenario.name, Verdict.BLOCKED, scenario.teaches, scenario.seed, [step])


async def run(scenario: Scenario, driver: Driver, callback_url: str | None = None, *, keep: bool = False) -> Report:
    """Run against a simulator; unless `keep`, what the scenario made goes and the clock mode is put back."""
    report = Report(scenario.name, Verdict.BLOCKED, scenario.teaches, scenario.seed)
    began = time.perf_counter()
    async with _context(scenario, driver, callback_url, keep) as context:
        start = (await driver.clock()).now
        await _steps(scenario, context, report)
        facts = await facts_of(context)
        report.ledger = facts.summary
        report.deliveries = sum(1 for entry in facts.entries if entry.attempt)
        report.virtual_s = round((await driver.clock()).now - start, 3)
    report.took_s = round(time.perf_counter() - began, 3)
    report.verdict = overall(result.verdict for result in report.steps)
    return report


@asynccontextmanager
async def _context(scenario: Scenario, driver: Driver, callback_url: str | None, keep: bool) -> AsyncIterator[Context]:
    """Everything a run needs, and afterwards the simulator as it was."""
    mode = (await driver.clock()).mode
    _, before = await driver.journal(0)
    receiver = None
    if callback_url is None:
        receiver = ScenarioReceiver()
        await receiver.start()
        callback_url = receiver.url
    # Between two steps a running clock would move devices that the next step means to find as they are.
    if scenario.moves_time and mode != "manual":
        await driver.set_clock("manual")
    async with aiohttp.ClientSession() as session:
        context = Context(scenario, driver, session, receiver, callback_url)
        if before:
            context.journal_before = before[-1].seq
        try:
            yield context
        finally:
            if not keep:
                await _tidy(context, mode)
            if receiver is not None:
                await receiver.stop()


async def _tidy(context: Context, mode: str) -> None:
    for stgid in context.made:
        await context.driver.act(RemoveDevice(device=stgid))
    for number in context.faults:
        await context.driver.act(ClearFaults(id=number))
    if (await context.driver.clock()).mode != mode:
        await context.driver.set_clock(mode)


async def _steps(scenario: Scenario, context: Context, report: Report) -> None:
    """One after the other. A FAIL does not stop the run, a BLOCKED step does: what comes after it cannot be judged."""
    blocked = ""
    for step in scenario.steps:
        if blocked:
            report.steps.append(StepResult(step.number, step.action, Verdict.SKIPPED, "", f"step {blocked}", step.note))
            continue
        results = await _step(step, context)
        report.steps.extend(results)
        if any(result.verdict is Verdict.BLOCKED for result in results):
            blocked = f"{step.number} was blocked"


async def _step(step: Step, context: Context) -> list[StepResult]:
    try:
        if isinstance(step.body, Assert):
            findings = judge(step.body, await facts_of(context))
        else:
            findings = await actions.HANDLERS[step.action](context, step.body)
    except ControlError as problem:
        findings = [Finding(Verdict.BLOCKED, "", f"{problem.message}; {problem.hint}".rstrip("; "))]
    except (DriverError, OSError) as problem:
        findings = [Finding(Verdict.BLOCKED, "", str(problem))]
    except Cannot as problem:
        findings = [Finding(Verdict.SKIPPED, "", str(problem))]
    return [StepResult(step.number, step.action, f.verdict, f.expected, f.actual, step.note) for f in findings]


async def facts_of(context: Context) -> Facts:
    """What the simulator and the built-in receiver know now, limited to this run and its devices."""
    dropped, entries = await context.driver.journal(context.journal_before)
    devices = set(await context.driver.devices())
    ours = set(context.made) or devices
    punches = [row for row in await context.driver.punches() if row.device in ours]
    # A device that a command has deleted has no queue any more.
    asked = sorted(ours & devices)[:_MOST_QUEUES]
    return Facts(
        # What belongs to no device concerns all of them: a reset, the uplink.
        entries=[entry for entry in entries if not entry.device or entry.device in ours],
        dropped=dropped,
        punches=punches,
        summary=summary_of(punches),
        queues={stgid: await context.driver.queue(stgid) for stgid in asked},
        received=None if context.receiver is None else context.receiver.received,
        answer=context.answer,
    )


_MOST_QUEUES = 200  # each is a call of its own when the simulator runs elsewhere


def summary_of(punches: list[PunchRow]) -> dict[str, int]:
    """The ledger's counts over some of its rows."""
    names = ("acknowledged", "waiting", "lost", "attempts", "redelivered")
    counts = {"punches": len(punches), **dict.fromkeys(names, 0), "reordered": _reordered(punches)}
    for row in punches:
        counts["attempts"] += row.attempts
        counts["redelivered"] += max(0, row.acks - 1)
        if row.acknowledged:
            counts["acknowledged"] += 1
        elif row.cause:
            counts["lost"] += 1
        else:
            counts["waiting"] += 1
    return counts


def _reordered(punches: list[PunchRow]) -> int:
    """How many punches were first sent after a later one of their device."""
    sent = [row for row in punches if row.first_sequence is not None]
    late = 0
    highest: dict[str, int] = {}
    for row in sorted(sent, key=lambda row: (row.device, row.first_sequence)):
        before = highest.get(row.device, 0)
        late += row.number < before
        highest[row.device] = max(before, row.number)
    return late
