"""Thresholds and verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim_loadtests.verdict.thresholds import (
    METRICS,
    Exit,
    Judged,
    ThresholdError,
    chosen,
    driver_doubts,
    judged,
    parse,
    verdict,
)


@pytest.mark.parametrize(
    ("text", "metric", "limit"),
    [
        ("p95<2s", "p95", 2),
        ("p99.9 <= 500ms", "p99.9", 0.5),
        ("lost==0", "lost", 0),
        ("error_share<1%", "error_share", 0.01),
    ],
)
def test_a_threshold_is_read_with_its_unit(text, metric, limit):
    threshold = parse(text)

    assert (threshold.metric, threshold.limit) == (metric, limit)


@pytest.mark.parametrize("text", ["p95", "p94<2s", "p95<2 parsecs", "p95=<2s", "lost==-1", ""])
def test_what_is_no_threshold_is_refused_with_the_metrics(text):
    with pytest.raises(ThresholdError, match="p50, p75"):
        parse(text)


@given(st.sampled_from(METRICS), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_threshold_holds_exactly_when_its_comparison_does(metric, limit, value):
    assert parse(f"{metric}<{limit:f}").holds(value) == (value < float(f"{limit:f}"))


def test_the_usual_thresholds_are_nothing_lost_and_the_deadline():
    assert [row.text for row in chosen([], 2.0, readback=False)] == ["lost==0", "p95<=2s"]
    assert [row.text for row in chosen([], 0.5, readback=True)] == ["lost==0", "p95<=0.5s", "doubled==0"]


def test_own_thresholds_replace_the_usual_ones():
    assert [row.text for row in chosen(["max<9s"], 2.0, readback=False)] == ["max<9s"]


@pytest.mark.parametrize("metric", ["missing", "doubled", "foreign"])
def test_what_only_a_readback_shows_cannot_be_asked_without_one(metric):
    with pytest.raises(ThresholdError, match="needs --readback"):
        chosen([f"{metric}==0"], 2.0, readback=False)


def test_a_threshold_of_something_unmeasured_is_neither_kept_nor_broken():
    (row,) = judged([parse("drain<5s")], {"drain": None})

    assert row.passed is None
    assert verdict([row], []) is Exit.COULD_NOT_JUDGE


LATE = ["arrivals were late"]
KEPT = Judged("lost==0", "lost", 0.0, 0.0, True)
SLOW = Judged("p95<1s", "p95", 2.0, 1.0, False)
LOST = Judged("lost==0", "lost", 3.0, 0.0, False)


@pytest.mark.parametrize(
    ("rows", "doubts", "code"),
    [
        ([KEPT], [], Exit.PASSED),
        ([KEPT, SLOW], [], Exit.FAILED),
        ([KEPT], LATE, Exit.COULD_NOT_JUDGE),
        ([KEPT, SLOW], LATE, Exit.COULD_NOT_JUDGE),
        ([LOST], LATE, Exit.FAILED),
    ],
)
def test_a_late_driver_never_passes_and_blames_no_time_on_the_receiver(rows, doubts, code):
    assert verdict(rows, doubts) is code


@pytest.mark.parametrize(("late", "doubted"), [(0, False), (10, False), (11, True)])
def test_more_than_one_percent_late_is_a_doubt(late, doubted):
    assert bool(driver_doubts({"arrivals": 1000, "late": late}, 1, 1, "")) is doubted


@pytest.mark.parametrize(
    ("counts", "done", "crash", "why"),
    [
        ({"arrivals": 10}, 1, "", "only 1 of 2 workers"),
        ({"arrivals": 10}, 2, "Traceback\nKeyError: 'x'", "KeyError"),
        ({}, 2, "", "nothing was driven"),
    ],
)
def test_a_lost_worker_a_crash_and_an_empty_run_are_doubts(counts, done, crash, why):
    assert why in " ".join(driver_doubts(counts, 2, done, crash))
