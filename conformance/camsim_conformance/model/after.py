"""What came after a punch for the same person: what wipes or replaces it shows there and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from camsim_conformance.plan.history_factors import AGAIN
from camsim_conformance.plan.punch_values import key_of
from camsim_conformance.plan.told import Deed

from .history import Occurrence
from .people_events import Event, Kind, Person

# Other punches come after a punch nearly always: only what follows its last copy may have taken its place.
_PUNCHES = frozenset({Kind.PUNCH, Kind.LATE})
_MADE = frozenset({Kind.CREATE, Kind.RETURN})
# Which template it was is told of templates and names alone.
_FINER = frozenset(
    {Kind.FINGER, Kind.FACE, Kind.PALM, Kind.NUMBER, Kind.PIN, Kind.GROUP, Kind.LAZY_ADD, Kind.LAZY_DELETE}
)


def after(person: Person, history: Sequence[Occurrence], place: int) -> Mapping[str, str]:
    """The `then:` values of the punch that is told at a place of its person's history, and whether the device's date
    was changed before it; what did not come has none."""
    key = key_of(history[place])
    mine = {(one.id, one.number) for one in history if key_of(one) == key}
    numbers = [event.number for event in person.events if (event.occurrence.id, event.occurrence.number) in mine]
    if not numbers:
        return {}  # forged, it is no part of what happened
    found = person.beside_forged(numbers[0], numbers[-1])
    found.update({name: value for name, value in history[place].step.values.items() if name in found})
    if any(Kind.DATE in event.kinds for event in person.events[: numbers[0]]):
        found["date-before"] = "yes"
    told = history[place].told
    for event in person.events[numbers[0] + 1 :]:
        last = event.number > numbers[-1]
        # Who lets punches go by their times tells the one deletion from the other.
        if event.told.deed is Deed.DELETE and event.told.at < told.at:
            found["then:late-delete"] = "yes" if last else AGAIN
            continue
        for kind in _kinds(event, last=last):
            if last or f"then:{kind}" not in found:
                found[f"then:{kind}"] = "yes" if last else AGAIN
    return found


def _kinds(event: Event, *, last: bool) -> Iterator[str]:
    # Copies of other punches come after nearly all, and who comes back is made anew.
    untold = {Kind.COPY} | ({Kind.CREATE} if Kind.RETURN in event.kinds else set())
    for kind in event.kinds - untold - _FINER:
        if last or kind not in _PUNCHES:
            yield str(kind)
    if event.told.deed is Deed.UPDATE and not event.kinds & _MADE:
        yield "update"
    if event.told.templates:
        yield "template"
