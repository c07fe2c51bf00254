"""What a run gathered: everything judging and reports need of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from camsim.readback.model import Capabilities, Snapshot
from camsim_conformance.observed import Observed
from camsim_conformance.plan.plan import Plan
from camsim_conformance.requirements import by_id
from camsim_conformance.sending.case_sender import Answers
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.address import Target
from camsim_conformance.target.profile import Profile
from camsim_conformance.target.storm_report import Storm


@dataclass(slots=True)
class RunRecord:
    """Filled while a run goes on. `void` says why it cannot be judged; times in seconds."""

    profile: Profile
    plan: Plan
    target: Target
    started_s: float
    answers: Answers = field(default_factory=dict)
    preflight: Exchange | None = None
    snapshot: Snapshot | None = None
    capabilities: Capabilities | None = None
    adapter: str | None = None
    canary_s: float | None = None
    settled_s: float | None = None
    storm: Storm | None = None
    partial: bool = False
    void: str | None = None
    unproved: str | None = None
    died_at: str | None = None
    seconds: float = 0.0

    @property
    def _unsent(self) -> str:
        if self.void is not None:
            return f"the run is void: {self.void}"
        return f"not sent: the target had died of {self.died_at}"

    def observed(self) -> list[Observed]:
        """One value a case, for the checks."""
        # Made when all is sent and read back: a check never looks at a run that goes on.
        rows = by_id()
        return [
            Observed(
                case=case,
                requirement=rows[case.requirement],
                profile=self.profile,
                target=self.target,
                exchanges=self.answers.get(case.id, []),
                snapshot=self.snapshot,
                storm=self.storm,
                fatal=case.id == self.died_at,
                unsent=self._unsent,
            )
            for case in self.plan.cases
        ]
