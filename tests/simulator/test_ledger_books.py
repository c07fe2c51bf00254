"""The ledger within bounds: counts of what left, findings kept, sealed pages that open again; against a plain model."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from camsim.state.gateway import State, read_whole, whole
from camsim.state.ledger import Ledger
from camsim.state.ledger_books import Books
from camsim.state.ledger_pages import Cause, Record, packed, unpacked


def _record(number: int, at: int = 0) -> Record:
    return Record(number, str(number % 7), 1_600_000_000 + number, 330, "CheckIn", at)


def _stored(ledger: Ledger) -> Ledger:
    stored = whole(State(ledger=ledger))
    again = read_whole(stored)
    assert whole(again) == stored
    return again.ledger


def _blocks(ledger: Ledger, device: str = "A") -> list[int]:
    book = ledger.books.devices.peek(device)
    return [] if book is None else list(book.blocks.held)


@dataclass
class Plain:
    """A ledger that keeps everything and counts by looking at all of it."""

    records: dict[str, dict[int, Record]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    def summary(self) -> dict[str, int]:
        """As the ledger's."""
        counts = dict.fromkeys(Ledger().summary(), 0)
        for records in self.records.values():
            highest = 0
            counts["punches"] += len(records)
            for record in sorted(records.values(), key=lambda record: record.first_sequence or 1 << 62):
                counts["acknowledged"] += record.acks > 0
                counts["lost"] += bool(record.cause) and not record.acks
                counts["waiting"] += not record.acks and not record.cause
                counts["attempts"] += record.attempts
                counts["redelivered"] += max(0, record.acks - 1)
                counts["reordered"] += record.first_sequence is not None and record.number < highest
                highest = max(highest, record.number)
        return counts


class Pair:
    """Both, told the same."""

    def __init__(self, size: int) -> None:
        self.ledger, self.plain, self.size, self.numbers = Ledger(), Plain(), size, dict[str, int]()

    def punch(self, device: str) -> None:
        number = self.numbers[device] = self.numbers.get(device, 0) + 1
        self.ledger.recorded(device, _record(number), self.size)
        self.plain.records.setdefault(device, {})[number] = _record(number)

    def attempt(self, device: str, number: int, first: bool, copies: int) -> None:
        self.ledger.attempted(device, number, 5, first=first, copies=copies)
        record = self.plain.records.get(device, {}).get(number)
        if record is None:
            return
        record.attempts += copies
        record.sent += copies if first else copies - 1
        if record.first_attempt_at is None:
            record.first_attempt_at = 5
            record.first_sequence = self.plain.sequences[device] = self.plain.sequences.get(device, 0) + 1

    def acknowledge(self, device: str, number: int) -> None:
        self.ledger.acknowledged(device, number, 9)
        record = self.plain.records.get(device, {}).get(number)
        if record is not None:
            record.acks += 1
            record.first_ack_at = record.first_ack_at or 9

    def lose(self, device: str, number: int) -> None:
        self.ledger.lost(device, number, Cause.RESET)
        record = self.plain.records.get(device, {}).get(number)
        if record is not None and not record.acks:
            record.cause = str(Cause.RESET)

    def check(self) -> None:
        assert self.ledger.summary() == self.plain.summary()
        plain = ((device, record) for device, records in self.plain.records.items() for record in records.values())
        assert [(device, _comparable(record)) for device, record in self.ledger.rows()] == [
            (device, _comparable(record)) for device, record in plain
        ]
        for device, records in self.plain.records.items():
            assert self.ledger.undelivered(device) == {number for number, record in records.items() if not record.acks}
            for number in (0, 1, len(records), len(records) + 1):
                found = self.ledger.find(device, number)
                assert (found is None) == (number not in records)


def _comparable(record: Record) -> tuple[object, ...]:
    return msgspec.structs.astuple(msgspec.structs.replace(record, reordered=False))


_DEVICES, _NUMBERS = st.sampled_from(["A", "B"]), st.integers(1, 12)
_DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("punch"), _DEVICES),
        st.tuples(st.just("punch"), _DEVICES),
        st.tuples(st.just("attempt"), _DEVICES, _NUMBERS, st.booleans(), st.integers(1, 3)),
        st.tuples(st.just("acknowledge"), _DEVICES, _NUMBERS),
        st.tuples(st.just("acknowledge"), _DEVICES, _NUMBERS),
        st.tuples(st.just("lose"), _DEVICES, _NUMBERS),
        st.tuples(st.just("store")),
    ),
    max_size=70,
)


@settings(max_examples=250, deadline=None)
@given(_DEEDS, st.integers(1, 4))
def test_a_ledger_in_pages_is_the_ledger_it_would_be(deeds: list[tuple[object, ...]], size: int) -> None:
    pair = Pair(size)
    for what, *given_ in deeds:
        if what == "store":
            pair.ledger = _stored(pair.ledger)
        else:
            getattr(pair, str(what))(*given_)
    pair.check()


def _told(ledger: Ledger, device: str, numbers: range, at: int = 0, size: int = 10) -> None:
    for number in numbers:
        ledger.recorded(device, _record(number, at), size)
        ledger.attempted(device, number, at, first=True)
        ledger.acknowledged(device, number, at)


