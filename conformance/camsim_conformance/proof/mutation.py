"""One faulty receiver of the population: what it must show, run in process or over HTTP, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from camsim.receiver import Kind, start
from camsim_conformance.model.could import could_deviate
from camsim_conformance.model.explain import holds
from camsim_conformance.model.observation import Cause
from camsim_conformance.plan.plan import Plan
from camsim_conformance.requirements.verdicts import Level, Verdict
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.session import Session
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Exit, Result, conclude

from .direct import DirectReceiver
from .events import Event, events
from .faulty import Condition, Fault, FaultyPolicy
from .settings import Setting, direct, over_http
from .visible import expected_level, showing

HTTP_SETTLE_S = 0.4
EXACT, SAME_ROWS, IN_PARTS, WRONG = "the very values", "the same events", "with what makes it show", "not"
RIGHTLY = frozenset({EXACT, SAME_ROWS, IN_PARTS})


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
    told = events(plan, setting.now_s)
    policy.learn(told, _bystander(policy.fault, told, plan))


def _bystander(fault: Fault, told: Sequence[Event], plan: Plan) -> str:
    """The person to whom others' punches are booked: of the run, and none whom the fault befalls."""
    struck = {event.told.user for event in told if fault.strikes(event)}
    for event in told:
        if event.punch is not None and event.told.user not in struck and event.told.user in plan.watched:
            return event.told.user
    return plan.canary_people[-1]


def _shown(mutation: Mutation, record: RunRecord, begin: float) -> Shown:
    result = conclude(record, judge_all(record.observed()))
    causes = () if record.void is not None else result.causes
    return Shown(
        mutation=mutation,
        exit=result.exit_code,
        verdict=_gravest(result),
        expected=expected_level(mutation.fault, mutation.setting.protocol),
        named=_named(mutation, causes, record),
        causes=tuple(f"{cause.level} {cause.requirement}: {cause.sentence}" for cause in causes),
        values=tuple(cause.explanation.values for cause in causes),
        void=record.void,
        seconds=time.monotonic() - begin,
    )


def _gravest(result: Result) -> Verdict:
    verdicts = {row.verdict for row in result.requirements}
    return next((one for one in (Verdict.ERROR, Verdict.FAIL, Verdict.ADVICE) if one in verdicts), Verdict.PASS)


def _named(mutation: Mutation, causes: Sequence[Cause], record: RunRecord) -> str:
    """How the causes name the values: these very ones; others that cannot be told from them by anything that the plan
    sends and that could show the fault; these ones and what makes it show, together for all that was struck."""
    fault, setting = mutation.fault, mutation.setting
    wanted = frozenset(fault.named or fault.condition)
    found = [(frozenset(cause.explanation.values), values_of(cause)) for cause in causes]
    if any(wanted == lead for lead, _ in found):
        return EXACT
    if fault.of_people:
        return SAME_ROWS if any(_same_people(wanted, cause, record) for cause in causes) else WRONG
    able = showing(fault, events(record.plan, setting.now_s), setting)
    struck = _held(wanted, able)
    parts: set[int] = set()
    for lead, every in found:
        for values in (lead, *every):
            held = _held(values, able)
            if held == struck:
                return SAME_ROWS
            if wanted <= values:
                parts |= held
    return IN_PARTS if parts == struck else WRONG


def _same_people(wanted: Condition | frozenset[tuple[str, str]], cause: Cause, record: RunRecord) -> bool:
    """Whether the cause's values hold for the same names, templates and people as those wanted."""
    if record.void is not None:
        return False
    lead = cause.explanation
    held: list[set[int]] = [set(), set()]
    for place, one in enumerate(record.judgement().view.observations):
        if one.aspect is lead.aspect and one.known and could_deviate(one, lead.deviation):
            for mine, values in zip(held, (wanted, lead.values), strict=True):
                if holds(tuple(values), one):
                    mine.add(place)
    return held[0] == held[1] != set()


def values_of(cause: Cause) -> list[frozenset[tuple[str, str]]]:
    """The values of everything that a cause explains."""
    return [frozenset(one.values) for one in (cause.explanation, *cause.also)]


def _held(values: Collection[tuple[str, str]], some: Sequence[Event]) -> set[int]:
    return {place for place, event in enumerate(some) if event.holds(values)}
