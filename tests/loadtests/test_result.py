"""From counts to the document: metrics, outages, drain."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim import resources
from camsim_loadtests.driver.ledger import row
from camsim_loadtests.driver.tally import Second, Tally
from camsim_loadtests.plan.settings import Settings
from camsim_loadtests.verdict.reconcile import Comparison
from camsim_loadtests.verdict.result import document, measure, metrics, outages, second_rows
from camsim_loadtests.verdict.thresholds import Exit, chosen, driver_doubts, judged
from camsim_loadtests.workers.collector import Collector

SETTINGS = Settings(
    url="http://127.0.0.1/",
    start_s=1_700_000_000,
    rate=10.0,
    duration_s=2.0,
    auth_token="very secret",
    security_key="k" * 32,
)


def _raw(delivered=20):
    tally = Tally()
    for seq in range(20):
        tally.arrived(seq * 100, 1)
        tally.lagged(1.0)
        if seq < delivered:
            tally.acknowledged(seq * 100 + 30, 30.0)
            tally.rows += row(seq, 1, seq * 100, seq * 100 + 30)
    tally.counts["attempts"] = 25
    tally.failed(50.0, "timeout", {"at": 0, "user": "1", "device": "D", "operation": "x", "attempt": 1, "why": "slow"})
    collector = Collector(SETTINGS, 1, 0.5, None)
    collector.take(tally.step({"last_arrival_ms": 1900.0, "rss_mb": 50.0, "open": 0}, True))
    return collector.raw()


def test_metrics_come_from_ledger_counts_and_readback():
    found = Comparison(url="u", time_policy="instant", missing=2, doubled=1)
    values = metrics(measure(SETTINGS, _raw(delivered=18), found))

    assert (values["undelivered"], values["missing"], values["lost"], values["doubled"]) == (2, 2, 4, 1)
    assert values["error_share"] == 1 / 25
    assert values["p95"] == pytest.approx(0.030, rel=0.01)


def test_drain_is_from_the_last_arrival_to_the_last_acknowledgement():
    assert metrics(measure(SETTINGS, _raw()))["drain"] == pytest.approx(0.03)
    assert metrics(measure(SETTINGS, _raw(delivered=19)))["drain"] is None


def test_the_rate_reached_is_over_the_whole_duration():
    assert metrics(measure(SETTINGS, _raw()))["rate"] == 10.0


@pytest.mark.parametrize("comparison", [None, Comparison(url="u", time_policy="instant")])
def test_the_document_has_its_published_form_and_no_secret(comparison):
    measured = measure(SETTINGS, _raw(), comparison)
    rows = judged(chosen([], 2.0, readback=comparison is not None), metrics(measured))
    told = document(measured, rows, Exit.PASSED, driver_doubts(measured.raw.counts, 1, 1, ""), "0")

    jsonschema.validate(told, resources.load("schemas", "storm.json"))
    assert "very secret" not in str(told)
    assert "k" * 32 not in str(told)


def _seconds(*rows):
    return {number: Second(arrived=arrived, acked=acked) for number, (arrived, acked) in enumerate(rows)}


def test_an_outage_lasts_from_the_first_second_without_to_the_first_with_acknowledgements():
    (found,) = outages(_seconds((5, 5), (5, 0), (5, 0), (5, 8), (5, 12), (5, 5)))

    assert (found.from_s, found.to_s, found.drained_s) == (1, 3, 2)


def test_quiet_seconds_are_no_outage():
    assert outages(_seconds((5, 5), (0, 0), (5, 5))) == []


def test_an_outage_to_the_end_never_drained():
    (found,) = outages(_seconds((5, 5), (5, 0), (0, 0)))

    assert found.drained_s is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_the_backlog_of_the_last_second_is_what_was_never_acknowledged(rows):
    table = second_rows(_seconds(*rows))

    assert not rows or table[-1][5] == sum(a for a, _ in rows) - sum(b for _, b in rows)
