"""The kinds of storm."""

from __future__ import annotations

from camsim.protocol.catalogue import CALLBACKS, COMMANDS, Direction
from camsim_loadtests.plan.profiles import ENROLMENTS, FLOOD, PROFILES, PUNCHES


def test_the_kinds_asked_for_exist():
    names = {
        "shift-start",
        "steady",
        "offline-recovery",
        "duplicate-storm",
        "enrolment-wave",
        "mixed",
        "encrypted",
        "rest-flood",
    }

    assert names == set(PROFILES)


def test_operations_come_from_the_catalogue_and_go_one_way():
    for profile in PROFILES.values():
        assert set(profile.operations) <= {*CALLBACKS, *COMMANDS}
        assert {row.direction for row in profile.operations} == {profile.direction}


def test_punches_and_enrolments_are_what_their_numbers_say():
    assert [row.number for row in PUNCHES] == [11]
    assert [row.number for row in ENROLMENTS] == [3, 4, 5, 6, 7, 8, 9]


def test_a_flood_destroys_nothing_the_others_need():
    assert {row.number for row in COMMANDS} - {row.number for row in FLOOD} == {30, 31, 32, 33, 34, 35}
    assert all(row.direction is Direction.REST for row in FLOOD)
