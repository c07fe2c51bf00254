"""Clocks that are wrong, drift, are set, and change their zone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from anomaly import times
from running_sim import START_MS, Sim, device

from camsim.kernel.events import ControlError
from camsim.protocol.timestamps import parse

Start = Callable[..., Sim]


def test_a_clock_offset_shows_in_log_time_and_not_in_time(start_sim: Start) -> None:
    sim = start_sim(knobs={"device.clock_offset": 1800})
    sim.punch("1")
    sim.idle()

    frame = sim.receiver.messages[0]["RealTime"]
    assert parse(frame["PunchLog"]["LogTime"]).epoch_s - parse(frame["Time"]).epoch_s == 1800


def test_a_drifting_clock_runs_away_by_the_day(sim: Sim) -> None:
    sim.control("date", drift_ppm=100)
    sim.advance(86400)
    sim.punch("1")
    sim.idle()

    assert parse(times(sim)[0]).epoch_s - sim.now // 1000 == 8


def test_a_clock_13_days_ahead_and_back_is_told_both_times(sim: Sim) -> None:
    sim.control("date", by="+13d")
    sim.punch("1")
    sim.control("date", by="-13d")
    sim.punch("1", type="CheckOut")
    sim.idle()

    assert [parse(text).epoch_s - START_MS // 1000 for text in times(sim)] == [13 * 86400, 0]
    assert len(sim.receiver.frames("DateModified")) == 2


def test_a_change_of_the_date_tells_old_and_new_clock(sim: Sim) -> None:
    sim.control("date", to="2020-09-14 00:00:00")
    sim.idle()

    (told,) = sim.receiver.frames("DateModified")
    assert told["ModifiedTo"] == "2020-09-14 00:00:00 GMT +0530"
    assert told["OperationTime"] == "2020-09-13 17:56:40 GMT +0530"


@pytest.mark.parametrize("zone", ["-0330", "+0545", "+1400"])
def test_another_zone_writes_the_same_instant(sim: Sim, zone: str) -> None:
    sim.control("date", timezone=zone)
    sim.punch("1")
    sim.idle()

    assert times(sim)[0].endswith(f"GMT {zone}")
    assert parse(times(sim)[0]).epoch_s == START_MS // 1000


def test_daylight_saving_repeats_an_hour_of_the_wall_clock(start_sim: Start) -> None:
    half_past_two = 1_603_585_800  # 2020-10-25 00:30:00 UTC, half an hour before the change in Berlin
    sim = start_sim(device(timezone="Europe/Berlin"), start_ms=half_past_two * 1000)
    sim.punch("1")
    sim.advance(3600)
    sim.punch("1")
    sim.idle()

    assert times(sim) == ["2020-10-25 02:30:00 GMT +0200", "2020-10-25 02:30:00 GMT +0100"]
    assert sim.receiver.frames("DateModified") == []


def test_a_zone_without_daylight_saving_never_changes(start_sim: Start) -> None:
    sim = start_sim(device(timezone="Asia/Kolkata"))
    sim.advance(300 * 86400)
    sim.punch("1")
    sim.idle()

    assert times(sim)[0].endswith("GMT +0530")


def test_a_wrong_date_changes_nothing(sim: Sim) -> None:
    before = sim.digest()

    with pytest.raises(ControlError):
        sim.control("date", timezone="-0330", by="soon")

    assert sim.digest() == before
