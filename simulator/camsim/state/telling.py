"""Punches that are told again, to be rendered later: all that their bytes depend on, as it was then (A-CB-07)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from camsim.protocol.facts import Punch

from .blocks import Blocks
from .log_blocks import LogRow, Range, Snapshot, opened


class ToldPiece(msgspec.Struct):
    """Rows that follow each other, `count` of them to be told: of a block from `skip` on, or open ones as they are."""

    first: int
    last: int
    count: int
    block: int = 0
    block_first: int = 0
    skip: int = 0
    rows: list[tuple[int, Punch]] = msgspec.field(default_factory=list)


class Telling(msgspec.Struct):
    """`count` punches behind a delivery; `told` of the first piece are rendered.

    `delivery` and `operations` are the numbers before those of the next one, which takes `step` of the latter. Blocks
    have the numbers they have in the log: what a number stands for is the same wherever it is held.
    """

    at: int
    auth_token: str
    label: str
    serial: str
    knobs: dict[str, Any]
    frozen_key: str | None
    start: int | None
    end: int | None
    delivery: int
    operations: int
    step: int
    count: int = 0
    told: int = 0
    pieces: list[ToldPiece] = msgspec.field(default_factory=list)
    blocks: Blocks = msgspec.field(default_factory=Blocks)

    def gather(self, snapshot: Snapshot, told: int) -> None:
        """Take the rows of the range, of which so many are told already."""
        wanted = Range(self.start, self.end)
        for piece in snapshot.pieces:
            count = piece.count(wanted)
            if count <= told:
                told -= count
                continue
            here = ToldPiece(piece.first, piece.last, count)
            if piece.sealed is None:
                here.rows = [(row.number, row.punch) for row in piece.rows(wanted)]
            else:
                here.block, here.block_first, here.skip = piece.sealed.block, piece.sealed.first, piece.skip
                self.blocks.held[here.block] = piece.data
            if not self.pieces:
                self.told, told = told, 0
            self.pieces.append(here)
            self.count += count
        self.count -= self.told

    def take(self, most: int) -> list[tuple[int, Punch]]:
        """The next ones, at most so many: log numbers and punches."""
        taken: list[tuple[int, Punch]] = []
        while self.pieces and len(taken) < most:
            piece = self.pieces[0]
            some = self._rows(piece)[self.told : self.told + most - len(taken)]
            taken += some
            self.told += len(some)
            if self.told >= piece.count:
                del self.pieces[0]
                self.blocks.held.pop(piece.block, None)
                self.told = 0
        self.count -= len(taken)
        return taken

    def numbers(self) -> Iterator[tuple[int, int]]:
        """The log numbers of what is not told, as first and last of what follows each other."""
        for piece in self.pieces:
            if piece.count == piece.last - piece.first + 1:
                yield piece.first, piece.last
            else:
                yield from ((number, number) for number, _ in self._rows(piece))

    def _rows(self, piece: ToldPiece) -> list[tuple[int, Punch]]:
        if not piece.block:
            return piece.rows
        rows: list[LogRow] = opened(self.blocks.held[piece.block], piece.block_first)[piece.skip :]
        wanted = Range(self.start, self.end)
        return [(row.number, row.punch) for row in rows if wanted.has(row.punch)]
