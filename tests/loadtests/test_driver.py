"""The open-loop driver against a real receiver, in this process."""

from __future__ import annotations

import json
import time

import msgspec
import pytest

from camsim_loadtests.driver.driver import Driver
from camsim_loadtests.driver.ledger import Ledger
from camsim_loadtests.driver.tally import Totals
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings

BASE = Settings(
    url="", start_s=1_700_000_000, devices=4, people=40, rate=60.0, duration_s=0.5, retry_s=0.05, drain_limit_s=5.0
)


def _drive(target, observer=lambda *told: None, **changes):
    plan = Plan(msgspec.structs.replace(BASE, url=target.url, **changes))
    driver = Driver(plan, 0, 1, observer)
    driver.run()
    totals, step = Totals(), driver.step()
    totals.add(step)
    ledger = Ledger(plan.total, step.rows)
    return plan, totals, ledger


def test_every_item_is_acknowledged_and_in_the_ledger(receiver):
    target = receiver()
    plan, totals, ledger = _drive(target)

    assert totals.counts["acked"] == plan.total == len(target.bodies)
    assert ledger.summary()["complete"]
    assert totals.done == {0}


def test_a_device_tells_in_order_even_when_attempts_fail(receiver, act):
    target = receiver(lambda number, message: act(status=500, store=0) if number % 3 == 0 else act())
    plan, totals, _ = _drive(target)

    told: dict[str, list[str]] = {}
    for body in target.bodies:
        message = json.loads(body)["RealTime"]
        firsts = told.setdefault(message["SerialNumber"], [])
        if message["OperationID"] not in firsts:
            firsts.append(message["OperationID"])
    planned = {plan.device(n).serial: plan.count(n) for n in range(4)}
    assert {serial: len(ids) for serial, ids in told.items()} == planned
    assert totals.counts["inversions"] == 0
    assert totals.counts["retries"] == totals.counts["errors"] > 0


def test_attempts_of_an_item_are_equal_to_the_byte(receiver, act):
    target = receiver(lambda number, message: act(text="no", store=0) if number < 5 else act())
    _drive(target)

    ids = [json.loads(body)["RealTime"]["OperationID"] for body in target.bodies]
    assert len(set(target.bodies)) == len(set(ids)) < len(ids)


def test_latency_counts_from_the_scheduled_moment(receiver, act):
    target = receiver(lambda number, message: act(wait_s=0.3 if number == 0 else 0))
    _, totals, _ = _drive(target, devices=1)

    # One request was slow; all that was due meanwhile waited behind it.
    assert totals.answer.percentile(75) < 0.1 < totals.latency.percentile(75)


def test_what_is_not_delivered_within_the_drain_limit_is_open(receiver, act):
    target = receiver(lambda number, message: act(status=500, store=0))
    plan, totals, ledger = _drive(target, drain_limit_s=0.1)

    assert totals.level("open") == plan.total
    assert ledger.summary()["acknowledged"] == 0
    assert ledger.summary()["sent"] == 4
    assert totals.errors["HTTP 500"].example["why"]


def test_a_driver_without_rest_counts_its_arrivals_as_late(receiver):
    target = receiver()
    _, totals, _ = _drive(
        target, lambda *told: time.sleep(0.01), rate=300.0, duration_s=1.5, drain_limit_s=0.0, people=4000
    )

    assert totals.counts["saturated_s"] >= 1
    assert totals.counts["late"] > 0.5 * totals.counts["arrivals"]


def test_a_receiver_that_is_slow_is_not_the_drivers_fault(receiver, act):
    target = receiver(lambda number, message: act(wait_s=0.2))
    _, totals, _ = _drive(target, duration_s=1.2, drain_limit_s=0.0, connections=2)

    assert totals.counts["saturated_s"] == 0
    assert totals.counts["late"] < 0.5 * totals.counts["arrivals"]


@pytest.mark.parametrize("connections", [1, 3])
def test_no_more_connections_are_opened_than_allowed(receiver, connections):
    target = receiver()
    _, totals, ledger = _drive(target, connections=connections)

    assert totals.level("connections") <= connections
    assert ledger.summary()["complete"]


def test_a_fault_of_the_driver_itself_is_never_the_receivers(receiver):
    target = receiver()

    def fails(*told):
        raise RuntimeError("the driver is broken")

    _, totals, _ = _drive(target, fails)

    assert "the driver is broken" in totals.crash
    assert totals.done == set()


def test_a_backlog_that_the_driver_holds_up_is_late(receiver):
    target = receiver()
    _, totals, _ = _drive(
        target,
        lambda *told: time.sleep(0.02),
        profile="offline-recovery",
        rate=200.0,
        duration_s=1.0,
        drain_limit_s=1.5,
        people=4000,
    )

    assert totals.counts["saturated_s"] >= 1
    assert totals.counts["arrivals"] == totals.counts["late"] == 4
