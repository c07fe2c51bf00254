"""Calendar edges: they lie where the clock of a run says, each beside a plain day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from certifying import profile

from camsim.protocol import timestamps
from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan import calendar
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.punch_values import planned, values_of
from camsim_conformance.requirements import by_id

RUNS = {
    "any": datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC),
    "new year's morning": datetime(2026, 12, 31, 19, 40, tzinfo=UTC),  # 01:10 of 1 January at +0530
    "minutes after midnight": datetime(2026, 6, 30, 18, 34, tzinfo=UTC),
    "clocks changed an hour ago": datetime(2026, 10, 25, 2, 10, tzinfo=UTC),
    "after 29 February": datetime(2028, 3, 20, 9, 0, tzinfo=UTC),
}


def edges(when: datetime, protocol: Protocol = Protocol.V3) -> dict[str, Case]:
    make = Builder(profile("http://127.0.0.1:1/", protocol=protocol), int(when.timestamp()), 12345)
    return {case.name: case for case in calendar.edges(make)}


def clocks(case: Case) -> list[str]:
    return [timestamps.gmt(punch.log_time, punch.offset) for punch in case.expect.punches]


def values(case: Case, when: datetime) -> list[dict[str, str]]:
    history = planned(case.steps)
    return [values_of(history, number, int(when.timestamp())) for number in range(len(history))]


@pytest.mark.parametrize("when", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("protocol", list(Protocol))
def test_whatever_the_clock_nothing_lies_ahead_and_each_edge_has_a_plain_punch(
    when: datetime, protocol: Protocol
) -> None:
    now = int(when.timestamp())
    cases = edges(when, protocol)
    assert len(cases) >= (10 if protocol is Protocol.V2 else 13)
    for name, case in cases.items():
        ages = [now - punch.log_time for punch in case.expect.punches]
        assert min(ages) > (-60 if name == "ahead" else 0)
        assert not case.record
        assert case.requirement in by_id()
        found = [value["edge"] for value in values(case, when)]
        if name not in ("one-offset-apart", "same-wall"):
            assert name.removesuffix("-new-york").removesuffix("-sydney") in found
            assert "none" in found or name.endswith("-alone") or name == "ahead"
        assert all(one.told.punch is not None for one in planned(case.steps))


def test_midnights_are_those_of_the_device() -> None:
    cases = edges(RUNS["new year's morning"])
    assert clocks(cases["year"])[0] == "2026-12-27 17:00:00 GMT +0530"
    for name in ("midnight", "month", "quarter", "year"):
        assert clocks(cases[name])[2] == "2027-01-01 00:00:00 GMT +0530"
    assert clocks(cases["iso-week"])[2] == "2026-12-28 00:00:00 GMT +0530"
    assert clocks(cases["utc-midnight"])[2] == "2026-12-31 05:30:00 GMT +0530"
    assert clocks(edges(RUNS["minutes after midnight"])["midnight"])[2] == "2026-06-30 00:00:00 GMT +0530"
    assert clocks(cases["night-shift"])[2:] == ["2026-12-30 22:00:00 GMT +0530", "2026-12-31 06:00:00 GMT +0530"]


def test_edges_of_one_midnight_share_no_other_moment() -> None:
    cases = edges(RUNS["new year's morning"])
    beside = [
        case.expect.punches[place].log_time
        for name, case in cases.items()
        if name in ("month", "year", "quarter")
        for place in (1, 3)
    ]
    assert len(set(beside)) == 6


def test_the_hours_of_daylight_saving_are_those_of_europe() -> None:
    # Three hours must have gone by, or half of it would lie ahead.
    assert clocks(edges(RUNS["clocks changed an hour ago"])["repeated-hour"])[1].startswith("2025-10-26 01:30:00")
    cases = edges(datetime(2026, 10, 26, 2, 10, tzinfo=UTC))
    assert clocks(cases["repeated-hour"])[1:] == [
        "2026-10-25 01:30:00 GMT +0200",
        "2026-10-25 02:40:00 GMT +0200",
        "2026-10-25 02:20:00 GMT +0100",
        "2026-10-25 03:30:00 GMT +0100",
    ]
    assert clocks(cases["skipped-hour"])[1:4] == [
        "2026-03-29 01:50:00 GMT +0100",
        "2026-03-29 03:10:00 GMT +0200",
        "2026-03-29 02:30:00 GMT +0100",
    ]


def test_the_clock_that_shows_an_hour_twice_far_from_europe() -> None:
    cases = edges(datetime(2026, 12, 1, tzinfo=UTC))
    assert clocks(cases["repeated-hour-new-york"])[1:3] == [
        "2026-11-01 01:40:00 GMT -0400",
        "2026-11-01 01:40:00 GMT -0500",
    ]
    assert clocks(cases["repeated-hour-sydney"])[1:3] == [
        "2026-04-05 02:40:00 GMT +1100",
        "2026-04-05 02:40:00 GMT +1000",
    ]


@pytest.mark.parametrize(
    ("when", "year"),
    [
        (RUNS["after 29 February"], 2028),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), 2024),
        (datetime(2030, 1, 1, tzinfo=UTC), 2028),
    ],
)
def test_the_last_29_february_is_an_edge_however_old_it_is(when: datetime, year: int) -> None:
    days = clocks(edges(when)["29-february"])
    assert [day[:10] for day in days] == [f"{year}-02-26", *[f"{year}-02-29"] * 3]


def test_one_wall_clock_at_two_offsets_is_marked() -> None:
    when = RUNS["any"]
    case = edges(when)["same-wall"]
    one, other = case.expect.punches
    assert one.log_time != other.log_time
    assert clocks(case)[0][:19] == clocks(case)[1][:19]
    assert [value["same-wall"] for value in values(case, when)] == ["yes", "yes"]
    assert [value["neighbour"] for value in values(edges(when)["one-offset-apart"], when)] == ["offset", "offset"]
    assert "same-wall" not in edges(when, Protocol.V2)


def test_values_are_found_in_what_is_told() -> None:
    make = Builder(profile("http://127.0.0.1:1/"), int(RUNS["any"].timestamp()), 12345)
    user = make.user()
    punch: Punch = make.punch(user, input_="", temperature=37.0, mask=True, offset=60)
    step = make.step(punch)
    photo = make.step(make.photo(user, punch.log_time))
    later = make.step(make.punch(user, punch.log_time + 4))
    found = values_of(planned([photo, step, later, make.step(punch), make.step(make.updated(user))]), 1, make.now)
    expected = {
        "input": "absent",
        "temperature": "whole",
        "mask": "true",
        "offset": "+0100",
        "neighbour": "4s",
        "photo": "before",
        "repeat": "old-again",
        "order": "in-order",
    }
    assert {name: found[name] for name in expected} == expected
    assert values_of(planned([step, make.step(punch)]), 1, make.now)["repeat"] == "retold"
    assert values_of(planned([later, step]), 1, make.now)["order"] == "after-newer"
    with pytest.raises(ValueError, match="tells no punch"):
        values_of(planned([photo]), 0, make.now)
