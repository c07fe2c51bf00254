"""The punch log of a device: the newest rows as they are, uploaded ones of before sealed in blocks (A-DEV-14)."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from .blocks import Blocks
from .log_blocks import LogRow, Piece, Sealed, Snapshot, opened, sealed


class PunchLog(msgspec.Struct):
    """Rows in device order. `tail` are the open ones; `skip` rows of the first sealed block are overwritten.

    What is not uploaded stays open, for it will change. `next_block` is where the numbers of its blocks begin.
    """

    tail: list[LogRow] = msgspec.field(default_factory=list)
    start: int = 0
    sealed: list[Sealed] = msgspec.field(default_factory=list)
    skip: int = 0
    sealed_rows: int = 0
    blocks: Blocks | None = None
    next_block: int = 1

    def __len__(self) -> int:
        return self.sealed_rows + len(self.tail) - self.start

    def append(self, row: LogRow) -> None:
        """Write a row behind the others."""
        self.tail.append(row)

    def seal(self, size: int) -> None:
        """Seal the oldest open rows when there are twice as many as a block has, and all of them are uploaded."""
        start = self.start
        if len(self.tail) - start < 2 * size or not self.tail[start].uploaded:
            return
        oldest = self.tail[start : start + size]
        if not all(row.uploaded for row in oldest):
            return
        if self.blocks is None:
            self.blocks = Blocks(self.next_block)
        self.sealed.append(sealed(oldest, self.blocks))
        self.sealed_rows += len(oldest)
        del self.tail[: start + size]
        self.start = 0

    def drop_first(self) -> LogRow | None:
        """The ring overwrites the oldest row; returns it where it was not uploaded."""
        if not self.sealed:
            return self._drop_open()
        front = self.sealed[0]
        self.skip += 1
        self.sealed_rows -= 1
        if self.skip == front.count and self.blocks is not None:
            self.blocks.drop(front.block)
            del self.sealed[0]
            self.skip = 0
        return None

    def _drop_open(self) -> LogRow | None:
        row = self.tail[self.start]
        self.start += 1
        # Taking off the head one by one would move the whole list each time: so the start moves.
        if self.start > 1024 and self.start * 2 > len(self.tail):
            del self.tail[: self.start]
            self.start = 0
        return None if row.uploaded else row

    def row(self, number: int) -> LogRow | None:
        """The row with this number, if the log still has it; one of a sealed block must not be changed."""
        if len(self.tail) > self.start:
            index = self.start + number - self.tail[self.start].number
            if index >= self.start:
                return self.tail[index] if index < len(self.tail) else None
        place = bisect_right(self.sealed, number, key=_first) - 1
        if place < 0 or self.blocks is None:
            return None
        found = self.sealed[place]
        inside = number - found.first
        if inside >= found.count or (place == 0 and inside < self.skip):
            return None
        return opened(self.blocks.held[found.block], found.first)[inside]

    def first_number(self) -> int | None:
        """The number of the oldest row."""
        if self.sealed:
            return self.sealed[0].first + self.skip
        return self.tail[self.start].number if len(self.tail) > self.start else None

    def open_rows(self) -> list[LogRow]:
        """The rows that are not sealed; whatever is not uploaded is among them."""
        return self.tail[self.start :]

    def snapshot(self) -> Snapshot:
        """The rows there are now."""
        pieces = []
        for place, index in enumerate(self.sealed):
            skip = 0 if place else self.skip
            data = b"" if self.blocks is None else self.blocks.held[index.block]
            pieces.append(Piece(index.first + skip, index.first + index.count - 1, None, index, data, skip))
        return Snapshot(pieces + Snapshot.of(self.open_rows()).pieces)

    def lose_block(self, number: int) -> str:
        """A block cannot be read any more: the log goes on without its rows. Says which they were."""
        lost = [index for index in self.sealed if index.block == number]
        if lost and lost[0] is self.sealed[0]:
            self.sealed_rows += self.skip
            self.skip = 0
        self.sealed = [index for index in self.sealed if index.block != number]
        self.sealed_rows -= sum(index.count for index in lost)
        if self.blocks is not None:
            self.blocks.drop(number)
        return ", ".join(f"punches {index.first} to {index.first + index.count - 1} of its log" for index in lost)

    def clear(self) -> None:
        """Empty the log; numbers of blocks go on."""
        self.tail, self.start, self.sealed, self.skip, self.sealed_rows = [], 0, [], 0, 0
        if self.blocks is not None:
            self.blocks.clear()


def _first(index: Sealed) -> int:
    return index.first
