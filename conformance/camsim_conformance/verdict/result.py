"""From judged cases to the result of a run: verdicts of requirements, outcome, grade and exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

from camsim_conformance.model.observation import Cause
from camsim_conformance.observed import Observed
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Evidence, Verdict
from camsim_conformance.sending import ack
from camsim_conformance.session.record import RunRecord

from . import grade as grades
from .grade import Grade, grade_of, lacking
from .requirement import RequirementResult
from .waivers import Waiver, problems


class Outcome(StrEnum):
    """How a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class Exit(IntEnum):
    """Exit codes of the conformance commands."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    UNSAFE = 4


EXITS = {Outcome.PASSED: Exit.PASSED, Outcome.FAILED: Exit.FAILED, Outcome.INCOMPLETE: Exit.INCOMPLETE}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run: the source of every report."""

    record: RunRecord
    requirements: tuple[RequirementResult, ...]
    problems: tuple[str, ...]
    ended: datetime

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What explains all deviations, gravest first."""
        return self.record.judgement().causes

    @property
    def violated(self) -> list[RequirementResult]:
        """Violations of MUST that nobody accepted."""
        return [row for row in self.requirements if row.verdict is Verdict.FAIL and row.waiver is None]

    @property
    def unjudged(self) -> list[RequirementResult]:
        """What could not be judged."""
        return [row for row in self.requirements if row.verdict in (Verdict.COULD_NOT_RUN, Verdict.ERROR)]

    @property
    def waived(self) -> list[RequirementResult]:
        """Accepted violations of MUST."""
        return [row for row in self.requirements if row.verdict is Verdict.FAIL and row.waiver is not None]

    @property
    def outcome(self) -> Outcome:
        """Void runs are incomplete; a known failure outweighs what could not run."""
        # A void run may have cases that look failed: whatever made it void may have made them so.
        if self.record.void is not None:
            return Outcome.INCOMPLETE
        if self.violated or self.problems:
            return Outcome.FAILED
        return Outcome.INCOMPLETE if self.unjudged else Outcome.PASSED

    @property
    def exit_code(self) -> Exit:
        """0, 1 or 3."""
        return EXITS[self.outcome]

    @property
    def complete(self) -> bool:
        """True when every MUST was asked for and every case of it was kept."""
        return self.record.profile.complete and not self.record.partial

    @property
    def grade(self) -> Grade:
        """The highest grade whose needs are all shown."""
        # An accepted violation is still one: who waives a MUST passes, but is not certified.
        if self.outcome is not Outcome.PASSED or self.waived or not self.complete:
            return Grade.NONE
        return grade_of(self.requirements, self.record)

    @property
    def shown(self) -> str:
        """What the grade means, in words."""
        return grades.shown(self.grade, self.record)

    @property
    def not_shown(self) -> str:
        """What the grade does not mean, in words; without a grade, why there is none."""
        if self.grade is Grade.NONE:
            return self.why_no_grade
        return grades.not_shown(self.grade, self.requirements, self.record)

    @property
    def why_no_grade(self) -> str:
        """Why there is no grade."""
        if self.outcome is Outcome.INCOMPLETE:
            return "the run is incomplete"
        if self.outcome is Outcome.FAILED:
            return f"the run failed{grades.late(self.record)}"
        if self.waived:
            return f"not certified: {', '.join(row.requirement.id for row in self.waived)} waived"
        if not self.complete:
            return "only a part of the requirements was asked for"
        return f"not shown: {', '.join(lacking(self.requirements, Evidence.ANSWER))}"

    @property
    def counts(self) -> Mapping[str, int]:
        """Requirements by verdict, every verdict named."""
        found = Counter(row.verdict for row in self.requirements)
        return {verdict.value: found.get(verdict, 0) for verdict in Verdict}


def conclude(record: RunRecord, cases: Sequence[Observed], waivers: Iterable[Waiver] = ()) -> Result:
    """The result of judged cases."""
    accepted = tuple(waivers)
    ended = datetime.now(UTC)
    rows = tuple(_grouped(record, cases, {waiver.id: waiver for waiver in accepted}))
    wrong = [*_preflight_problem(record)]
    if record.unproved is not None:
        wrong.append(record.unproved)
    # Of a void run nothing is known, so no waiver can be said to be needless.
    if record.void is None:
        verdicts = {row.requirement.id: row.verdict for row in rows if row.verdict is not Verdict.COULD_NOT_RUN}
        wrong += problems(accepted, verdicts, frozenset(by_id()), ended.date())
    return Result(record=record, requirements=rows, problems=tuple(wrong), ended=ended)


def _grouped(
    record: RunRecord, cases: Sequence[Observed], waivers: Mapping[str, Waiver]
) -> Iterator[RequirementResult]:
    groups: dict[str, list[Observed]] = {}
    for case in cases:
        groups.setdefault(case.requirement.id, []).append(case)
    for some in groups.values():
        row = some[0].requirement
        level = row.level_for(record.profile.features)
        causes = tuple(cause for cause in record.judgement().causes if cause.requirement == row.id)
        yield RequirementResult(row, level, tuple(some), _valid(waivers.get(row.id)), causes)


def _valid(waiver: Waiver | None) -> Waiver | None:
    # On its last day a waiver still holds.
    if waiver is None or waiver.expires < datetime.now(UTC).date():
        return None
    return waiver


def _preflight_problem(record: RunRecord) -> Iterator[str]:
    exchange, step = record.preflight, record.plan.preflight
    if exchange is None or not exchange.answered:
        return
    why = ack.why_not(exchange, record.profile, step)
    if why is not None:
        yield f"preflight: a plain punch was answered but not acknowledged, {exchange.text()}: {why}"
