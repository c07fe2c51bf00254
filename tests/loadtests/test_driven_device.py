"""A device as the driver sees it: order, copies, lost acknowledgements."""

from __future__ import annotations

import msgspec

from camsim.state.outbox import Schedule
from camsim_loadtests.driver.device import DUPLICATE, DrivenDevice, load_next, loses_ack
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings

BASE = Settings(url="http://127.0.0.1/", start_s=1_700_000_000, devices=1, people=200, rate=10.0, duration_s=20.0)


def _driven(**changes):
    plan = Plan(msgspec.structs.replace(BASE, **changes))
    driven = DrivenDevice(plan.device(0), plan.items(0), b"")
    driven.backlog = plan.count(0)
    return plan, Writer(plan), driven


def _deliver_all(driven, writer):
    """Everything in the order it is first sent, with what goes out beside it."""
    told = []
    while driven.backlog:
        beside = load_next(driven, writer, 0)
        while delivery := driven.outbox.start(0):
            told.append(delivery)
            driven.outbox.settle(0, None, Schedule((1.0,)))
        told += beside
    return told


def test_items_are_told_in_the_order_of_the_plan():
    plan, writer, driven = _driven()

    assert [delivery.punch for delivery in _deliver_all(driven, writer)] == [item.seq for item in plan.items(0)]


def test_a_duplicate_storm_tells_every_punch_three_times():
    plan, writer, driven = _driven(profile="duplicate-storm")
    told = _deliver_all(driven, writer)

    assert len(told) == 3 * plan.total
    assert sum(delivery.anomaly == DUPLICATE for delivery in told) == 2 * plan.total
    # One copy is the same bytes, the other has an OperationID of its own.
    assert len({delivery.body for delivery in told}) == 2 * plan.total


def test_duplicates_have_about_their_share():
    plan, writer, driven = _driven(duplicates=0.3)

    copies = len(_deliver_all(driven, writer)) - plan.total
    assert 0.15 * plan.total < copies < 0.45 * plan.total


def test_only_first_attempts_lose_their_acknowledgement():
    plan, writer, driven = _driven(lost_ack=0.5)
    load_next(driven, writer, 0)
    losing = 0
    for _ in range(plan.total - 1):
        delivery = driven.outbox.start(0)
        losing += loses_ack(writer, delivery)
        delivery.attempts = 2
        assert not loses_ack(writer, delivery)
        driven.outbox.settle(0, None, Schedule((1.0,)))
        load_next(driven, writer, 0)

    assert 0.35 * plan.total < losing < 0.65 * plan.total
