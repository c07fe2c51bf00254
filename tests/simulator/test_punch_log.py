"""The punch log against a plain list: sealed, overwritten, looked up, paged and stored alike."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camsim.protocol.facts import Punch
from camsim.state import blocks
from camsim.state.blocks import Blocks
from camsim.state.columns import pack, unpack
from camsim.state.device import Device, User
from camsim.state.log_blocks import BLOCK_ROWS, LogRow, Range, Snapshot, rows_a_block
from camsim.state.models import Capacity, Model
from camsim.state.photo_numbers import PhotoNumbers
from camsim.state.punch_log import PunchLog

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
_VALUES = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40),
    st.lists(st.sampled_from([0, 1, True, 0.0, -0.0, 1.0, None, ""]), min_size=1, max_size=40),
    st.lists(st.floats(allow_nan=False) | st.none(), min_size=1, max_size=40),
    st.lists(_TEXTS, min_size=1, max_size=40),
)


def _bytes(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


@given(_VALUES)
def test_what_is_packed_comes_back_as_it_was(values: list[object]) -> None:
    assert _bytes(unpack(pack([values]))) == _bytes([values])


def test_a_block_of_punches_is_a_tenth_of_its_rows() -> None:
    punches = (Punch(str(n * 7 % 30), 1_600_000_000 + n * 9, 330, "CheckIn", "Face", 36.5) for n in range(512))
    rows = [LogRow(number, punch, True) for number, punch in enumerate(punches)]
    log = PunchLog(tail=rows + rows)
    log.seal(512)
    assert log.blocks is not None
    assert len(next(iter(log.blocks.held.values()))) * 10 < len(_bytes(rows))


def _device(capacity: int) -> Device:
    return Device("x", Model("m", "M", capacity=Capacity(logs=capacity)), "s", "m")


class Pair:
    """A log and the list that says what it should be."""

    def __init__(self, capacity: int, size: int) -> None:
        self.device, self.capacity, self.size = _device(capacity), capacity, size
        self.plain: list[LogRow] = []
        self.lost: list[int] = []

    def record(self, log_time: int, offset: int, uploaded: bool) -> None:
        punch = Punch(str(log_time % 5), log_time, offset, "CheckIn", "Card", mask=log_time % 2 == 0)
        row, overwritten = self.device.record(punch, self.size)
        row.uploaded = uploaded
        self.plain.append(LogRow(row.number, punch, uploaded))
        gone = None
        if len(self.plain) > self.capacity:
            gone = self.plain.pop(0)
        lost = gone is not None and not gone.uploaded
        assert (overwritten is not None) == lost
        if overwritten is not None and gone is not None:
            assert overwritten.number == gone.number

    def upload(self) -> None:
        for row in self.plain:
            if not row.uploaded:
                held = self.device.row(row.number)
                assert held is not None
                row.uploaded = held.uploaded = True

    def store(self) -> None:
        stored = msgspec.msgpack.encode(self.device.log, enc_hook=blocks.whole)
        self.device.log = msgspec.msgpack.decode(stored, type=PunchLog, dec_hook=blocks.decoded)
        assert msgspec.msgpack.encode(self.device.log, enc_hook=blocks.whole) == stored

    def check(self, wanted: Range) -> None:
        device = self.device
        assert list(device.rows()) == self.plain
        assert (device.log_count, device.not_uploaded()) == (len(self.plain), [r for r in self.plain if not r.uploaded])
        some = [row for row in self.plain if wanted.has(row.punch)]
        snapshot = device.snapshot()
        assert (list(device.rows(wanted)), snapshot.count(wanted)) == (some, len(some))
        for begin in (0, 1, len(some) // 2, len(some)):
            assert snapshot.some(begin, 7, wanted) == some[begin : begin + 7]
        first = self.plain[0].number if self.plain else 1
        for number in (first - 1, first, first + len(self.plain) // 2, first + len(self.plain)):
            assert device.row(number) == next((row for row in self.plain if row.number == number), None)
            assert snapshot.position(number, wanted) == sum(row.number < number for row in some)


_DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("punch"), st.integers(0, 60), st.sampled_from([0, 330]), st.booleans()),
        st.tuples(st.sampled_from(["upload", "store", "upload", "clear"])),
        st.tuples(st.just("many"), st.integers(1, 20)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(_DEEDS, st.integers(1, 40), st.integers(1, 6), st.integers(0, 20000), st.integers(0, 20000), st.booleans())
def test_a_log_is_the_list_it_would_be(
    deeds: list[tuple[str | int, ...]], capacity: int, size: int, start: int, end: int, wall: bool
) -> None:
    pair = Pair(capacity, size)
    for deed in deeds:
        _do(pair, *deed)
    pair.check(Range(start, end, wall))
    pair.check(Range())


def _do(pair: Pair, what: str | int, *given_: int) -> None:
    if what == "punch":
        pair.record(given_[0], given_[1], bool(given_[2]))
    elif what == "many":
        for turn in range(given_[0]):
            pair.record(turn * 3, 0, True)
    elif what == "upload":
        pair.upload()
    elif what == "store":
        pair.store()
    else:
        lost = pair.device.clear_logs()
        assert lost == [row for row in pair.plain if not row.uploaded]
        pair.plain.clear()


def _filled(count: int, uploaded: bool = True) -> Device:
    device = _device(500_000)
    for n in range(count):
        row, _ = device.record(Punch("1", n, 0, "CheckIn", "Card"))
        row.uploaded = uploaded
    return device


def test_what_is_not_uploaded_stays_open() -> None:
    assert len(_filled(3000, uploaded=False).log.tail) == 3000
    assert len(_filled(3000).log.tail) < 2 * BLOCK_ROWS


def test_a_snapshot_is_the_log_of_its_moment() -> None:
    device = _device(2000)
    for n in range(2000):
        device.record(Punch("1", n, 0, "CheckIn", "Card"))[0].uploaded = True
    snapshot, before = device.snapshot(), list(device.rows())
    for n in range(3000):
        device.record(Punch("2", n, 0, "CheckIn", "Card"))[0].uploaded = True
    device.clear_logs()
    assert list(snapshot) == before


def test_blocks_outside_of_a_range_are_not_opened() -> None:
    device = _filled(5000)
    assert device.log.blocks is not None
    held = device.log.blocks.held
    held.update(dict.fromkeys(list(held)[1:], b"never looked at"))
    assert [row.number for row in device.rows(Range(10, 12))] == [11, 12, 13]
    assert device.snapshot().count(Range(10, BLOCK_ROWS * 3 - 1)) == BLOCK_ROWS * 3 - 10


def test_with_many_devices_blocks_are_smaller() -> None:
    assert (rows_a_block(1), rows_a_block(1000), rows_a_block(10**6)) == (512, 32, 32)


def test_numbers_of_blocks_are_never_used_again() -> None:
    held = Blocks()
    assert [held.add(b"a"), held.add(b"b")] == [1, 2]
    held.clear()
    assert (held.add(b"c"), len(held)) == (3, 1)
    apart = blocks.decoded(Blocks, blocks.without_bytes(held))
    assert isinstance(apart, Blocks)
    assert (apart.next_number, apart.held) == (4, {3: b""})
    with pytest.raises(NotImplementedError):
        blocks.whole(object())


def test_an_empty_snapshot_has_nothing() -> None:
    assert (list(Snapshot([])), Snapshot.of([]).count(Range())) == ([], 0)


_NUMBERS = st.lists(st.tuples(st.sampled_from(["add", "add", "discard"]), st.integers(1, 400)), max_size=80)


@given(_NUMBERS)
def test_numbers_of_photos_are_a_set(deeds: list[tuple[str, int]]) -> None:
    numbers, plain = PhotoNumbers(), set[int]()
    for deed, number in deeds:
        getattr(numbers, deed)(number)
        getattr(plain, deed)(number)
    assert (list(numbers), len(numbers)) == (sorted(plain), len(plain))
    assert all(number in numbers for number in plain)
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(numbers), type=PhotoNumbers)
    assert list(_all(stored)) == sorted(plain)
    numbers.clear()
    assert (len(numbers), list(numbers)) == (0, [])


def _all(numbers: PhotoNumbers) -> Iterator[int]:
    yield from numbers


def test_who_is_no_longer_on_the_device_is_forgotten_in_the_end() -> None:
    device = _device(100)
    device.put_user(User("stays"))
    device.record(Punch("stays", 1, 0, "CheckIn", "Card"))
    for n in range(30_000):
        device.record(Punch(f"gone {n}", n, 0, "CheckIn", "Card"))
    assert len(device.last_punch) <= 2 * max(device.model.capacity.users, 1000)
    assert device.last_punch["stays"] == (1, "CheckIn")
