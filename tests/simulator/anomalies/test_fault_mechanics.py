"""Faults are data: which callbacks they match, how often they strike, and that they compose."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from anomaly import on_request
from running_sim import START_MS, Sim, device

Start = Callable[..., Sim]


def test_faults_compose_and_are_listed_in_the_entry_they_shaped(sim: Sim) -> None:
    on_request(sim, "attendance_type")
    on_request(sim, "double_stgid")
    on_request(sim, "slow", options={"ms": 10})
    sim.punch("1")
    sim.idle()

    (entry,) = (entry for entry in sim.entries if entry.attempt)
    assert [label.partition(":")[2] for label in entry.faults] == ["attendance_type", "double_stgid", "slow"]
    (item,) = sim.receiver.received
    assert item.query == "stgid=SIM1?stgid=SIM1"
    assert "AttendanceType" in item.message["RealTime"]["PunchLog"]


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"device": "A"}, ["A", "A"]),
        ({"user": "2"}, ["A", "B"]),
        ({"operation": "RealTimePunchLog", "device": "B"}, ["B", "B"]),
        ({"operation": "ManuallyUserDeleted"}, []),
    ],
)
def test_a_fault_strikes_only_what_it_matches(start_sim: Start, match: dict[str, str], struck: list[str]) -> None:
    sim = start_sim(device("A"), device("B"))
    on_request(sim, "stgid", match=match)
    for stgid in ("A", "B"):
        sim.punch("1", stgid)
        sim.punch("2", stgid)
    sim.idle()

    assert sorted(item.query.removeprefix("stgid=") for item in sim.receiver.received if item.query) == struck


def test_every_tenth_of_each_device_is_struck(start_sim: Start) -> None:
    sim = start_sim(device("A"), device("B"))
    on_request(sim, "stgid", when={"every": 10})
    for stgid in ("A", "B"):
        sim.control("punches", stgid, punches=[{"user": "1", "count": 20}])
    sim.idle()

    assert sorted(item.query for item in sim.receiver.received if item.query) == ["stgid=A"] * 2 + ["stgid=B"] * 2


def test_a_fault_between_two_moments_strikes_only_then(sim: Sim) -> None:
    begin = START_MS // 1000 + 100
    on_request(sim, "stgid", when={"between": [begin, begin + 10]})
    for _ in range(3):
        sim.punch("1")
        sim.advance(100)
    sim.idle()

    assert [item.query for item in sim.receiver.received] == ["", "stgid=SIM1", ""]


def test_a_fault_by_chance_strikes_about_so_often(sim: Sim) -> None:
    on_request(sim, "stgid", when={"p": 0.25})
    sim.control("punches", punches=[{"user": "1", "count": 400}])
    sim.idle()

    assert 60 <= sum(bool(item.query) for item in sim.receiver.received) <= 140
