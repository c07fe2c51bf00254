"""Stored rows and told punches: which row is whose, what has none, what nobody told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from punching import NOON, People, people, punch, row, told

from camsim.readback.model import StoredPunch
from camsim_conformance.model.dues import Due, Person, dues_of
from camsim_conformance.model.matching import matched
from camsim_conformance.model.moments import INSTANT, WALL, wall
from camsim_conformance.plan.told import Keep

IN, OUT = punch(), punch(at=NOON + 600, type_="CheckOut")


def match(some: People, *rows: StoredPunch) -> dict[str, Person]:
    stored: dict[str, Sequence[StoredPunch]] = {}
    for one in rows:
        stored[one.user] = [*stored.get(one.user, ()), one]
    return {person.user: person for person in matched(some, stored, INSTANT)}


def rows_of(person: Person) -> list[StoredPunch | None]:
    return [due.row for due in person.dues]


# --- what is due -----------------------------------------------------------------------------------------------------


def test_a_punch_that_is_told_again_is_due_once() -> None:
    due, other = dues_of([told(IN, acknowledged=False, case="a"), told(OUT), told(IN, case="b")])
    assert (due.punch, due.first, len(due.occurrences), due.case) == (IN, 0, 2, "CB-PUNCH-001/a")
    assert due.acknowledged
    assert (other.punch, other.first) == (OUT, 1)


def test_one_moment_at_two_devices_is_due_twice() -> None:
    assert [due.device for due in dues_of([told(IN), told(IN, device=1)])] == [0, 1]


@pytest.mark.parametrize(("first", "second"), [(Keep.NEVER, Keep.MUST), (Keep.MUST, Keep.NEVER)])
def test_what_the_right_sender_told_is_due_whatever_a_forger_says(first: Keep, second: Keep) -> None:
    (due,) = dues_of([told(IN, keep=first), told(IN, keep=second)])
    assert due.keep is Keep.MUST


# --- rows ------------------------------------------------------------------------------------------------------------


def test_every_punch_has_its_row_in_whatever_order_they_are_stored() -> None:
    person = match(people(told(IN), told(OUT)), row(OUT), row(IN))["7"]
    assert rows_of(person) == [row(IN), row(OUT)]
    assert person.extra == []


def test_rows_are_matched_as_the_target_reads_times() -> None:
    stored = row(IN, time=wall(IN))
    (person,) = matched(people(told(IN)), {"7": [stored]}, WALL)
    assert rows_of(person) == [stored]


def test_a_punch_without_a_row_is_missing() -> None:
    person = match(people(told(IN), told(OUT)), row(IN))["7"]
    assert rows_of(person) == [row(IN), None]
    assert not person.dues[1].shares_row


def test_a_second_row_of_a_moment_is_a_double() -> None:
    person = match(people(told(IN)), row(IN), row(IN), row(IN))["7"]
    assert (rows_of(person), len(person.dues[0].more), person.extra) == ([row(IN)], 2, [])


def test_a_row_beside_all_that_was_told_is_invented() -> None:
    stray = row(IN, time=NOON + 5)
    person = match(people(told(IN)), row(IN), stray)["7"]
    assert (rows_of(person), person.extra) == ([row(IN)], [stray])


def test_rows_of_somebody_who_was_told_nothing_are_his_alone() -> None:
    found = match(people(told(IN)), row(IN), row(IN, user="99"))
    assert (found["99"].dues, found["99"].extra) == ([], [row(IN, user="99")])


# --- booked to another -----------------------------------------------------------------------------------------------


def test_a_punch_that_another_person_has_is_booked_wrongly_and_not_invented() -> None:
    wrong = row(IN, user="70")
    found = match(people(told(IN), told(punch("70", NOON + 60))), row(punch("70", NOON + 60)), wrong)
    assert (found["7"].dues[0].row, found["7"].dues[0].elsewhere) == (None, wrong)
    assert found["70"].extra == []


def test_one_row_stands_for_one_lost_punch() -> None:
    found = match(people(told(punch("1")), told(punch("2"))), row(IN, user="12"))
    elsewhere = [found[user].dues[0].elsewhere for user in ("1", "2")]
    assert elsewhere == [row(IN, user="12"), None]


def test_what_need_not_be_kept_is_looked_for_nowhere_else() -> None:
    found = match(people(told(IN, keep=Keep.MAY)), row(IN, user="12"))
    assert (found["7"].dues[0].elsewhere, found["12"].extra) == (None, [row(IN, user="12")])


# --- leftovers -------------------------------------------------------------------------------------------------------


def test_a_lost_punch_and_a_row_too_many_are_one_punch_at_a_wrong_time() -> None:
    late = row(OUT, time=OUT.log_time + 19800)
    person = match(people(told(IN), told(OUT)), row(IN), late)["7"]
    assert (rows_of(person), person.extra) == ([row(IN), late], [])


def test_a_leftover_goes_to_the_punch_of_its_type_before_the_nearer_one() -> None:
    near_in, far_out = row(OUT, time=NOON + 10), row(IN, time=NOON + 9000)
    person = match(people(told(IN), told(OUT)), near_in, far_out)["7"]
    assert rows_of(person) == [far_out, near_in]


def test_of_one_type_the_nearest_are_one() -> None:
    first, second = punch(at=NOON), punch(at=NOON + 600)
    rows = (row(first, time=NOON + 20), row(second, time=NOON + 620))
    assert rows_of(match(people(told(first), told(second)), *rows)["7"]) == list(rows)


@pytest.mark.parametrize("off", [-25200, 19800, 3607])
def test_punches_that_are_off_alike_are_not_taken_for_each_other(off: int) -> None:
    some = [punch(at=NOON + 60 * number) for number in range(3)]
    rows = [row(one, time=one.log_time + off) for one in some]
    assert rows_of(match(people(*map(told, some)), *rows)["7"]) == rows
    # Also when one of them is lost.
    assert rows_of(match(people(*map(told, some)), rows[0], rows[2])["7"]) == [rows[0], None, rows[2]]


def test_a_leftover_goes_to_what_was_acknowledged() -> None:
    refused, taken = punch(at=NOON), punch(at=NOON + 600)
    stray = row(refused, time=NOON + 7)
    person = match(people(told(refused, acknowledged=False), told(taken)), stray)["7"]
    assert rows_of(person) == [None, stray]


def test_no_leftover_is_a_forgerys() -> None:
    stray = row(IN, time=NOON + 7)
    person = match(people(told(IN, keep=Keep.NEVER)), stray)["7"]
    assert (rows_of(person), person.extra) == ([None], [stray])


# --- one moment ------------------------------------------------------------------------------------------------------


def test_punches_of_one_moment_may_share_a_row_which_is_that_of_the_likest() -> None:
    by_face, by_card = punch(), punch(input_="Card")
    face, card = match(people(told(by_face), told(by_card)), row(by_card))["7"].dues
    assert (face.row, face.shares_row) == (None, True)
    assert (card.row, card.shares_row) == (row(by_card), False)


def test_two_rows_of_one_moment_go_to_their_own_punches() -> None:
    by_face, by_card = punch(), punch(input_="Card")
    person = match(people(told(by_face), told(by_card)), row(by_card), row(by_face))["7"]
    assert rows_of(person) == [row(by_face), row(by_card)]
    assert not any(due.more or due.shares_row for due in person.dues)


def test_a_row_of_a_moment_is_the_honest_punchs_before_the_forged_ones() -> None:
    def keeps(due: Due) -> tuple[Keep, bool]:
        return due.keep, due.row is not None

    forged = told(IN, keep=Keep.NEVER, device=1)
    person = match(people(forged, told(IN)), row(IN))["7"]
    assert list(map(keeps, person.dues)) == [(Keep.NEVER, False), (Keep.MUST, True)]
    assert person.dues[0].shares_row
