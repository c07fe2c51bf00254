"""The rest of an event loop."""

from __future__ import annotations

import time

import gevent
import pytest

from camsim_loadtests.driver.loop_idle import IdleMeter


@pytest.fixture
def meter():
    """A meter that was asked once: the turn of the loop in which it is made does not count."""
    made = IdleMeter()
    gevent.sleep(0.01)
    made.take()
    yield made
    made.stop()


def test_a_sleeping_loop_rests(meter):
    gevent.sleep(0.2)

    assert meter.take() > 0.15


def test_a_loop_that_always_has_work_does_not(meter):
    until = time.perf_counter() + 0.2

    def work():
        while time.perf_counter() < until:
            sum(range(1000))
            gevent.sleep(0)

    gevent.spawn(work).join()
    assert meter.take() < 0.05
