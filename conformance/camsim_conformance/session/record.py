"""What a run gathered: everything judging and reports need of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from camsim.readback.model import Capabilities, Snapshot
from camsim_conformance.model.judge import Seen
from camsim_conformance.model.judgement import Judgement, judge
from camsim_conformance.model.observation import Aspect, Cause, Observation
from camsim_conformance.observed import Observed
from camsim_conformance.plan.cases import Case
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

    `before` stood before the run; `snapshot` is what everything honest left, `after` what stood when late copies,
    forgeries and hostile bodies had been sent; both without what stood before. `late`: how much came after the settle
    time. `locked_out`: why no more forgeries were sent. `second` is the round that confirms what deviated; of that,
    `probed` are the cases made to tell explanations apart, by the cause's id. `keeps_first_alone`: the first punch
    shows, and of the canaries after it none.

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
    before: Snapshot | None = None
    snapshot: Snapshot | None = None
    after: Snapshot | None = None
    ended_s: float = 0.0
    capabilities: Capabilities | None = None
    adapter: str | None = None
    canary_s: float | None = None
    settled_s: float | None = None
    late: int = 0
    storm: Storm | None = None
    partial: bool = False
    void: str | None = None
    unproved: str | None = None
    died_at: str | None = None
    locked_out: str | None = None
    keeps_first_alone: bool = False
    refused: str | None = None
    rate_lowered: int = 0
    in_flight_lowered: int = 0
    deferred: int = 0
    seconds: float = 0.0
    second: RunRecord | None = None
    probed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _judgement: Judgement | None = None

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
        if self.locked_out is not None:
            return f"not sent: {self.locked_out}"
        if self.refused is not None:
            return f"not sent: the printed callback #11 is refused ({self.refused})"
        return f"not sent: the target had died of {self.died_at}"

    def seen(self) -> Seen:
        """What the judge looks at."""
        return Seen(
            profile=self.profile,
            cases=self.plan.cases,
            answers=self.answers,
            started_s=self.started_s,
            ended_s=self.ended_s or self.started_s + self.seconds,
            before=self.before,
            main=self.snapshot,
            after=self.after,
            derived=frozenset(self.plan.derived),
        )

    def forget_judgement(self) -> None:
        """What was gathered since may judge otherwise."""
        self._judgement = None

    def judgement(self) -> Judgement:
        """The causes of all that deviates; made once, when all is sent and read back."""
        if self._judgement is None:
            second = self.second.seen() if self.second is not None else None
            self._judgement = judge(self.seen(), second, self.second.probed if self.second is not None else {})
        return self._judgement

    def observed(self) -> list[Observed]:
        """One value a case, for the checks."""
        # Made when all is sent and read back: a check never looks at a run that goes on.
        rows = by_id()
        judgement = self.judgement()
        found = _by_case(self.plan.cases, judgement.view.observations)
        causes = _by_observation(judgement.causes)
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
                observations=tuple(found.get(case.id, ())),
                causes=_causes_of(found.get(case.id, ()), causes),
            )
            for case in self.plan.cases
        ]


def _by_observation(causes: Iterable[Cause]) -> dict[int, Cause]:
    """The cause of each deviation, by its identity."""
    found = {}
    for cause in causes:
        for explanation in (cause.explanation, *cause.also):
            for one in explanation.wrong:
                found[id(one)] = cause
    return found


def _causes_of(observations: Iterable[Observation], causes: Mapping[int, Cause]) -> tuple[Cause, ...]:
    found = [causes[id(one)] for one in observations if id(one) in causes]
    return tuple({cause.id: cause for cause in found}.values())


# Aspects that say nothing of what the case itself left in the store.
_OF_THE_RUN = frozenset({Aspect.ANSWER, Aspect.UNCHANGED})


def _by_case(cases: Iterable[Case], observations: Iterable[Observation]) -> dict[str, list[Observation]]:
    """The observations of each case. A copy that is a case of its own has those of its person: what is stored of a
    punch is observed where it was told first."""
    found: dict[str, list[Observation]] = {}
    of_user: dict[str, list[Observation]] = {}
    for one in observations:
        found.setdefault(one.case, []).append(one)
        if one.aspect is not Aspect.ANSWER:
            of_user.setdefault(one.user, []).append(one)
    for case in cases:
        mine = found.setdefault(case.id, [])
        if any(one.aspect not in _OF_THE_RUN for one in mine):
            continue
        told = [step.told.user for step in case.steps if step.told is not None]
        for user in dict.fromkeys(told):
            mine += of_user.get(user, ())
    return found
