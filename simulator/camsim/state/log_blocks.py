"""Rows of a punch log that are sealed in blocks, opened when somebody asks for a time that lies in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from camsim.protocol.facts import Punch

from .blocks import Blocks
from .columns import pack, unpack

BLOCK_ROWS = 512  # the most in a block
_OPEN_ROWS = 32_768  # of all devices together: with many devices a block holds fewer
_LEAST_ROWS = 32


def rows_a_block(devices: int) -> int:
    """How many rows a block of a device has, where there are so many devices."""
    return max(_LEAST_ROWS, min(BLOCK_ROWS, _OPEN_ROWS // max(1, devices)))


class LogRow(msgspec.Struct, gc=False):
    """One record of the punch log; `number` counts all punches the device ever recorded."""

    number: int
    punch: Punch
    uploaded: bool = False


class Sealed(msgspec.Struct, array_like=True, gc=False):
    """Where a sealed block stands in the log, and between which times: UTC seconds, and by the wall clock."""

    block: int
    first: int
    count: int
    earliest: int
    latest: int
    earliest_wall: int
    latest_wall: int


def sealed(rows: list[LogRow], blocks: Blocks) -> Sealed:
    """Uploaded rows that follow each other, put into a block."""
    punches = [row.punch for row in rows]
    times = [punch.log_time for punch in punches]
    walls = [punch.log_time + punch.offset * 60 for punch in punches]
    columns: list[list[Any]] = [
        times,
        [punch.user_id for punch in punches],
        [punch.offset for punch in punches],
        [punch.type for punch in punches],
        [punch.input for punch in punches],
        [punch.temperature for punch in punches],
        [punch.mask for punch in punches],
    ]
    number = blocks.add(pack(columns))
    return Sealed(number, rows[0].number, len(rows), min(times), max(times), min(walls), max(walls))


@lru_cache(maxsize=4)
def opened(data: bytes, first: int) -> list[LogRow]:
    """The rows of a block; the last few that were asked for are kept, so nobody may change them."""
    times, users, offsets, types, inputs, temperatures, masks = unpack(data)
    punches = map(Punch, users, times, offsets, types, inputs, temperatures, masks)
    return [LogRow(number, punch, True) for number, punch in enumerate(punches, first)]


@dataclass(frozen=True, slots=True)
class Range:
    """Rows between two times, both included: UTC seconds, or by the wall clock of each row."""

    start: int | None = None
    end: int | None = None
    wall: bool = False

    def has(self, punch: Punch) -> bool:
        """Whether a punch lies in it."""
        moment = punch.log_time + punch.offset * 60 if self.wall else punch.log_time
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)

    def has_all(self, earliest: int, latest: int) -> bool:
        """Whether everything between two times lies in it."""
        return (self.start is None or self.start <= earliest) and (self.end is None or latest <= self.end)

    def has_none(self, earliest: int, latest: int) -> bool:
        """Whether nothing between two times lies in it."""
        return (self.start is not None and latest < self.start) or (self.end is not None and self.end < earliest)


EVERYTHING = Range()


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows that follow each other: of one sealed block, `skip` of its first ones overwritten, or open ones."""

    first: int
    last: int
    open_rows: list[LogRow] | None = None
    sealed: Sealed | None = None
    data: bytes = b""
    skip: int = 0

    def _bounds(self, wanted: Range) -> tuple[int, int] | None:
        if self.sealed is None:
            return None
        if wanted.wall:
            return self.sealed.earliest_wall, self.sealed.latest_wall
        return self.sealed.earliest, self.sealed.latest

    def rows(self, wanted: Range = EVERYTHING) -> list[LogRow]:
        """Its rows in the range; a block outside of it is not opened."""
        bounds = self._bounds(wanted)
        if bounds is not None and wanted.has_none(*bounds):
            return []
        whole = self._whole()
        if wanted == EVERYTHING or (bounds is not None and wanted.has_all(*bounds)):
            return whole
        return [row for row in whole if wanted.has(row.punch)]

    def count(self, wanted: Range) -> int:
        """How many of its rows are in the range; only a block across an end of it is opened."""
        bounds = self._bounds(wanted)
        if self.sealed is None or bounds is None:
            return len(self.rows(wanted))
        if wanted.has_none(*bounds):
            return 0
        if wanted.has_all(*bounds):
            return self.sealed.count - self.skip
        columns = unpack(self.data)
        moments = columns[0][self.skip :]
        if wanted.wall:
            offsets = columns[2][self.skip :]
            moments = [moment + offset * 60 for moment, offset in zip(moments, offsets, strict=True)]
        first = bounds[0] if wanted.start is None else wanted.start
        last = bounds[1] if wanted.end is None else wanted.end
        return sum(first <= moment <= last for moment in moments)

    def _whole(self) -> list[LogRow]:
        if self.sealed is None:
            return self.open_rows or []
        return opened(self.data, self.sealed.first)[self.skip :]


class Snapshot:
    """The log as it was at a moment: what is recorded, overwritten or deleted later changes nothing in it."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces

    @classmethod
    def of(cls, rows: list[LogRow]) -> Snapshot:
        """Of open rows alone."""
        portions = (rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS))
        return cls([Piece(some[0].number, some[-1].number, some) for some in portions])

    def __iter__(self) -> Iterator[LogRow]:
        """Every row, oldest first."""
        for piece in self.pieces:
            yield from piece.rows()

    def portions(self, wanted: Range = EVERYTHING) -> Iterator[list[LogRow]]:
        """Rows of the range in device order, a few hundred at once; empty where nothing of a piece is in the range."""
        for piece in self.pieces:
            yield piece.rows(wanted)

    def count(self, wanted: Range) -> int:
        """How many rows are in the range."""
        return sum(piece.count(wanted) for piece in self.pieces)

    def position(self, number: int, wanted: Range) -> int:
        """How many rows of the range stand before the row of this number."""
        before = sum(piece.count(wanted) for piece in self.pieces if piece.last < number)
        across = next((piece for piece in self.pieces if piece.first < number <= piece.last), None)
        if across is not None:
            before += sum(row.number < number for row in across.rows(wanted))
        return before

    def some(self, begin: int, most: int, wanted: Range) -> list[LogRow]:
        """At most so many rows of the range from the given one on, counted from 0 within the range."""
        found: list[LogRow] = []
        for piece in self.pieces:
            count = piece.count(wanted)
            if begin < count:
                found += piece.rows(wanted)[begin : begin + most - len(found)]
            begin = max(0, begin - count)
            if len(found) >= most:
                break
        return found