def test_old_pages_leave_and_stay_counted() -> None:
    ledger = Ledger(max_punches=50)
    _told(ledger, "A", range(1, 501))
    assert ledger.books.held <= 50 + 10
    assert (ledger.left.punches, ledger.left.acknowledged) == (500 - ledger.books.held,) * 2
    assert ledger.summary() == {**_ALL, "punches": 500, "acknowledged": 500, "attempts": 500}
    assert [record.number for _, record in ledger.rows()] == list(range(501 - ledger.books.held, 501))
    assert len(_blocks(ledger)) < 10


_ALL = dict.fromkeys(Ledger().summary(), 0)


def test_what_waits_never_leaves() -> None:
    ledger = Ledger(max_punches=20)
    for number in range(1, 101):
        ledger.recorded("A", _record(number), 10)
    _told(ledger, "B", range(1, 101))
    assert ledger.summary()["waiting"] == 100
    assert len([1 for device, _ in ledger.rows() if device == "A"]) == 100
    assert len([1 for device, _ in ledger.rows() if device == "B"]) <= 20


def test_the_oldest_of_all_devices_leave_first() -> None:
    ledger = Ledger(max_punches=40)
    _told(ledger, "A", range(1, 31))
    _told(ledger, "B", range(1, 31))
    assert [(device, record.number) for device, record in ledger.rows()][:1] != [("A", 1)]
    assert len([1 for device, _ in ledger.rows() if device == "B"]) == 30


def test_findings_are_kept_when_they_leave() -> None:
    ledger = Ledger(max_punches=10, max_findings=3)
    for number in (1, 2, 3, 4):
        ledger.recorded("A", _record(number), 4)
    for number in (1, 3, 2):
        ledger.attempted("A", number, 0, first=True)
        ledger.acknowledged("A", number, 0)
    ledger.acknowledged("A", 1, 0)
    ledger.lost("A", 4, Cause.RESET)
    _told(ledger, "A", range(5, 100))
    assert [(device, record.number) for device, record in ledger.found()] == [("A", 1), ("A", 2), ("A", 4)]
    assert (ledger.left.lost, ledger.left.redelivered, ledger.left.reordered) == (1, 1, 1)
    assert ledger.undelivered("A") == {4}
    for number in (100, 101):
        ledger.recorded("A", _record(number), 4)
        ledger.lost("A", number, Cause.DELETED)
    _told(ledger, "A", range(102, 200))
    assert (ledger.findings, ledger.left.lost) == (3, 3)


def test_a_punch_that_left_can_still_be_told_again() -> None:
    ledger = Ledger(max_punches=10)
    _told(ledger, "A", range(1, 100))
    assert ledger.find("A", 1) is None
    ledger.attempted("A", 1, 0, first=True)
    ledger.acknowledged("A", 1, 0)
    assert (ledger.summary()["redelivered"], ledger.summary()["attempts"]) == (1, 100)
    ledger.attempted("A", 1000, 0, first=True)
    assert ledger.summary()["attempts"] == 100


def test_what_is_too_old_leaves() -> None:
    ledger, day = Ledger(max_age_ms=30 * 86_400_000), 86_400_000
    for number in range(1, 101):
        _told(ledger, "A", range(number, number + 1), at=number * day, size=512)
    oldest = next(record for _, record in ledger.rows())
    assert 60 <= oldest.recorded_at // day <= 70
    assert ledger.summary()["acknowledged"] == 100


def test_a_device_of_the_same_id_begins_a_new_book() -> None:
    ledger = Ledger()
    _told(ledger, "A", range(1, 26))
    ledger.recorded("A", _record(26), 10)
    _told(ledger, "A", range(1, 4))
    assert [record.number for _, record in ledger.rows()] == [1, 2, 3]
    assert ledger.summary() == {**_ALL, "punches": 29, "acknowledged": 28, "lost": 1, "attempts": 28}
    assert [(record.number, record.cause) for _, record in ledger.found()] == [(26, "device removed")]


def test_cleared_it_is_empty_and_its_bounds_stay() -> None:
    ledger = Ledger(max_punches=20)
    _told(ledger, "A", range(1, 101))
    next_block = ledger.books.block_numbers
    ledger.clear()
    assert (ledger.summary(), list(ledger.rows()), ledger.max_punches, ledger.left.punches) == (_ALL, [], 20, 0)
    _told(ledger, "A", range(101, 200))
    assert min(_blocks(ledger)) > next_block


def test_losing_many_passes_over_what_is_acknowledged() -> None:
    ledger = Ledger()
    _told(ledger, "A", range(1, 101))
    ledger.recorded("A", _record(101))
    sealed = _blocks(ledger)
    ledger.lost_all("A", 1, 101, Cause.RESET)
    ledger.lost_all("B", 1, 9, Cause.RESET)
    assert _blocks(ledger) == sealed
    assert (ledger.summary()["lost"], ledger.summary()["acknowledged"]) == (1, 100)


def test_records_are_packed_as_they_are() -> None:
    records = [_record(number) for number in range(1, 40)]
    records[3].cause, records[5].acks = str(Cause.LICENCE), 2
    assert unpacked(packed(records)) == records
    assert Books().find("A", 1) is None
