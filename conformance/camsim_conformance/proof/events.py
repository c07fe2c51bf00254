"""What a plan will tell, event by event, with the values that hold for each: known before a byte is sent.

The values are made by the judge's own functions, so that a fault strikes exactly the events that the judge describes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from camsim.protocol.facts import Punch
from camsim_conformance.model.dues import Due, dues_of
from camsim_conformance.model.history import NOTHING, Occurrence, histories
from camsim_conformance.model.judge import event_values
from camsim_conformance.model.people_events import Kind, person_of
from camsim_conformance.plan.cases import Case, Transport
from camsim_conformance.plan.plan import Plan
from camsim_conformance.plan.told import Deed, Keep, Told

_NO_ANSWER = frozenset({Transport.LOST_ACK, Transport.LOST_EARLY, Transport.CUT})


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a plan that tells something. `punch` is the distinct punch that it belongs to, `alone` whether no
    other punch of the person has its moment; `kinds` is what it is to its person; `answered` whether its answer is
    looked at; `stgid` the device that its URL names."""

    case: Case
    number: int
    told: Told
    wire: bytes
    values: Mapping[str, str]
    answered: bool
    punch: Punch | None = None
    alone: bool = True
    keep: Keep = Keep.MUST
    kinds: frozenset[Kind] = frozenset()
    stgid: str = ""

    @property
    def recorded(self) -> bool:
        """True when nothing that becomes of it is more than recorded."""
        return self.case.record

    def holds(self, condition: Iterable[tuple[str, str]]) -> bool:
        """True when all these values hold for it."""
        return all(self.values.get(factor) == name for factor, name in condition)


def events(plan: Plan, now_s: int) -> list[Event]:
    """All events of the cases of a plan. The punches that prove the target and the adapter before are none of them: who
    goes wrong there is not judged at all."""
    return [*_events(plan.cases, now_s)]


def _events(cases: Sequence[Case], now_s: int) -> Iterator[Event]:
    sent = [*_occurrences(cases)]
    for history in histories(sent).values():
        kinds = _kinds(history)
        of_punch = _dues(history)
        for place, one in enumerate(history):
            due = of_punch.get(place)
            values = event_values(history, place if due is None else due.first, now_s)
            yield _event(one, due, values, kinds.get(place, frozenset()), history)


def _event(
    one: Occurrence,
    due: Due | None,
    values: Mapping[str, str],
    kinds: frozenset[Kind],
    history: Sequence[Occurrence],
) -> Event:
    return Event(
        case=one.case,
        number=one.number,
        told=one.told,
        wire=one.step.wire,
        values=values,
        answered=one.step.transport not in _NO_ANSWER and one.told.keep is not Keep.NEVER,
        punch=None if due is None else due.punch,
        alone=due is None or _alone(due, history),
        keep=one.told.keep if due is None else due.keep,
        stgid=parse_qs(one.step.query.lstrip("?&")).get("stgid", [""])[0],
        kinds=kinds,
    )


def _occurrences(cases: Iterable[Case]) -> Iterator[Occurrence]:
    for case in cases:
        if case.blocked is not None:
            continue
        for number, step in enumerate(case.steps):
            yield Occurrence(case, number, step, step.told or NOTHING, (), acknowledged=True)


def _dues(history: Sequence[Occurrence]) -> dict[int, Due]:
    """The punch of every place that tells one."""
    found: dict[int, Due] = {}
    for due in dues_of(history):
        mine = {(one.id, one.number) for one in due.occurrences}
        for place, one in enumerate(history):
            if (one.id, one.number) in mine:
                found[place] = due
    return found


def _alone(due: Due, history: Sequence[Occurrence]) -> bool:
    for one in history:
        other = one.told.punch
        if other is not None and other != due.punch and other.log_time == due.punch.log_time:
            return False
        if other == due.punch and one.step.device != due.device:
            return False
    return True


def _kinds(history: Sequence[Occurrence]) -> dict[int, frozenset[Kind]]:
    person = person_of(history[0].told.user, history)
    found = {(event.occurrence.id, event.occurrence.number): event.kinds for event in person.events}
    return {place: found.get((one.id, one.number), frozenset()) for place, one in enumerate(history)}


def is_update(event: Event) -> bool:
    """True for what tells names or templates."""
    return event.told.deed is Deed.UPDATE
