"""Stored and sent are compared as sets, times in three values."""

from __future__ import annotations

import pytest

from camsim.protocol.facts import Punch
from camsim.readback.model import Capabilities, StoredPunch
from camsim_conformance.findings.matching import Moment, match, moment_of
from camsim_conformance.findings.words import TypeMatch, same_word, type_match

AT = 1_790_000_000
SENT = [Punch("1", AT, 330, "CheckIn", "Face"), Punch("1", AT + 60, 330, "CheckOut", "Face")]


def stored(*times: int) -> list[StoredPunch]:
    return [StoredPunch("1", time) for time in times]


@pytest.mark.parametrize("shift", [0, 19_800])
def test_instants_and_wall_clocks_are_equal_sets(shift: int) -> None:
    assert match(SENT, stored(AT + shift, AT + 60 + shift), any_shift=False).exact


def test_another_shift_is_only_a_set_where_times_are_judged_elsewhere() -> None:
    found = stored(AT + 3600, AT + 3660)
    assert match(SENT, found, any_shift=True).exact
    assert not match(SENT, found, any_shift=False).exact


def test_rows_of_two_shifts_are_no_set() -> None:
    assert not match(SENT, stored(AT, AT + 60 + 19_800), any_shift=True).exact


def test_missing_and_doubled_rows_are_named() -> None:
    found = match(SENT, stored(AT, AT), any_shift=True)
    assert (found.missing, found.extra) == ((SENT[1],), (StoredPunch("1", AT),))


@pytest.mark.parametrize(
    ("time", "policy", "expected"),
    [
        (AT, "instant", Moment.INSTANT),
        (AT + 19_800, "instant", Moment.WALL),
        (AT + 19_800, "device-local", Moment.WALL),
        (AT + 3600, "instant", Moment.WRONG),
    ],
)
def test_a_time_is_one_of_three(time: int, policy: str, expected: Moment) -> None:
    assert moment_of(StoredPunch("1", time), SENT[0], policy) is expected  # type: ignore[arg-type]


def test_at_offset_zero_both_readings_are_the_declared_one() -> None:
    sent = replace_offset(SENT[0], 0)
    assert moment_of(StoredPunch("1", AT), sent, "device-local") is Moment.WALL
    assert moment_of(StoredPunch("1", AT), sent, "instant") is Moment.INSTANT


def replace_offset(punch: Punch, offset: int) -> Punch:
    return Punch(punch.user_id, punch.log_time, offset, punch.type, punch.input)


@pytest.mark.parametrize("word", ["CheckIn", "checkin", "check_in", "CHECK-IN"])
def test_words_are_compared_without_case_and_separators(word: str) -> None:
    assert same_word(word, "CheckIn")


def test_v2_meal_words_mean_the_v3_ones() -> None:
    assert same_word("MealStart", "MealIn")
    assert not same_word("MealEnd", "MealIn")


MERGED = Capabilities("instant", frozenset(), {"in": frozenset({"CheckIn"}), "out": frozenset({"CheckOut"})})


@pytest.mark.parametrize(
    ("word", "sent", "expected"),
    [
        ("in", "CheckIn", TypeMatch.SAME),
        ("in", "BreakIn", TypeMatch.DIRECTION),
        ("out", "BreakIn", TypeMatch.WRONG),
        ("out", "CheckIn", TypeMatch.WRONG),
        ("elsewhere", "CheckIn", TypeMatch.WRONG),
    ],
)
def test_own_words_are_translated_and_merged_ones_judged_as_in_or_out(
    word: str, sent: str, expected: TypeMatch
) -> None:
    assert type_match(word, sent, MERGED) is expected


def test_a_stored_row_tells_its_own_type_first() -> None:
    both = [Punch("1", AT, 330, "CheckIn", "Face"), Punch("1", AT, 330, "CheckOut", "Face")]
    rows = [StoredPunch("1", AT, "CheckOut"), StoredPunch("1", AT, "CheckIn")]
    assert [(sent.type, row.type) for sent, row in match(both, rows, any_shift=False).pairs] == [
        ("CheckIn", "CheckIn"),
        ("CheckOut", "CheckOut"),
    ]
