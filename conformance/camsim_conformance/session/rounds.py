"""What is sent and read in which order: what is honest, then what is late, forged and hostile, then what confirms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from camsim.readback.model import take
from camsim_conformance.model.judge import Seen
from camsim_conformance.model.judgement import Again
from camsim_conformance.plan.cases import Case, Stage, Step
from camsim_conformance.plan.plan import FORGERIES, Plan
from camsim_conformance.readback import ReadBack, Snapshot
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.sending import ack
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client
from camsim_conformance.target.address import UnreachableError

from . import adapter_proof, preflight
from .reading import settled
from .record import RunRecord

MOST_FORGED_AGAIN = 3
# The plan of some cases with people that nobody has seen yet; and the ids of the cases made for each cause.
PlanAgain = Callable[[Again], tuple[Plan, Mapping[str, Sequence[str]]]]


class Progress(Protocol):
    """Hears how far a run is: its phase or the case that is through, how many of how many; `pace` is how many a second
    are sent while that is fewer than allowed, because the target asks to come later."""

    def __call__(self, phase: str, done: int, total: int, pace: float | None = None) -> None:
        """One step further."""


class Rounds:
    """The rounds of one run. Everything gathered is in the record."""

    def __init__(self, client: Client, adapter: ReadBack | None, record: RunRecord, progress: Progress) -> None:
        self._client = client
        self._adapter = adapter
        self._record = record
        self._progress = progress
        self._begin = time.monotonic()

    def _now_s(self) -> float:
        """The run's own clock, which stood at `started_s` in the beginning."""
        return self._record.started_s + time.monotonic() - self._begin

    async def first(self) -> None:
        """All cases. Raises: DeadTargetError, ReadBackError."""
        record, plan = self._record, self._record.plan
        self._progress("preflight", 0, 0)
        sender = self._sender(record)
        record.answers = sender.answers
        await self._introduce(plan.introductions[:1])
        await preflight.send(self._client, sender, record)
        if record.refused is not None:
            return
        await self._introduce(plan.introductions[1:])
        before = None
        if self._adapter is not None:
            self._progress("canary", 0, 0)
            record.before = before = await adapter_proof.prove(self._client, record, self._adapter)
        # Quiet first: latency is measured while nothing else is on the line.
        await sender.in_turn(case for case in plan.stage(Stage.QUIET) if case.id not in record.answers)
        await sender.many(plan.stage(Stage.MAIN))
        await sender.in_turn(plan.stage(Stage.BUSY))
        record.ended_s = self._now_s()
        if self._adapter is not None and before is not None and record.unproved is None:
            self._progress("settle", 0, 0)
            await adapter_proof.read_back(self._client, record, self._adapter, before)
        # After the read-back: what a target does after a forgery or a hostile body is not held against its rows.
        await sender.many(plan.stage(Stage.LATE))
        record.locked_out = await self._forge(sender, plan)
        if record.locked_out is None:
            record.died_at = await sender.hostile(plan.stage(Stage.HOSTILE))
        record.ended_s = self._now_s()
        if self._adapter is not None and before is not None and record.snapshot is not None and record.died_at is None:
            self._progress("settle", 0, 0)
            await adapter_proof.read_again(record, self._adapter, before)

    async def _introduce(self, steps: Sequence[Step]) -> None:
        """Tell of whoever punches outside of the cases; what is answered is not judged."""
        for step in steps:
            await self._client.send(step)

    async def _forge(self, sender: CaseSender, plan: Plan) -> str | None:
        """Send the forgeries, few and one at a time. Gives why it stopped: a target that refuses good punches after
        them locks senders out."""
        probes, since = iter(plan.probes), list[Case]()
        for number, case in enumerate(plan.stage(Stage.FORGED), start=1):
            await sender.in_turn([case])
            since.append(case)
            probe = next(probes, None) if number % FORGERIES == 0 else None
            if probe is None:
                continue
            answer = await self._client.send(probe)
            if not ack.acknowledged(answer, self._client.profile, probe):
                self._forget_refused(since)
                return f"the target locks senders out: after {number} forgeries a good punch got {answer.text()}"
            since.clear()
        return None

    def _forget_refused(self, cases: Sequence[Case]) -> None:
        """What is honest in these and was refused shows the lock, and no fault of its own."""
        profile, answers = self._client.profile, self._record.answers
        for case in cases:
            judged = [one for one in answers.get(case.id, ()) if case.steps[one.step].judged]
            if not all(ack.acknowledged(one, profile, case.steps[one.step]) for one in judged):
                del answers[case.id]

    async def second(self, again: PlanAgain) -> None:
        """Send again, with fresh people, some cases that deviated and some like them that did not. A target that dies
        of this has been judged already. Raises: ReadBackError."""
        record = self._record
        if record.died_at is not None or record.locked_out is not None or record.refused is not None:
            return
        # --quick confirms what fails, and nothing that is only recorded or advised.
        if record.profile.quick and not any(cause.level is Level.MUST for cause in record.judgement().causes):
            return
        wanted = record.judgement().to_send_again()
        if not wanted.cases:
            return
        self._progress("confirm", 0, len(wanted.cases))
        plan, probed = again(wanted)
        second = replace(record, plan=plan, probed=probed, answers={}, second=None, snapshot=None, after=None)
        second.forget_judgement()
        try:
            await self._send_again(second)
        except UnreachableError:
            return
        record.second = second
        record.forget_judgement()

    async def _send_again(self, second: RunRecord) -> None:
        second.started_s = self._now_s()
        before = await self._before(second)
        sender = self._sender(second)
        second.answers = sender.answers
        quiet, crowd, late, forged = _order(second.plan)
        # Some alone and some beside others: a deviation that only a crowd shows is told apart from one of the message.
        await sender.in_turn(quiet)
        await sender.many(crowd)
        if late:
            await asyncio.sleep(second.profile.settle_s)
            await sender.many(late)
        await sender.in_turn(forged[:MOST_FORGED_AGAIN])
        second.ended_s = self._now_s()
        if self._adapter is None or before is None:
            return
        self._progress("settle", 0, 0)
        seconds = second.profile.settle_s
        people = [*second.plan.watched, *second.plan.derived]
        reading = await settled(self._adapter, before, people, seconds, lambda rows: _seen(second, rows))
        second.snapshot = second.after = reading.snapshot.without(before)

    async def _before(self, second: RunRecord) -> Snapshot | None:
        if self._adapter is None or second.capabilities is None or second.unproved is not None:
            return None
        second.before = take(self._adapter, second.capabilities, [*second.plan.watched, *second.plan.derived])
        return second.before

    def _sender(self, record: RunRecord) -> CaseSender:
        total = sum(case.blocked is None for case in record.plan.cases)
        done = 0

        def count(case: str) -> None:
            nonlocal done
            done += 1
            pace = self._client.pace
            self._progress(case, done, total, pace.rate if pace.slowed else None)

        return CaseSender(self._client, record.plan.preflight, count)


def _order(plan: Plan) -> tuple[list[Case], list[Case], list[Case], list[Case]]:
    """What is sent alone, what is sent at once, what comes when that has settled, and the forgeries."""
    honest = [case for case in plan.cases if case.stage < Stage.LATE]
    late, forged = ([case for case in plan.cases if case.stage is stage] for stage in (Stage.LATE, Stage.FORGED))
    return honest[::2], honest[1::2], late, forged


def _seen(second: RunRecord, rows: Snapshot) -> Seen:
    return replace(second.seen(), main=rows, after=rows)
