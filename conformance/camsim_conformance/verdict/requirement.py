"""One requirement's result: the gravest verdict of its cases."""

from __future__ import annotations

from dataclasses import dataclass

from camsim_conformance.observed import Observed
from camsim_conformance.requirements import Requirement
from camsim_conformance.requirements.verdicts import Level, Verdict, gravest

from .waivers import Waiver


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
