"""A row of a moment that an honest and a forged punch share: whose it is when the target tells Types wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from camsim.readback.model import Capabilities
from camsim_conformance.plan.told import Keep

from .dues import Due, Person
from .words import type_distance

WRONG = 2  # of `type_distance`: neither the Type nor its direction


def give_back(people: Iterable[Person], words: Capabilities) -> None:
    """Give such a row to the honest punch when the target tells that Type wrongly elsewhere too: the row with the
    forged Type in it shows no forgery then."""
    some = list(people)
    mistaken = {str(due.punch.type) for person in some for due in _alone(person) if _is_told_wrongly(due, words)}
    for person in some:
        for forged, honest in _pairs(person):
            if str(honest.punch.type) in mistaken:
                honest.row, honest.shares_row = forged.row, False
                forged.row, forged.shares_row = None, True


def _alone(person: Person) -> Iterator[Due]:
    """Honest punches with a row that no other punch of the moment may have."""
    for due in person.dues:
        others = [other for other in person.dues if other.punch.log_time == due.punch.log_time]
        if due.keep is not Keep.NEVER and due.row is not None and len(others) == 1:
            yield due


def _is_told_wrongly(due: Due, words: Capabilities) -> bool:
    row = due.row
    return row is not None and row.type is not None and type_distance(row.type, due.punch.type, words) == WRONG


def _pairs(person: Person) -> Iterator[tuple[Due, Due]]:
    """A forged punch that has the row of a moment, with the honest one that has none."""
    for forged in person.dues:
        if forged.keep is not Keep.NEVER or forged.row is None:
            continue
        for honest in person.dues:
            if honest.keep is not Keep.NEVER and honest.shares_row and honest.punch.log_time == forged.punch.log_time:
                yield forged, honest
