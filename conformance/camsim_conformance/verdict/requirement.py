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
        found = [case.verdict for case in self._judged]
        found += [verdict_of(cause) for cause in self.causes]
        return gravest(found)

    @property
    def _judged(self) -> list[Observed]:
        """The cases, without those that another cause kept from being judged; all of them when no other is left."""
        judged = [case for case in self.cases if case.because is None or case.verdict is not Verdict.COULD_NOT_RUN]
        return judged or list(self.cases)

    @property
    def ack(self) -> Verdict:
        """The gravest verdict on answers."""
        return gravest(case.ack_verdict for case in self._judged)

    @property
    def state(self) -> Verdict:
        """The gravest verdict on what was stored."""
        return gravest(case.state_verdict for case in self._judged if not case.answered_wrongly)
