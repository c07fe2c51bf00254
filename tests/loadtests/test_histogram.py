"""Latency histograms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camsim_loadtests.driver.histogram import Latencies, bucket, bucket_end, coarse_percentile

TIMES = st.lists(st.integers(1, 3_600_000_000), min_size=1, max_size=200)


def _of(values):
    latencies = Latencies()
    for value in values:
        latencies.record(value)
    return latencies


@settings(max_examples=30)
@given(TIMES, st.sampled_from([50.0, 95.0, 99.0, 100.0]))
def test_a_percentile_is_right_to_three_digits(values, percent):
    ordered = sorted(values)
    rank = max(1, int(len(values) * percent / 100 + 0.5))

    assert _of(values).percentile(percent) == pytest.approx(ordered[rank - 1] / 1e6, rel=0.002, abs=2e-6)


@settings(max_examples=20)
@given(TIMES, TIMES)
def test_merging_is_recording_everything_in_one(first, second):
    merged = _of(first)
    merged.merge(_of(second).encode())

    assert merged.summary() == _of(first + second).summary()


def test_an_empty_histogram_has_no_times():
    latencies = Latencies()

    assert (latencies.count, latencies.percentile(50), latencies.highest(), latencies.mean()) == (0, None, None, None)


@pytest.mark.parametrize("value", [-5, 0, 1e12])
def test_what_lies_outside_counts_at_the_end(value):
    assert _of([value]).count == 1


def test_a_reset_forgets():
    latencies = _of([5, 6])
    latencies.reset()

    assert latencies.count == 0


@given(st.floats(0.2, 1e6))
def test_a_coarse_bucket_ends_at_most_a_tenth_above_its_values(milliseconds):
    assert milliseconds <= bucket_end(bucket(milliseconds)) * 1.0001 <= milliseconds * 1.1


def test_the_coarse_percentile_counts_from_the_lowest():
    assert coarse_percentile([(8, 1), (0, 99)], 50) == bucket_end(0)
    assert coarse_percentile([(8, 1), (0, 99)], 100) == bucket_end(8)
    assert coarse_percentile([], 50) is None
