"""Match again where a target makes one mistake often: its wrong time may be the right one of a neighbour.

A punch one offset from another, with its offset dropped, is stored at the very moment of that other. Taken at its word
the row is the neighbour's, and both are told wrongly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from camsim.readback.model import Capabilities, StoredPunch
from camsim_conformance.plan.told import Keep

from .dues import Due, Person
from .moments import Reading, mistakes_in
from .words import differing_in

# By the number of a punch the numbers of the rows that may be its own, the likeliest first.
_Options = Mapping[int, Sequence[int]]


def rematch(person: Person, reading: Reading, often: Collection[str], words: Capabilities) -> None:
    """Give as many punches as can be a row, at the right time or as one of the frequent mistakes makes it: who has the
    right one keeps it, unless another punch would go without. Only where something is missing or left over."""
    dues = person.dues
    if not _is_open(person) or not _is_plain(dues):
        return
    rows = _rows(person)
    options: dict[int, Sequence[int]] = {}
    for number, due in enumerate(dues):
        options[number] = _options(due, rows, reading, often, words)
    # What must be kept comes first.
    order = sorted(options, key=lambda number: dues[number].keep is not Keep.MUST)
    taken = _matching({number: options[number] for number in order})
    _swap(taken, dues, rows, options, words)
    for number, due in enumerate(dues):
        due.row = rows[taken[number]] if number in taken else None
        due.more = []
    left = [row for place, row in enumerate(rows) if place not in taken.values()]
    person.extra = []
    for row in left:
        twin = next((due for due in dues if due.row is not None and due.row.time == row.time), None)
        (person.extra if twin is None else twin.more).append(row)


def _rows(person: Person) -> list[StoredPunch]:
    found = [due.row for due in person.dues if due.row is not None]
    for due in person.dues:
        found += due.more
    return found + person.extra


def _is_open(person: Person) -> bool:
    return bool(person.extra) or any(due.row is None or due.more for due in person.dues)


def _is_plain(dues: Sequence[Due]) -> bool:
    """True when none is forged and none shares its moment: else a row may stand for several, or for none."""
    moments = {due.punch.log_time for due in dues}
    return len(moments) == len(dues) and all(due.keep is not Keep.NEVER for due in dues)


def _options(
    due: Due, rows: Sequence[StoredPunch], reading: Reading, often: Collection[str], words: Capabilities
) -> Sequence[int]:
    found: list[tuple[bool, int, int]] = []
    for place, row in enumerate(rows):
        exact = row.time == reading.time(due.punch)
        if exact or any(name in often for name in mistakes_in(row, due.punch)):
            found.append((not exact, differing_in(due.punch, row, words), place))
    return [place for _, _, place in sorted(found)]


def _matching(options: _Options) -> dict[int, int]:
    """The row of each punch: of as many punches as possible (Kuhn's augmenting paths)."""
    owner: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for row in options[number]:
            if row in tried:
                continue
            tried.add(row)
            if row not in owner or place(owner[row], tried):
                owner[row] = number
                return True
        return False

    for number in options:
        place(number, set())
    return {number: row for row, number in owner.items()}


def _swap(
    taken: dict[int, int], dues: Sequence[Due], rows: Sequence[StoredPunch], options: _Options, words: Capabilities
) -> None:
    """Change two rows where both punches may have either and what they tell fits better so."""

    def price(number: int, row: int) -> tuple[int, int]:
        return differing_in(dues[number].punch, rows[row], words), options[number].index(row)

    for one in taken:
        for other in taken:
            mine, theirs = taken[one], taken[other]
            if one < other and theirs in options[one] and mine in options[other]:
                now = [price(one, mine), price(other, theirs)]
                then = [price(one, theirs), price(other, mine)]
                if _sum(then) < _sum(now):
                    taken[one], taken[other] = theirs, mine


def _sum(prices: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(price[0] for price in prices), sum(price[1] for price in prices)
