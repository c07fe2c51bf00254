"""From judged cases to the result of a run: verdicts of requirements, outcome, grade and exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Step
from camsim_conformance.requirements import Requirement, by_id
from camsim_conformance.requirements.verdicts import SHOWN, Level, Verdict, gravest
from camsim_conformance.requirements.verdicts import Evidence as Shows
from camsim_conformance.sending import ack
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.session.observed import Observed
from camsim_conformance.session.session import Evidence

from .waivers import VIOLATED, Waiver, problems


class Outcome(StrEnum):
    """How a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class Grade(StrEnum):
    """What a run shows."""

    NONE = "none"
    ACK = "ack"
    STATE = "state"
    STORM = "storm"


class Exit(IntEnum):
    """Exit codes of the conformance commands."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    UNSAFE = 4


NOT_SHOWN_BY_ACK = "does not show that anything was stored, de-duplicated, ordered, merged or authenticated"


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """A requirement and its judged cases."""

    requirement: Requirement
    level: Level
    cases: tuple[Observed, ...]
    waiver: Waiver | None

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its cases; a recorded case never outweighs a judged one."""
        return gravest(case.verdict for case in self.cases)

    @property
    def ack(self) -> Verdict:
        """The gravest verdict on answers."""
        return gravest(case.ack_verdict for case in self.cases)

    @property
    def state(self) -> Verdict:
        """The gravest verdict on what was stored."""
        return gravest(case.state_verdict for case in self.cases)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run: the source of every report."""

    evidence: Evidence
    requirements: tuple[RequirementResult, ...]
    problems: tuple[str, ...]
    ended: datetime

    @property
    def violated(self) -> list[RequirementResult]:
        """Violations of MUST that nobody accepted."""
        return [row for row in self.requirements if row.verdict is Verdict.FAIL and row.waiver is None]

    @property
    def unjudged(self) -> list[RequirementResult]:
        """What could not be judged."""
        return [row for row in self.requirements if row.verdict in (Verdict.COULD_NOT_RUN, Verdict.ERROR)]

    @property
    def outcome(self) -> Outcome:
        """Void runs are incomplete; a known failure outweighs what could not run."""
        if self.evidence.void is not None:
            return Outcome.INCOMPLETE
        if self.violated or self.problems:
            return Outcome.FAILED
        return Outcome.INCOMPLETE if self.unjudged else Outcome.PASSED

    @property
    def exit_code(self) -> Exit:
        """0, 1 or 3."""
        return {Outcome.PASSED: Exit.PASSED, Outcome.FAILED: Exit.FAILED, Outcome.INCOMPLETE: Exit.INCOMPLETE}[
            self.outcome
        ]

    @property
    def complete(self) -> bool:
        """True when every MUST was asked for and every case of it was kept."""
        return self.evidence.profile.complete and not self.evidence.partial

    @property
    def waived(self) -> list[RequirementResult]:
        """Accepted violations of MUST."""
        return [row for row in self.requirements if row.verdict is Verdict.FAIL and row.waiver is not None]

    @property
    def grade(self) -> Grade:
        """The highest grade whose needs are all shown."""
        if self.outcome is not Outcome.PASSED or self.waived or not self.complete:
            return Grade.NONE
        if self._lacking(Shows.ANSWER):
            return Grade.NONE
        if self.evidence.snapshot is None or self._lacking(Shows.STATE):
            return Grade.ACK
        storms = [row for row in self.requirements if Shows.STORM in row.requirement.evidence]
        return Grade.STORM if any(row.verdict is Verdict.PASS for row in storms) else Grade.STATE

    def _lacking(self, evidence: Shows) -> list[str]:
        return [
            row.requirement.id
            for row in self.requirements
            if row.level is Level.MUST
            and evidence in row.requirement.evidence
            and (row.ack if evidence is Shows.ANSWER else row.state) not in SHOWN
        ]

    @property
    def shown(self) -> str:
        """What the grade means, in words."""
        return _SHOWN[self.grade](self)

    @property
    def not_shown(self) -> str:
        """What the grade does not mean, in words."""
        if self.grade is Grade.NONE:
            return self.why_no_grade
        if self.grade is Grade.ACK:
            lacking = self._lacking(Shows.STATE)
            missing = f" (not verified: {', '.join(lacking)})" if self.evidence.snapshot is not None else ""
            return NOT_SHOWN_BY_ACK + missing
        storm = "" if self.grade is Grade.STORM else "how the target behaves under load, "
        return f"does not show {storm}what it does with the data later, or that another version behaves alike"

    @property
    def why_no_grade(self) -> str:
        """Why there is no grade."""
        if self.outcome is not Outcome.PASSED:
            return f"the run {'is incomplete' if self.outcome is Outcome.INCOMPLETE else 'failed'}"
        if self.waived:
            return f"not certified: {', '.join(row.requirement.id for row in self.waived)} waived"
        if not self.complete:
            return "only a part of the requirements was asked for"
        return f"not shown: {', '.join(self._lacking(Shows.ANSWER))}"

    @property
    def counts(self) -> Mapping[str, int]:
        """Requirements by verdict, every verdict named."""
        found = Counter(row.verdict for row in self.requirements)
        return {verdict.value: found.get(verdict, 0) for verdict in Verdict}


def _state_text(result: Result) -> str:
    evidence = result.evidence
    settle = evidence.settled_s or evidence.profile.settle_s
    return (
        f"every callback is acknowledged and rightly stored, seen through {evidence.adapter} (settle time {settle:g} s)"
    )


def _storm_text(result: Result) -> str:
    storm = result.evidence.storm
    return f"{_state_text(result)}; under load: {storm.text() if storm else ''}"


_SHOWN = {
    Grade.NONE: lambda result: "nothing: no grade",
    Grade.ACK: lambda result: "every callback is acknowledged as the vendor's page asks",
    Grade.STATE: _state_text,
    Grade.STORM: _storm_text,
}


def conclude(evidence: Evidence, cases: Sequence[Observed], waivers: Iterable[Waiver] = ()) -> Result:
    """The result of judged cases."""
    accepted = tuple(waivers)
    ended = datetime.now(UTC)
    by_waiver = {waiver.id: waiver for waiver in accepted}
    rows = tuple(_grouped(evidence, cases, by_waiver))
    verdicts = {row.requirement.id: row.verdict for row in rows if row.verdict is not Verdict.COULD_NOT_RUN}
    wrong = problems(accepted, verdicts, frozenset(by_id()), ended.date()) if evidence.void is None else []
    unproved = [evidence.unproved] if evidence.unproved is not None else []
    return Result(evidence, rows, (*_preflight_problem(evidence), *unproved, *wrong), ended)


def _grouped(
    evidence: Evidence, cases: Sequence[Observed], waivers: Mapping[str, Waiver]
) -> Iterable[RequirementResult]:
    groups: dict[str, list[Observed]] = {}
    for case in cases:
        groups.setdefault(case.requirement.id, []).append(case)
    for some in groups.values():
        row = some[0].requirement
        yield RequirementResult(row, row.level_for(evidence.profile.features), tuple(some), _valid(waivers.get(row.id)))


def _valid(waiver: Waiver | None) -> Waiver | None:
    return waiver if waiver is not None and waiver.expires >= datetime.now(UTC).date() else None


def _preflight_problem(evidence: Evidence) -> list[str]:
    exchange: Exchange | None = evidence.preflight
    if exchange is None or not exchange.answered:
        return []
    step: Step = evidence.plan.preflight
    why = ack.why_not(exchange, evidence.profile, step)
    return [f"preflight: a plain punch was answered but not acknowledged, {exchange.text()}: {why}"] if why else []


__all__ = ["VIOLATED", "Exit", "Grade", "Outcome", "Protocol", "RequirementResult", "Result", "conclude"]
