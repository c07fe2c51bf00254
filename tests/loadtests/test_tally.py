"""What workers count and how it adds up."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from camsim_loadtests.driver.tally import Step, Tally, Totals

EVENTS = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 5000), st.floats(0, 300)), max_size=60)


def _play(tally, events):
    for kind, now, value in events:
        if kind == 0:
            tally.arrived(now, 1)
            tally.lagged(value)
        elif kind == 1:
            tally.acknowledged(now, value)
        else:
            tally.failed(now, f"kind {value > 150}", {"at": now})


def _totals(steps):
    totals = Totals()
    for step in steps:
        totals.add(msgspec.msgpack.decode(msgspec.msgpack.encode(step), type=Step))
    return totals


@settings(max_examples=20)
@given(EVENTS, st.integers(0, 60))
def test_reports_in_steps_add_up_to_the_whole(events, cut):
    whole, parts = Tally(), Tally()
    _play(whole, events)
    _play(parts, events[:cut])
    first = parts.step({}, False)
    _play(parts, events[cut:])

    one, two = _totals([whole.step({}, True)]), _totals([first, parts.step({}, True)])
    assert one.counts == two.counts
    assert one.latency.summary() == two.latency.summary()
    assert {kind: error.count for kind, error in one.errors.items()} == {
        kind: e.count for kind, e in two.errors.items()
    }
    assert one.seconds == two.seconds


def test_an_arrival_is_late_beyond_fifty_milliseconds():
    tally = Tally()
    tally.lagged(50.0)
    tally.lagged(50.1)

    assert (tally.counts["arrivals"], tally.counts["late"]) == (2, 1)


def test_levels_are_those_of_the_last_report_of_each_worker():
    totals = _totals(
        [Tally(0).step({"open": 5}, False), Tally(1).step({"open": 2}, False), Tally(0).step({"open": 1}, True)]
    )

    assert (totals.level("open"), totals.done) == (3, {0})


def test_the_first_example_of_an_error_is_kept():
    tally = Tally()
    tally.failed(0, "timeout", {"user": "1"})
    tally.failed(9, "timeout", {"user": "2"})

    assert tally.errors["timeout"].example == {"user": "1"}
    assert tally.errors["timeout"].count == 2
