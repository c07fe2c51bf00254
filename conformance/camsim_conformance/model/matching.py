"""Match the stored rows of each person with the punches that were told: each row is explained, each punch has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from camsim.protocol.facts import Punch
from camsim.readback.model import StoredPunch
from camsim_conformance.plan.told import Keep

from .history import Occurrence
from .moments import Reading, mistakes_in
from .words import same_word


@dataclass(slots=True)
class Due:
    """One distinct punch of a person, told by one device: `first` is where it was told first in the person's history.

    `row` is what the target stored of it; `elsewhere` the person it is booked to instead; `more` rows that double it.
    """

    punch: Punch
    device: int
    first: int
    occurrences: list[Occurrence]
    keep: Keep
    row: StoredPunch | None = None
    elsewhere: StoredPunch | None = None
    shares_row: bool = False
    more: list[StoredPunch] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        """True when one telling of it was."""
        return any(one.acknowledged for one in self.occurrences)

    @property
    def case(self) -> str:
        """The case that told it first."""
        return self.occurrences[0].id


@dataclass(slots=True)
class Person:
    """One person: what was told, and the rows that nothing told explains."""

    user: str
    history: tuple[Occurrence, ...]
    dues: list[Due]
    extra: list[StoredPunch]


def dues_of(history: Sequence[Occurrence]) -> list[Due]:
    """The distinct punches of a person, in the order in which they were told first."""
    found: dict[tuple[Punch, int], Due] = {}
    for place, one in enumerate(history):
        punch = one.told.punch
        if punch is None:
            continue
        key = (punch, one.step.device)
        if key in found:
            due = found[key]
            due.occurrences.append(one)
            # Told once by the right sender it must be kept, whatever a forger says as well.
            if one.told.keep is Keep.MUST:
                due.keep = Keep.MUST
        else:
            found[key] = Due(punch, one.step.device, place, [one], one.told.keep)
    return list(found.values())


def matched(
    people: Mapping[str, tuple[Occurrence, ...]], stored: Mapping[str, Sequence[StoredPunch]], reading: Reading
) -> list[Person]:
    """Every person with rows matched. A row that only fits another person's missing punch is booked wrongly."""
    found = []
    for user in dict.fromkeys([*people, *stored]):
        history = people.get(user, ())
        person = Person(user, history, dues_of(history), [])
        _match(person, list(stored.get(user, ())), reading)
        found.append(person)
    _find_elsewhere(found, reading)
    usual = _usual_mistakes(found)
    for person in found:
        _pair_leftovers(person, reading, usual)
    return found


def _usual_mistakes(people: Iterable[Person]) -> Counter[str]:
    """How often each mistake explains the one row that is left of a person whose one punch has none."""
    found: Counter[str] = Counter()
    for person in people:
        waiting = [due for due in person.dues if _waits(due)]
        if len(waiting) == 1 and len(person.extra) == 1:
            found.update(mistakes_in(person.extra[0], waiting[0].punch))
    return found


def _match(person: Person, rows: list[StoredPunch], reading: Reading) -> None:
    """Rows at the very time of a punch."""
    by_time: dict[int, list[Due]] = {}
    for due in person.dues:
        by_time.setdefault(reading.time(due.punch), []).append(due)
    for row in sorted(rows, key=lambda row: row.time):
        moment = by_time.get(row.time)
        if not moment:
            person.extra.append(row)
            continue
        free = [due for due in moment if due.row is None]
        if free:
            _best(free, row).row = row
        else:
            _best(moment, row).more.append(row)
    for moment in by_time.values():
        # Punches of one moment may be one row: the page's key is UserID + LogTime (V3:1170).
        if any(due.row is not None for due in moment):
            for due in moment:
                due.shares_row = due.row is None


def _best(dues: Sequence[Due], row: StoredPunch) -> Due:
    """The punch that a row tells best: of its type, then of its input, then one that must be kept."""

    def distance(due: Due) -> tuple[bool, bool, bool]:
        return (
            not same_word(row.type, due.punch.type),
            not same_word(row.input, due.punch.input),
            due.keep is not Keep.MUST,
        )

    return min(dues, key=distance)


def _find_elsewhere(people: Iterable[Person], reading: Reading) -> None:
    strays: dict[int, list[tuple[Person, StoredPunch]]] = {}
    for person in people:
        for row in person.extra:
            strays.setdefault(row.time, []).append((person, row))
    for person in people:
        for due in person.dues:
            if due.row is not None or due.shares_row or due.keep is not Keep.MUST:
                continue
            for other, row in strays.get(reading.time(due.punch), []):
                if other is not person and row in other.extra:
                    due.elsewhere = row
                    other.extra.remove(row)
                    break


def _pair_leftovers(person: Person, reading: Reading, usual: Counter[str]) -> None:
    """A punch without a row and a row without a punch are one punch at a wrong time: first what the target's usual
    mistake makes of it, then at a distance that explains most of the person's, then with the same attributes."""
    waiting = [due for due in person.dues if _waits(due)]
    apart = [[row.time - reading.time(due.punch) for row in person.extra] for due in waiting]
    # Several punches that are all shifted alike are no other punches of the person at distances of their own.
    alike = Counter(seconds for of_due in apart for seconds in of_due)
    pairs = []
    for number, due in enumerate(waiting):
        for row, seconds in zip(person.extra, apart[number], strict=True):
            likely = max((usual[name] for name in mistakes_in(row, due.punch)), default=0)
            differing = _differing(due.punch, row)
            price = (not due.acknowledged, -likely, -alike[seconds], differing, abs(seconds), number)
            pairs.append((price, row))
    for price, row in sorted(pairs, key=lambda pair: pair[0]):
        due = waiting[price[-1]]
        if due.row is None and row in person.extra:
            due.row = row
            person.extra.remove(row)


def _differing(punch: Punch, row: StoredPunch) -> int:
    """In how many attributes a row is another than the punch; what it does not tell is no other."""
    found = sum(word is not None and not same_word(word, told) for word, told in _words(punch, row))
    if row.temperature is not None and punch.temperature is not None:
        found += abs(row.temperature - punch.temperature) >= 1
    return found + (row.mask is not None and bool(row.mask) != bool(punch.mask))


def _words(punch: Punch, row: StoredPunch) -> tuple[tuple[str | None, str], ...]:
    return (row.type, punch.type), (row.input, punch.input)


def _waits(due: Due) -> bool:
    return due.row is None and not due.shares_row and due.elsewhere is None and due.keep is Keep.MUST
