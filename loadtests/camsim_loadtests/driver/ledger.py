"""What became of every item: attempts, first attempt, first acknowledgement; three flat arrays, no object an item."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from typing import TypedDict

import msgspec

ROW = struct.Struct("<IHII")  # seq, attempts, first attempt and first acknowledgement in ms + 1 (0: never)
_MOST_ATTEMPTS = 0xFFFF  # what two bytes hold: more than a storm makes of one item


def row(seq: int, attempts: int, sent_ms: float, acked_ms: float | None) -> bytes:
    """One report line of an item."""
    acked = 0
    if acked_ms is not None:
        acked = int(acked_ms) + 1
    return ROW.pack(seq, min(attempts, _MOST_ATTEMPTS), int(sent_ms) + 1, acked)


class Entry(msgspec.Struct, frozen=True):
    """What became of one item; milliseconds after the storm's first moment."""

    seq: int
    attempts: int
    sent_ms: int | None
    acked_ms: int | None


class Summary(TypedDict):
    """Completeness, as storm.json holds it."""

    total: int
    sent: int
    acknowledged: int
    undelivered: int
    attempts: int
    most_attempts: int
    complete: bool


class Ledger:
    """Items 0 … total-1, for whoever judges: opened once, from all rows of all workers.

    A later row about an item replaces an earlier one, but its first acknowledgement stays.
    """

    def __init__(self, total: int, rows: bytes = b"") -> None:
        self.total = total
        self._attempts = array("H", bytes(2 * total))
        self._sent = array("I", bytes(4 * total))
        self._acked = array("I", bytes(4 * total))
        for seq, attempts, sent, acked in ROW.iter_unpack(rows):
            self._attempts[seq], self._sent[seq] = attempts, sent
            self._acked[seq] = self._acked[seq] or acked

    def entry(self, seq: int) -> Entry:
        """What became of item `seq`."""
        return Entry(seq, self._attempts[seq], _moment(self._sent[seq]), _moment(self._acked[seq]))

    def acked(self, seq: int) -> bool:
        """True when the item was acknowledged."""
        return self._acked[seq] > 0

    def attempted(self, seq: int) -> bool:
        """True when the item was sent at least once."""
        return self._attempts[seq] > 0

    def last_ack_ms(self) -> int:
        """When the last first acknowledgement came; 0 when none did."""
        return max(0, max(self._acked, default=0) - 1)

    def open(self) -> Iterator[int]:
        """The items that nobody acknowledged."""
        return (seq for seq in range(self.total) if not self._acked[seq])

    def summary(self) -> Summary:
        """Completeness for a report."""
        acked = self.total - self._acked.count(0)
        return {
            "total": self.total,
            "sent": self.total - self._attempts.count(0),
            "acknowledged": acked,
            "undelivered": self.total - acked,
            "attempts": sum(self._attempts),
            "most_attempts": max(self._attempts, default=0),
            "complete": acked == self.total,
        }


def _moment(stored: int) -> int | None:
    return stored - 1 if stored else None
