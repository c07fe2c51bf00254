"""How a target reads times: inferred from its rows, zones with daylight saving among them; and how a time is off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from punching import NOON, punch, row, snapshot

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import TimePolicy
from camsim_conformance.model.moments import AGREED, INSTANT, WALL, Choice, choice, distance, how_off, wall, zone

BERLIN = ZoneInfo("Europe/Berlin")
JANUARY, JULY = (int(datetime(2026, month, 15, 12, tzinfo=UTC).timestamp()) for month in (1, 7))
OFFSETS = (330, 0, -210, 345, 840, -660)
Clock = Callable[[Punch], int]


def berlin(one: Punch) -> int:
    """What a server in Berlin stores that converts to its own time and drops the zone."""
    ahead = datetime.fromtimestamp(one.log_time, UTC).astimezone(BERLIN).utcoffset()
    assert ahead is not None
    return one.log_time + int(ahead.total_seconds())


def year_round() -> list[Punch]:
    """A punch at every offset, in winter and in summer, each of another person."""
    found = []
    for season in (JANUARY, JULY):
        found += [punch(f"{season}{offset}", season + 60 * offset, offset=offset) for offset in OFFSETS]
    return found


def chosen(some: list[Punch], clock: Clock, policy: TimePolicy = "instant", protocol: Protocol = Protocol.V3) -> Choice:
    return choice(some, snapshot([row(one, time=clock(one)) for one in some], policy), protocol)


@pytest.mark.parametrize(
    ("clock", "policy", "protocol", "reading", "declared"),
    [
        (INSTANT.time, "instant", Protocol.V3, INSTANT, True),
        (wall, "device-local", Protocol.V3, WALL, True),
        (INSTANT.time, "device-local", Protocol.V3, INSTANT, True),  # better than it says
        (wall, "instant", Protocol.V3, WALL, False),  # not what it says: a finding, and one alone
        (wall, "instant", Protocol.V2, WALL, True),  # v2's epoch has two readings (V2-01)
    ],
)
def test_a_reading_is_inferred_and_held_against_the_declared_policy(
    clock: Clock, policy: TimePolicy, protocol: Protocol, reading: object, declared: bool
) -> None:
    assert chosen(year_round(), clock, policy, protocol) == Choice(reading, 1.0, declared)  # type: ignore[arg-type]


@pytest.mark.parametrize(("policy", "reading"), [("instant", INSTANT), ("device-local", WALL)])
def test_at_offset_0_the_declared_reading_wins(policy: TimePolicy, reading: object) -> None:
    some = [punch(f"{number}", NOON + number, offset=0) for number in range(8)]
    assert chosen(some, INSTANT.time, policy).reading is reading


def test_the_wall_clock_of_a_zone_is_found_with_its_daylight_saving() -> None:
    found = chosen(year_round(), berlin)
    assert (found.share, found.declared) == (1.0, False)
    # Several zones have this clock; whichever is named, it shows both seasons.
    assert [found.reading.time(one) - one.log_time for one in (punch(at=JANUARY), punch(at=JULY))] == [3600, 7200]
    assert found.reading.name.startswith("the wall clock of ")
    assert chosen(year_round(), berlin, "device-local").declared


def test_a_zone_is_found_just_after_its_clocks_changed_between_moments_of_the_other_half_of_the_year() -> None:
    april = int(datetime(2026, 4, 2, 12, tzinfo=UTC).timestamp())
    far = int(datetime(2030, 1, 15, tzinfo=UTC).timestamp())
    some = [punch(f"{number}", april + 60 * number, offset=330) for number in range(20)]
    some += [punch("old", JANUARY, offset=330), punch("far", far, offset=330)]
    found = chosen(some, berlin)
    assert (found.share, found.consistent) == (1.0, True)


def test_one_hour_all_the_year_is_a_zone_without_daylight_saving() -> None:
    found = chosen(year_round(), lambda one: one.log_time + 3600)
    assert found.share == 1.0
    assert [found.reading.time(punch(at=season)) - season for season in (JANUARY, JULY)] == [3600, 3600]


def test_a_zone_is_taken_only_when_it_is_needed_and_shown_by_enough_rows() -> None:
    few = year_round()[:4]
    assert chosen(few, berlin).reading in (INSTANT, WALL)
    one_odd = [*year_round(), *[punch(f"{number}", NOON, offset=0) for number in range(30)]]
    found = chosen(one_odd, lambda one: one.log_time + (3600 if one is one_odd[0] else 0))
    assert (found.reading, found.consistent) == (INSTANT, True)


def test_hours_between_two_clocks_are_named_by_no_zone() -> None:
    assert chosen(year_round(), lambda one: one.log_time + 20 * 60).share == 0.0  # no zone is 20 minutes ahead
    assert zone("Asia/Kathmandu").time(punch(at=NOON)) == NOON + 345 * 60


def test_half_of_each_clock_is_inconsistent() -> None:
    some = [punch(f"{number}", NOON + number) for number in range(20)]
    found = chosen(some, lambda one: wall(one) if int(one.user_id) % 2 else one.log_time)
    assert found.share == 0.5 < AGREED
    assert not found.consistent


def test_a_punch_without_a_row_says_nothing_of_times() -> None:
    some = [punch("1"), punch("2")]
    assert choice(some, snapshot([row(some[0])]), Protocol.V3).share == 1.0
    assert choice(some, snapshot([]), Protocol.V3) == Choice(INSTANT, 1.0, True)


# --- how a wrong time is off -----------------------------------------------------------------------------------------

EAST, WEST = punch(offset=330), punch(offset=-210)
SENT = NOON + 86400 + 1000.0


@pytest.mark.parametrize(
    ("one", "time", "how"),
    [
        (EAST, NOON + 330 * 60, "with its offset dropped"),
        (WEST, NOON - 210 * 60, "with its offset dropped"),
        (WEST, NOON - 420 * 60, "with the sign of its offset ignored"),
        (EAST, NOON + 660 * 60, "with its offset the wrong way round"),
        (EAST, NOON + 30 * 60, "with the minutes of its offset ignored"),
        (WEST, NOON - 30 * 60, "with the minutes of its offset ignored"),
        (EAST, NOON - 330 * 60, "with its offset taken off twice"),
        (EAST, NOON + 3600, "an hour too late"),
        (EAST, NOON - 43200, "twelve hours too early"),
        (EAST, int(SENT) + 2, "at the time of arrival"),
        (EAST, int(SENT) + 330 * 60 - 100, "at the time of arrival"),  # its wall clock
        (EAST, int(SENT) + 200, "wrong"),
        (EAST, 0, "at the beginning of all time"),
        (EAST, NOON + 17, "wrong"),
    ],
)
def test_a_wrong_time_is_told_by_the_mistake_that_makes_it(one: Punch, time: int, how: str) -> None:
    assert how_off(row(one, time=time), one, NOON, SENT) == how


def test_where_a_wall_clock_is_expected_the_instant_is_the_mistake() -> None:
    assert how_off(row(EAST), EAST, wall(EAST), SENT) == "as the instant"


def test_seconds_that_are_not_kept_are_named() -> None:
    odd = punch(at=NOON + 17)
    assert how_off(row(odd, time=NOON), odd, NOON + 17, SENT) == "with its seconds dropped"


def test_without_a_sending_nothing_is_the_arrival() -> None:
    assert how_off(row(EAST, time=int(SENT)), EAST, NOON, None) == "wrong"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12600, "3 h 30 min late"),
        (-12, "12 s early"),
        (86400 + 61, "1 d 1 min late"),
        (-90061, "1 d 1 h early"),  # the two greatest parts are enough
        (0, "0 s early"),
    ],
)
def test_a_distance_is_told_in_two_parts(seconds: int, text: str) -> None:
    assert distance(seconds) == text
