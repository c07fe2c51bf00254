"""One requirement's result: the gravest verdict of its cases."""

from __future__ import annotations

from dataclasses import dataclass

from camsim_conformance.model.observation import Cause
from camsim_conformance.observed import Observed
from camsim_conformance.requirements import Requirement
from camsim_conformance.requirements.verdicts import VIOLATED, Level, Verdict, gravest

from .waivers import Waiver


def verdict_of(cause: Cause) -> Verdict:
    """FAIL, ADVICE or INFO, by the cause's level."""
    return VIOLATED[cause.level]


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """A requirement and its judged cases."""

    requirement: Requirement
    level: Level
    cases: tuple[Observed, ...]
    waiver: Waiver | None
    causes: tuple[Cause, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its cases and of the causes that are its business; a recorded case never outweighs a
        judged one."""
        found = [case.verdict for case in self.cases]
        found += [verdict_of(cause) for cause in self.causes]
        return gravest(found)

    @property
    def ack(self) -> Verdict:
        """The gravest verdict on answers."""
        return gravest(case.ack_verdict for case in self.cases)

    @property
    def state(self) -> Verdict:
        """The gravest verdict on what was stored."""
        return gravest(case.state_verdict for case in self.cases)
