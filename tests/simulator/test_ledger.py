"""The ledger: what became of every punch, and counts that add up."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from camsim.control.records import PunchRow
from camsim.state.ledger import Cause, Ledger, Record, as_csv


def _ledger(*numbers: int) -> Ledger:
    ledger = Ledger()
    for number in numbers:
        ledger.recorded("A", Record(number, str(number), 1_600_000_000 + number, 330, "CheckIn", 0))
    return ledger


def _record(ledger: Ledger) -> Record:
    record = ledger.find("A", 1)
    assert record is not None
    return record


def test_a_punch_waits_until_it_is_acknowledged() -> None:
    ledger = _ledger(1)
    assert (ledger.summary()["waiting"], ledger.summary()["acknowledged"]) == (1, 0)
    ledger.attempted("A", 1, 5, first=True)
    ledger.acknowledged("A", 1, 9)
    record = _record(ledger)
    assert (record.first_attempt_at, record.first_ack_at, ledger.summary()["waiting"]) == (5, 9, 0)


def test_attempts_and_tellings_are_counted_apart() -> None:
    ledger = _ledger(1)
    for first in (True, False, True):
        ledger.attempted("A", 1, 0, first=first)
    assert (_record(ledger).sent, _record(ledger).attempts) == (2, 3)


def test_a_loss_has_a_name_unless_the_punch_was_acknowledged() -> None:
    ledger = _ledger(1, 2)
    ledger.acknowledged("A", 1, 0)
    for number in (1, 2):
        ledger.lost("A", number, Cause.RESET)
    assert [record.cause for _, record in ledger.rows()] == ["", "queue reset"]


def test_what_arrives_again_or_out_of_order_is_counted() -> None:
    ledger = _ledger(1, 2)
    for number in (2, 1, 1):
        ledger.attempted("A", number, 0, first=True)
        ledger.acknowledged("A", number, 0)
    summary = ledger.summary()
    assert (summary["redelivered"], summary["reordered"], summary["attempts"]) == (1, 1, 3)


def test_an_unknown_punch_is_nobodys() -> None:
    ledger = _ledger(1)
    ledger.attempted("A", 9, 0, first=True)
    ledger.acknowledged("B", 1, 0)
    ledger.lost("A", 9, Cause.RESET)
    assert ledger.summary()["attempts"] == 0


_DEEDS = st.lists(st.tuples(st.sampled_from(["ack", "lose", "try"]), st.integers(1, 5)), max_size=30)


@given(_DEEDS)
def test_the_counts_add_up(deeds: list[tuple[str, int]]) -> None:
    ledger = _ledger(1, 2, 3, 4, 5)
    for deed, number in deeds:
        if deed == "ack":
            ledger.acknowledged("A", number, 0)
        elif deed == "lose":
            ledger.lost("A", number, Cause.DELETED)
        else:
            ledger.attempted("A", number, 0, first=True)
    summary = ledger.summary()
    assert summary["punches"] == 5 == summary["acknowledged"] + summary["waiting"] + summary["lost"]


def test_the_table_has_a_row_a_punch_as_the_api_shows_it() -> None:
    ledger = _ledger(1, 2)
    rows = list(csv.DictReader(io.StringIO(as_csv(ledger))))
    assert [row["number"] for row in rows] == ["1", "2"]
    assert list(rows[0]) == list(PunchRow.__struct_fields__)
    assert rows[0]["log_time"] == "2020-09-13 17:56:41 GMT +0530"


def test_an_empty_table_has_a_header() -> None:
    assert as_csv(Ledger()).startswith("device,number,user")
