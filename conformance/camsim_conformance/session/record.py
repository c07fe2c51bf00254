"""What a run gathered: everything judging and reports need of it."""

from __future__ import annotations

from collections.abc import Iterator
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
    """Filled while a run goes on. `void` says why it cannot be judged; times in seconds.

    `refused` is what was answered to the printed callback #11 by a target that acknowledges no printed punch: then only
    the printed callbacks were sent, and they fail. `rate_lowered` and `in_flight_lowered` count how often the run went
    slower for the target's sake, `deferred` how often an answer asked to come later.
    """

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
    refused: str | None = None
    rate_lowered: int = 0
    in_flight_lowered: int = 0
    deferred: int = 0
    seconds: float = 0.0

    @property
    def retried(self) -> int:
        """Sends of the cases that were tried again on another connection."""
        return sum(exchange.retried for exchange in self._exchanges())

    @property
    def dropped(self) -> int:
        """How often a connection ended without an answer after the whole request of a case was written."""
        return sum(exchange.dropped for exchange in self._exchanges())

    def _exchanges(self) -> Iterator[Exchange]:
        for exchanges in self.answers.values():
            yield from exchanges

    @property
    def _unsent(self) -> str:
        if self.void is not None:
            return f"the run is void: {self.void}"
        if self.refused is not None:
            return f"not sent: the printed callback #11 is refused ({self.refused})"
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
