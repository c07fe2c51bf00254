"""One faulty receiver of the population: what it must show, run in process or over HTTP, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from camsim.receiver import Kind, start
from camsim_conformance.model.explain import holds
from camsim_conformance.model.observation import Aspect, Cause, Observation
from camsim_conformance.plan.plan import Plan
from camsim_conformance.requirements.verdicts import Level, Verdict
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.session import Session
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Exit, Result, conclude

from .direct import DirectReceiver
from .events import events
from .faulty import Condition, Fault, FaultyPolicy
from .settings import Setting, direct, other_person, over_http
from .visible import expected_level

HTTP_SETTLE_S = 0.4
EXACT, SAME_ROWS, REFUSED, WRONG = "exact", "same rows", "refused", "not"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault under one setting."""

    number: int
    fault: Fault
    setting: Setting

    @property
    def text(self) -> str:
        """What it is, for lists."""
        return f"{self.fault.text} ({self.setting.text})"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run of a mutation showed: its exit code, the gravest verdict, how the finding names the values, and all
    causes in words."""

    mutation: Mutation
    exit: Exit
    verdict: Verdict
    expected: Level
    named: str
    causes: tuple[str, ...]
    values: tuple[Condition, ...]
    void: str | None
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether the fault did not pass for what it is."""
        if self.expected is Level.MUST:
            return self.exit is Exit.FAILED
        return self.void is None and self.verdict in (Verdict.FAIL, Verdict.ADVICE)


def run_direct(mutation: Mutation) -> Shown:
    """In process."""
    begin = time.monotonic()
    setting = mutation.setting
    policy = FaultyPolicy(mutation.fault, lambda: float(setting.now_s))
    receiver = DirectReceiver(setting.known_devices(), setting.key, policy)
    record = direct(setting, receiver, lambda plan: _teach(policy, plan, setting)).run()
    return _shown(mutation, record, begin)


def run_http(mutation: Mutation) -> Shown:
    """Over HTTP, with the same receiver."""
    begin = time.monotonic()
    setting = mutation.setting
    policy = FaultyPolicy(mutation.fault, lambda: setting.now_s + time.monotonic() - begin)
    devices = setting.known_devices()
    with start(Kind.MEMORY, devices=devices, key=setting.key, broken=policy) as receiver:
        session: Session = over_http(
            setting,
            receiver.url,
            receiver.readback_url,
            lambda plan: _teach(policy, plan, setting),
            HTTP_SETTLE_S,
        )
        record = session.run()
    return _shown(mutation, record, begin)


def _teach(policy: FaultyPolicy, plan: Plan, setting: Setting) -> None:
    policy.learn(events(plan, setting.now_s), other_person(plan.watched))


def _shown(mutation: Mutation, record: RunRecord, begin: float) -> Shown:
    result = conclude(record, judge_all(record.observed()))
    causes = () if record.void is not None else result.causes
    return Shown(
        mutation=mutation,
        exit=result.exit_code,
        verdict=_gravest(result),
        expected=expected_level(mutation.fault, mutation.setting.protocol),
        named=_named(mutation.fault, causes, record),
        causes=tuple(f"{cause.level} {cause.requirement}: {cause.sentence}" for cause in causes),
        values=tuple(cause.explanation.values for cause in causes),
        void=record.void,
        seconds=time.monotonic() - begin,
    )


def _gravest(result: Result) -> Verdict:
    verdicts = {row.verdict for row in result.requirements}
    return next((one for one in (Verdict.ERROR, Verdict.FAIL, Verdict.ADVICE) if one in verdicts), Verdict.PASS)


def _named(fault: Fault, causes: Sequence[Cause], record: RunRecord) -> str:
    """Whether some cause names the values: these very ones, or some that hold for the same events of the plan."""
    if record.refused is not None:
        return REFUSED
    if record.void is not None:
        return WRONG
    wanted = fault.named or fault.condition
    if any(set(cause.explanation.values) == set(wanted) for cause in causes):
        return EXACT
    seen: Mapping[Aspect, Sequence[Observation]] = _by_aspect(record.judgement().view.observations)
    for cause in causes:
        looked = seen.get(cause.explanation.aspect, ())
        if looked and _struck(wanted, looked) == _struck(cause.explanation.values, looked) != set():
            return SAME_ROWS
    return WRONG


def _struck(values: Condition, looked: Sequence[Observation]) -> set[int]:
    return {place for place, one in enumerate(looked) if holds(values, one)}


def _by_aspect(observations: Sequence[Observation]) -> dict[Aspect, list[Observation]]:
    found: dict[Aspect, list[Observation]] = {}
    for one in observations:
        if one.known:
            found.setdefault(one.aspect, []).append(one)
    return found
