"""A device as the driver sees it: order, copies, lost acknowledgements."""

from __future__ import annotations

import msgspec

from camsim.state.outbox import Schedule
from camsim_loadtests.driver.device import DUPLICATE, Station, load, loses_ack
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings

BASE = Settings(url="http://127.0.0.1/", start_s=1_700_000_000, devices=1, people=200, rate=10.0, duration_s=20.0)


def _station(**changes):
    plan = Plan(msgspec.structs.replace(BASE, **changes))
    station = Station(plan.device(0), plan.items(0), b"")
    station.backlog = plan.count(0)
    return plan, Writer(plan), station


def _tell(station, writer):
    """Everything in the order it is first sent, with what goes out beside it."""
    told = []
    while station.backlog:
        beside = load(station, writer, 0)
        while delivery := station.outbox.start(0):
            told.append(delivery)
            station.outbox.settle(0, None, Schedule((1.0,)))
        told += beside
    return told


def test_items_are_told_in_the_order_of_the_plan():
    plan, writer, station = _station()

    assert [delivery.punch for delivery in _tell(station, writer)] == [item.seq for item in plan.items(0)]


def test_a_duplicate_storm_tells_every_punch_three_times():
    plan, writer, station = _station(profile="duplicate-storm")
    told = _tell(station, writer)

    assert len(told) == 3 * plan.total
    assert sum(delivery.anomaly == DUPLICATE for delivery in told) == 2 * plan.total
    # One copy is the same bytes, the other has an OperationID of its own.
    assert len({delivery.body for delivery in told}) == 2 * plan.total


def test_duplicates_have_about_their_share():
    plan, writer, station = _station(duplicates=0.3)

    copies = len(_tell(station, writer)) - plan.total
    assert 0.15 * plan.total < copies < 0.45 * plan.total


def test_only_first_attempts_lose_their_acknowledgement():
    plan, writer, station = _station(lost_ack=0.5)
    load(station, writer, 0)
    losing = 0
    for _ in range(plan.total - 1):
        delivery = station.outbox.start(0)
        losing += loses_ack(writer, delivery)
        delivery.attempts = 2
        assert not loses_ack(writer, delivery)
        station.outbox.settle(0, None, Schedule((1.0,)))
        load(station, writer, 0)

    assert 0.35 * plan.total < losing < 0.65 * plan.total
