"""Disorder: what is old comes late, and what is new comes before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from running_sim import START_MS, Sim

from camsim.protocol.timestamps import gmt

Start = Callable[..., Sim]


@pytest.mark.parametrize(("ago", "expected"), [("1d", "2020-09-12"), ("30d", "2020-08-14")])
def test_a_retroactive_punch_has_an_old_log_time_and_a_current_time(sim: Sim, ago: str, expected: str) -> None:
    sim.punch("1", ago=ago)
    sim.idle()

    frame = sim.receiver.messages[0]["RealTime"]
    assert frame["PunchLog"]["LogTime"].startswith(expected)
    assert frame["Time"] == gmt(START_MS // 1000, 0)


def test_a_deletion_can_overtake_the_update_before_it(start_sim: Start) -> None:
    orders = set()
    for seed in range(1, 6):
        sim = start_sim(seed=seed)
        sim.control("offline")
        sim.control("put_user", user="9", first_name="Gone")
        sim.control("delete_user", user="9")
        sim.control("online", order="shuffle")
        sim.idle()
        orders.add(
            tuple(next(iter(m["RealTime"].keys() & {"UserUpdated", "UserDeleted"})) for m in sim.receiver.messages)
        )

    assert orders == {("UserUpdated", "UserDeleted"), ("UserDeleted", "UserUpdated")}


def test_a_template_can_come_before_its_user(start_sim: Start) -> None:
    firsts = set()
    for seed in range(1, 8):
        sim = start_sim(seed=seed)
        sim.control("put_user", user="9", first_name="Nine", templates=["Fingerprint"], order="shuffle")
        sim.idle()
        firsts.add(len(sim.receiver.frames("UserUpdated")[0]["Template"]))

    assert firsts == {0, 1}
