"""A wrong time that is the right one of a neighbour: the row is not the neighbour's when the mistake is frequent."""

from __future__ import annotations

from collections.abc import Sequence

from punching import KEEPS, NOON, punch, row, told

from camsim.protocol.facts import Punch
from camsim.readback.model import Capabilities, StoredPunch
from camsim_conformance.model.dues import Person
from camsim_conformance.model.history import Occurrence, histories
from camsim_conformance.model.matching import OFTEN, matched
from camsim_conformance.model.moments import INSTANT, wall
from camsim_conformance.model.rematching import rematch
from camsim_conformance.model.words import type_distance
from camsim_conformance.plan.told import Keep

AHEAD_S = 330 * 60
WORDS = Capabilities("instant", KEEPS, {"in": frozenset({"CheckIn"}), "out": frozenset({"CheckOut"})})
DROPPED = "with its offset dropped"
PAIR = (punch(at=NOON), punch(at=NOON + AHEAD_S, input_="Palm"))


def match(
    some: Sequence[Occurrence], rows: Sequence[StoredPunch], *, often: bool = True, words: Capabilities = WORDS
) -> Person:
    """Person 7 among others whose only punch lost its offset."""
    others = [punch(str(100 + number), NOON + number) for number in range(OFTEN if often else 0)]
    stored: dict[str, list[StoredPunch]] = {one.user_id: [row(one, time=wall(one))] for one in others}
    for one in rows:
        stored.setdefault(one.user, []).append(one)
    found = matched(histories([*some, *map(told, others)]), stored, INSTANT, words)
    return next(person for person in found if person.user == "7")


def times(person: Person) -> list[int | None]:
    return [None if due.row is None else due.row.time for due in person.dues]


def shifted(*some: Punch) -> list[StoredPunch]:
    return [row(one, time=wall(one)) for one in some]


def test_a_row_at_a_neighbours_moment_is_its_own_punchs() -> None:
    person = match([told(one) for one in PAIR], shifted(*PAIR))
    assert times(person) == [wall(one) for one in PAIR]
    assert person.extra == []


def test_a_mistake_that_nobody_else_shows_explains_nothing() -> None:
    person = match([told(one) for one in PAIR], shifted(*PAIR), often=False)
    assert times(person)[1] == PAIR[1].log_time


def test_one_of_two_may_be_right_and_each_has_the_row_of_its_attributes() -> None:
    first, second = PAIR
    person = match([told(first), told(second)], [*shifted(first), row(second)])
    assert [due.row and due.row.input for due in person.dues] == ["Face", "Palm"]
    assert [due.more for due in person.dues] == [[], []]


def test_what_is_right_stays_as_it_is() -> None:
    person = match([told(one) for one in PAIR], [row(one) for one in PAIR])
    assert times(person) == [one.log_time for one in PAIR]


def test_a_double_of_a_wrong_row_is_a_double() -> None:
    person = match([told(one) for one in PAIR], [*shifted(*PAIR), *shifted(PAIR[1])])
    assert [len(due.more) for due in person.dues] == [0, 1]
    assert person.extra == []


def test_a_forged_punch_gets_no_row_by_a_mistake() -> None:
    first, second = PAIR
    person = match([told(first), told(second, keep=Keep.NEVER)], shifted(second))
    before = times(person)
    rematch(person, INSTANT, {DROPPED}, WORDS)
    assert times(person) == before
    assert person.dues[1].row is None


def test_a_target_with_words_of_its_own_is_matched_by_them() -> None:
    came, went = punch(at=NOON), replace_type(punch(at=NOON), "CheckOut")
    person = match([told(came), told(went, case="b")], [row(came, type="out"), row(came, type="in")])
    assert [due.row and due.row.type for due in person.dues] == ["in", "out"]
    assert type_distance("in", "CheckIn", WORDS) == 0
    assert type_distance("in", "BreakIn", WORDS) == 1
    assert type_distance("in", "CheckOut", WORDS) == 2
    assert type_distance(None, "CheckIn", WORDS) == 2


def replace_type(one: Punch, type_: str) -> Punch:
    return punch(one.user_id, one.log_time, type_, one.input, one.offset)
