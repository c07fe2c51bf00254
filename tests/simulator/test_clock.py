"""Virtual time: four modes, and how it moves through a running simulator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from running_sim import START_MS, Sim, device

from camsim.service.clock import LAST_MS, Clock, ClockError, Mode, parse_mode, start

Start = Callable[..., Sim]
HOUR = 3_600_000


def test_a_real_clock_goes_with_the_host() -> None:
    clock = start("real", 1_000_000)
    assert (clock.now(1_000_000), clock.now(1_005_000)) == (1_000_000, 1_005_000)


def test_a_scaled_clock_goes_so_many_times_faster() -> None:
    clock = start("scaled:60", 1_000_000, 5_000_000)
    assert clock.now(1_001_000) == 5_060_000
    assert clock.host_delay_s(5_120_000, 1_001_000) == 1.0


@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_a_standing_clock_begins_one_horizon_ago_at_a_whole_second(mode: str) -> None:
    clock = start(mode, 1_600_000_000_777)
    assert clock.now(9_999_999_999_999) == 1_600_000_000_000 - 48 * HOUR


@pytest.mark.parametrize(
    "text", ["", "fast", "scaled", "scaled:", "scaled:0", "scaled:x", "scaled:1e9", "real:2", "scaled:nan"]
)
def test_a_mode_that_does_not_exist_is_refused_by_name(text: str) -> None:
    with pytest.raises(ClockError, match=r"allowed: real, manual, auto, scaled:N"):
        parse_mode(text)


@pytest.mark.parametrize("text", ["real", "manual", "auto", "scaled:60", "scaled:0.5"])
def test_a_clock_is_written_as_it_is_given(text: str) -> None:
    assert start(text, 0, 0).text == text


def test_a_switch_goes_on_from_the_present_moment() -> None:
    clock = Clock(Mode.MANUAL, still=5000)
    clock.switch("scaled:2", 100)
    assert (clock.now(100), clock.now(200)) == (5000, 5200)
    clock.switch("manual", 300)
    assert (clock.now(300), clock.now(999)) == (5400, 5400)


def test_what_is_due_already_waits_for_nothing() -> None:
    assert Clock(Mode.REAL).host_delay_s(10, 5000) == 0.0


# --- in a running simulator -------------------------------------------------------------------------------------------


def test_a_manual_clock_moves_only_on_request(sim: Sim) -> None:
    assert sim.now == START_MS
    assert sim.advance(90)["now"] == START_MS / 1000 + 90


def test_hours_of_retries_pass_in_one_go(sim: Sim) -> None:
    sim.receiver.fail(10)
    sim.punch("1")
    assert sim.idle()["waiting"]["callbacks"] == 0
    attempts = [(entry.at - START_MS) // 1000 for entry in sim.entries]
    assert attempts == [0, 30, 90, 210, 510, 1110, 2910, 6510, 10110, 13710, 17310]


def test_running_until_idle_ends_at_the_horizon_and_says_what_waits(sim: Sim) -> None:
    sim.receiver.answer = (500, b"")
    sim.punch("1")
    result = sim.idle()
    assert result["waiting"]["callbacks"] == 1
    assert 47 <= (result["now"] - START_MS / 1000) / 3600 <= 48
    assert result["waiting"]["next_timer"] > START_MS / 1000 + 48 * 3600


def test_an_auto_clock_jumps_by_itself(start_sim: Start) -> None:
    sim = start_sim(clock="auto", knobs={"rest.latency": "15s"})
    assert sim.rest({"Load": {"DeviceInformation": "All"}}).code == 0
    assert 2000 <= sim.now - START_MS <= 28_000


def test_an_auto_clock_never_jumps_to_a_background_timer(start_sim: Start) -> None:
    sim = start_sim(device(licence_end="2020-09-14 00:00:00"), clock="auto")
    sim.punch("1")
    sim.rest({"Load": {"DeviceInformation": "All"}})
    assert sim.now == START_MS


def test_time_stands_still_while_a_callback_is_out(start_sim: Start) -> None:
    sim = start_sim(clock="auto")
    seen: list[int] = []

    def answer(_: object) -> tuple[int, bytes]:
        seen.append(sim.now)
        return (500, b"") if len(seen) < 4 else (200, b'{"status":"done"}')

    sim.receiver.answer = answer
    sim.punch("1")
    sim.clock("manual")
    sim.idle()
    assert [(at - START_MS) // 1000 for at in seen] == [0, 30, 90, 210]


def test_a_scaled_clock_makes_timers_come_sooner(start_sim: Start) -> None:
    sim = start_sim(clock="scaled:10000", knobs={"rest.latency": "15s"})
    assert sim.rest({"Load": {"DeviceInformation": "All"}}).code == 0


def test_a_clock_that_is_switched_to_manual_stops(start_sim: Start) -> None:
    sim = start_sim(clock="scaled:100000")
    sim.clock("manual")
    assert sim.now == sim.now


def test_the_century_ends_before_the_wire_cannot_write_it(sim: Sim) -> None:
    sim.advance((LAST_MS - sim.now) / 1000)
    assert sim.punch("1")["log_time"] == "2100-01-01 05:30:00 GMT +0530"
