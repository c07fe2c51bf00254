"""Match the stored rows of each person with the punches that were told: each row is explained, each punch has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from camsim.readback.model import Capabilities, StoredPunch
from camsim_conformance.plan.told import Keep

from .dues import Due, Person, dues_of
from .forged_rows import give_back
from .history import Occurrence
from .moments import Reading, mistakes_in
from .rematching import rematch
from .words import PLAIN, differing_in, input_match, type_distance

SURELY = 0.5  # the share of such rows from which on it is no chance
OFTEN = 3  # so many people whose one row shows a mistake make it one that the target makes


def matched(
    people: Mapping[str, tuple[Occurrence, ...]],
    stored: Mapping[str, Sequence[StoredPunch]],
    reading: Reading,
    words: Capabilities = PLAIN,
) -> list[Person]:
    """Every person with rows matched; `words` are the target's own. A row that only fits another person's missing punch
    is booked wrongly."""
    found = []
    for user in dict.fromkeys([*people, *stored]):
        history = people.get(user, ())
        person = Person(user, history, dues_of(history), [])
        _match(person, list(stored.get(user, ())), reading, words)
        found.append(person)
    give_back(found, words)
    usual = _usual_mistakes(found)
    often = frozenset(name for name, count in usual.items() if count >= OFTEN)
    if often:
        for person in found:
            rematch(person, reading, often, words)
    _find_elsewhere(found, reading)
    for person in found:
        _pair_leftovers(person, reading, usual, words)
    return found


def _usual_mistakes(people: Iterable[Person]) -> Counter[str]:
    """How often each mistake explains the one row that is left of a person whose one punch has none."""
    found: Counter[str] = Counter()
    for person in people:
        waiting = [due for due in person.dues if _waits(due)]
        if len(waiting) == 1 and len(person.extra) == 1:
            found.update(mistakes_in(person.extra[0], waiting[0].punch))
    return found


def _match(person: Person, rows: list[StoredPunch], reading: Reading, words: Capabilities) -> None:
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
            _best(free, row, words).row = row
        else:
            _best(moment, row, words).more.append(row)
    for moment in by_time.values():
        # Punches of one moment may be one row: the page's key is UserID + LogTime (V3:1170).
        if any(due.row is not None for due in moment):
            for due in moment:
                due.shares_row = due.row is None


def _best(dues: Sequence[Due], row: StoredPunch, words: Capabilities) -> Due:
    """The punch that a row tells best: of its type, then of its input, then one that must be kept."""

    def distance(due: Due) -> tuple[int, bool, bool]:
        return (
            type_distance(row.type, due.punch.type, words),
            not input_match(row.input, due.punch.input, words),
            due.keep is not Keep.MUST,
        )

    return min(dues, key=distance)


def _find_elsewhere(people: Sequence[Person], reading: Reading) -> None:
    strays: dict[int, list[tuple[Person, StoredPunch]]] = {}
    for person in people:
        for row in person.extra:
            strays.setdefault(row.time, []).append((person, row))
    found = list(_elsewhere(people, strays, reading))
    # Who waits for rows of its own may have them at wrong times, and some of these fall on a neighbour's by chance.
    waits = {person.user for person in people if any(_waits(due) for due in person.dues)}
    own = sum(len(person.extra) for person in people if person.user in waits)
    hits = len({id(row) for _, other, row in found if other.user in waits})
    for due, other, row in found:
        believed = other.user not in waits or hits >= SURELY * own
        if believed and due.elsewhere is None and row in other.extra:
            due.elsewhere = row
            other.extra.remove(row)


def _elsewhere(
    people: Iterable[Person], strays: Mapping[int, Sequence[tuple[Person, StoredPunch]]], reading: Reading
) -> Iterator[tuple[Due, Person, StoredPunch]]:
    """Every punch that has no row with each row of somebody else that stands at its time."""
    for person in people:
        for due in person.dues:
            if due.row is not None or due.shares_row or due.keep is not Keep.MUST:
                continue
            for other, row in strays.get(reading.time(due.punch), []):
                if other is not person:
                    yield due, other, row


def _pair_leftovers(person: Person, reading: Reading, usual: Counter[str], words: Capabilities) -> None:
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
            differing = differing_in(due.punch, row, words)
            price = (not due.acknowledged, -likely, -alike[seconds], differing, abs(seconds), number)
            pairs.append((price, row))
    open_ = len(waiting) > 1 or len(person.extra) > 1
    for price, row in sorted(pairs, key=lambda pair: pair[0]):
        due = waiting[price[-1]]
        if due.row is None and row in person.extra:
            due.row = row
            # Where no usual mistake explains the distance and not all are shifted alike, it may be any other's row.
            due.guessed = open_ and not price[1] and alike[row.time - reading.time(due.punch)] < len(waiting)
            person.extra.remove(row)


def _waits(due: Due) -> bool:
    return due.row is None and not due.shares_row and due.elsewhere is None and due.keep is Keep.MUST
