"""The ledger of a storm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from camsim_loadtests.driver.ledger import Ledger, row

ROWS = st.lists(
    st.tuples(st.integers(0, 19), st.integers(1, 9), st.integers(0, 10_000), st.none() | st.integers(0, 10_000))
)


def test_an_item_nobody_reported_was_not_sent():
    entry = Ledger(3).entry(1)

    assert (entry.attempts, entry.sent_ms, entry.acked_ms) == (0, None, None)


def test_a_row_tells_attempts_and_moments():
    ledger = Ledger(3, row(1, 2, 0.0, 40.9))

    entry = ledger.entry(1)
    assert (entry.attempts, entry.sent_ms, entry.acked_ms) == (2, 0, 40)
    assert (ledger.acked(1), ledger.acked(0), ledger.last_ack_ms()) == (True, False, 40)


def test_the_first_acknowledgement_stays():
    ledger = Ledger(1, row(0, 1, 5, 10) + row(0, 2, 5, 900))

    assert (ledger.entry(0).acked_ms, ledger.entry(0).attempts) == (10, 2)


@given(ROWS)
def test_open_and_acknowledged_are_everything(rows):
    ledger = Ledger(20, b"".join(row(*one) for one in rows))

    summary = ledger.summary()
    assert summary["undelivered"] == len(list(ledger.open())) == 20 - summary["acknowledged"]
    assert summary["complete"] == (summary["acknowledged"] == 20)
