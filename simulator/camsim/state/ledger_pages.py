"""Pages of the ledger: what became of a few hundred punches of a device that follow each other, sealed when settled."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .columns import pack, unpack


class Cause(StrEnum):
    """Why a recorded punch will not be delivered (invariant 1)."""

    DELETED = "deleted before upload"
    OVERWRITTEN = "overwritten in the full log"
    RESET = "queue reset"
    NOT_PUSHED = "not pushed by configuration"
    REMOVED = "device removed"
    LICENCE = "dropped at the end of the licence"


class Record(msgspec.Struct, gc=False):
    """One punch. Times in virtual ms; `first_sequence` is the order of its first attempt within the device."""

    number: int
    user: str
    log_time: int
    offset: int
    type: str
    recorded_at: int
    sent: int = 0  # callbacks that told it and were attempted
    attempts: int = 0
    first_attempt_at: int | None = None
    first_sequence: int | None = None
    first_ack_at: int | None = None
    acks: int = 0
    cause: str = ""
    reordered: bool = False  # a later punch was attempted before it

    @property
    def acknowledged(self) -> bool:
        """True once a receiver answered done for it."""
        return self.acks > 0

    @property
    def is_lost(self) -> bool:
        """True when it will not be delivered."""
        return bool(self.cause) and not self.acks

    @property
    def settled(self) -> bool:
        """True when it waits for nothing."""
        return bool(self.cause) or self.acks > 0

    @property
    def is_finding(self) -> bool:
        """True for what somebody would want to know of for ever: lost, doubled, out of order."""
        return self.is_lost or self.acks > 1 or self.reordered


class Page(msgspec.Struct, array_like=True, gc=False):
    """Punches of a device that follow each other; `block` is 0 while they are open, `waiting` of them not settled.

    Of a sealed page it is known what counts when it leaves.
    """

    serial: int
    first: int
    last: int
    size: int  # how many it takes
    began_at: int
    newest_at: int
    count: int = 0
    waiting: int = 0
    block: int = 0
    acknowledged: int = 0
    lost: int = 0
    redelivered: int = 0
    reordered: int = 0

    def total(self, records: list[Record]) -> None:
        """Note what its records come to."""
        self.acknowledged = sum(record.acknowledged for record in records)
        self.lost = sum(record.is_lost for record in records)
        self.redelivered = sum(max(0, record.acks - 1) for record in records)
        self.reordered = sum(record.reordered for record in records)


_FIELDS = Record.__struct_fields__


def packed(records: list[Record]) -> bytes:
    """Records as the bytes of a block."""
    return pack([[getattr(record, name) for record in records] for name in _FIELDS])


def unpacked(data: bytes) -> list[Record]:
    """The records of a block, new ones each time."""
    return list(map(Record, *unpack(data)))
