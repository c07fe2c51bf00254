"""What became of every item: attempts, first attempt, first acknowledgement; three flat arrays, no object an item."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from typing import Any

import msgspec

ROW = struct.Struct("<IHII")  # seq, attempts, first attempt and first acknowledgement in ms + 1 (0: never)
_MOST_ATTEMPTS = 0xFFFF


def row(seq: int, attempts: int, sent_ms: float, acked_ms: float | None) -> bytes:
    """One report line of an item."""
    return ROW.pack(seq, min(attempts, _MOST_ATTEMPTS), int(sent_ms) + 1, 0 if acked_ms is None else int(acked_ms) + 1)


class Entry(msgspec.Struct, frozen=True):
    """What became of one item; milliseconds after the storm's first moment."""

    seq: int
    attempts: int
    sent_ms: int | None
    acked_ms: int | None


class Ledger:
    """Items 0 … total-1. A later row about an item replaces an earlier one, but its first acknowledgement stays."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._attempts = array("H", bytes(2 * total))
        self._sent = array("I", bytes(4 * total))
        self._acked = array("I", bytes(4 * total))

    def take(self, rows: bytes) -> None:
        """Enter the rows of one report."""
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

    def summary(self) -> dict[str, Any]:
        """Completeness for a report."""
        acked = sum(1 for moment in self._acked if moment)
        sent = sum(1 for count in self._attempts if count)
        return {
            "total": self.total,
            "sent": sent,
            "acknowledged": acked,
            "undelivered": self.total - acked,
            "attempts": sum(self._attempts),
            "most_attempts": max(self._attempts, default=0),
            "complete": acked == self.total,
        }

    def dump(self) -> bytes:
        """All of it as rows, for a file."""
        return b"".join(map(ROW.pack, range(self.total), self._attempts, self._sent, self._acked))


def _moment(stored: int) -> int | None:
    return stored - 1 if stored else None
