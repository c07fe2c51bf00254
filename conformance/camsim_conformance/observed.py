"""What a check sees of one case: what was sent, answered and stored; and where it puts its findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from camsim.readback.model import Snapshot
from camsim_conformance.model.observation import Cause, Observation
from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.requirements import Requirement
from camsim_conformance.requirements.verdicts import Evidence, Finding, Level, Verdict, gravest, rank
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.address import Target
from camsim_conformance.target.profile import Profile
from camsim_conformance.target.storm_report import Storm


@dataclass(slots=True)
class Observed:
    """One case and what is known of it. A check sets `ack` and `state`; the verdicts follow from the level.

    `observations` are the model's of this case, `causes` those that explain its deviations. `because` says what kept a
    case from being judged: a set-up that was not acknowledged is no failure of what it sets up.
    """

    case: Case
    requirement: Requirement
    profile: Profile
    target: Target
    exchanges: list[Exchange] = field(default_factory=list)
    snapshot: Snapshot | None = None
    storm: Storm | None = None
    ack: Finding | None = None
    state: Finding | None = None
    error: str | None = None
    fatal: bool = False
    unsent: str = "not sent"
    observations: tuple[Observation, ...] = ()
    causes: tuple[Cause, ...] = ()
    because: str | None = None

    @property
    def level(self) -> Level:
        """RECORD for a case that is only recorded, else the requirement's under the profile."""
        if self.case.record:
            return Level.RECORD
        level = self.requirement.level_for(self.profile.features)
        # A deviation is no graver than its cause: of a value that no page prints it is advice at most.
        if self.causes:
            return min(level, max((cause.level for cause in self.causes), key=rank), key=rank)
        return level

    @property
    def ran(self) -> bool:
        """True when every step was sent."""
        # A case without steps is judged too: that of a person nothing was sent of, or of the URL itself.
        return {exchange.step for exchange in self.exchanges} == set(range(len(self.case.steps)))

    @property
    def to_judge(self) -> bool:
        """True when the case applies and was sent whole."""
        return self.case.blocked is None and self.ran

    def last(self, judged: bool = True) -> Iterator[tuple[Step, Exchange]]:
        """Each step's exchanges that count: every copy, and of retries the last one."""
        final: dict[tuple[int, int], Exchange] = {}
        for exchange in self.exchanges:
            final[exchange.step, exchange.copy] = exchange
        for (number, _), exchange in sorted(final.items()):
            step = self.case.steps[number]
            if step.judged or not judged:
                yield step, exchange

    @property
    def ack_verdict(self) -> Verdict:
        """The verdict on the answers."""
        return self._side(self.ack, Evidence.ANSWER)

    @property
    def state_verdict(self) -> Verdict:
        """The verdict on what was stored."""
        return self._side(self.state, Evidence.STATE)

    @property
    def verdict(self) -> Verdict:
        """The graver of both; what a wrong answer kept from being stored is no second finding."""
        if self.answered_wrongly:
            return self.ack_verdict
        return gravest((self.ack_verdict, self.state_verdict))

    @property
    def answered_wrongly(self) -> bool:
        """True when the answer deviates, and nothing is known of the store for that reason."""
        return self.ack_verdict in (Verdict.FAIL, Verdict.ADVICE) and self.state_verdict is Verdict.COULD_NOT_RUN

    def _side(self, finding: Finding | None, evidence: Evidence) -> Verdict:
        concerned = evidence in self.requirement.evidence or finding is not None
        if self.case.blocked is not None or not concerned:
            return Verdict.NOT_APPLICABLE
        if self.error is not None:
            return Verdict.ERROR  # ours: never a failure of the target
        if not self.ran:
            return Verdict.COULD_NOT_RUN
        if self.because is not None and (finding is None or not finding.verified):
            return Verdict.COULD_NOT_RUN
        if self.fatal:
            return Verdict.FAIL  # whatever was asked: nothing is acknowledged any more
        if finding is not None:
            return finding.verdict(self.level)
        if self.snapshot is None and evidence is not Evidence.ANSWER:
            return Verdict.UNVERIFIED
        return Verdict.ERROR  # the side is asked for and nothing was found: the check forgot it

    @property
    def expected(self) -> str:
        """What a report prints as expected."""
        return "; ".join(finding.expected for finding in self._decisive())

    @property
    def actual(self) -> str:
        """What a report prints as found."""
        if self.error is not None:
            return self.error
        if self.case.blocked is not None:
            return self.case.blocked
        if not self.ran:
            return self.unsent
        text = "; ".join(finding.actual for finding in self._decisive())
        return f"the target died of this case and stayed dead; {text}" if self.fatal else text

    def _decisive(self) -> list[Finding]:
        """The findings whose verdict is the case's; all of them when none is."""
        found: list[Finding] = []
        decisive: list[Finding] = []
        for verdict, finding in ((self.ack_verdict, self.ack), (self.state_verdict, self.state)):
            if finding is None:
                continue
            found.append(finding)
            if verdict is self.verdict:
                decisive.append(finding)
        return decisive or found
