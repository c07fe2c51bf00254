"""What became of every punch: sent, attempted, acknowledged, or lost by a cause that has a name."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from camsim.control.records import PunchRow, Summary
from camsim.protocol.timestamps import gmt
from camsim.shown import spreadsheet_row


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

    @property
    def acknowledged(self) -> bool:
        """True once a receiver answered done for it."""
        return self.acks > 0


class Ledger(msgspec.Struct):
    """Records by device and log number."""

    records: dict[str, dict[int, Record]] = msgspec.field(default_factory=dict)
    sequences: dict[str, int] = msgspec.field(default_factory=dict)

    def recorded(self, device: str, record: Record) -> None:
        """A device accepted a punch."""
        self.records.setdefault(device, {})[record.number] = record

    def attempted(self, device: str, number: int, now_ms: int, *, first: bool, copies: int = 1) -> None:
        """A callback that tells the punch left, in `copies` at once; `first` for its first attempt."""
        record = self.find(device, number)
        if record is None:
            return
        record.attempts += copies
        record.sent += copies if first else copies - 1
        if record.first_attempt_at is None:
            record.first_attempt_at = now_ms
            record.first_sequence = self.sequences[device] = self.sequences.get(device, 0) + 1

    def acknowledged(self, device: str, number: int, now_ms: int) -> None:
        """The receiver answered done."""
        record = self.find(device, number)
        if record is None:
            return
        record.acks += 1
        if record.first_ack_at is None:
            record.first_ack_at = now_ms

    def find(self, device: str, number: int) -> Record | None:
        """The record of a punch; None for one from before the run."""
        return self.records.get(device, {}).get(number)

    def lost(self, device: str, number: int, cause: Cause) -> None:
        """A punch will not be delivered, for a reason that has a name."""
        record = self.find(device, number)
        if record is not None and not record.acks:
            record.cause = str(cause)

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Every record with its device."""
        for device, records in self.records.items():
            for record in records.values():
                yield device, record

    def summary(self) -> dict[str, int]:
        """Counts that add up: punches = acknowledged + waiting + lost."""
        counts: Counter[str] = Counter()
        for device, records in self.records.items():
            counts.update(self._device_summary(device, records))
        return {name: counts[name] for name in Summary.__struct_fields__}

    def _device_summary(self, device: str, records: dict[int, Record]) -> Counter[str]:
        counts: Counter[str] = Counter(punches=len(records))
        highest = 0
        for record in sorted(records.values(), key=lambda record: record.first_sequence or 1 << 62):
            counts["acknowledged"] += record.acknowledged
            counts["lost"] += bool(record.cause) and not record.acknowledged
            counts["waiting"] += not record.acknowledged and not record.cause
            counts["attempts"] += record.attempts
            counts["redelivered"] += max(0, record.acks - 1)
            counts["reordered"] += record.first_sequence is not None and record.number < highest
            highest = max(highest, record.number)
        return counts


def present(device: str, record: Record) -> PunchRow:
    """A record as the control API shows it."""
    return PunchRow(
        device=device,
        number=record.number,
        user=record.user,
        log_time=gmt(record.log_time, record.offset),
        type=record.type,
        sent=record.sent,
        attempts=record.attempts,
        first_attempt=_seconds(record.first_attempt_at),
        first_sequence=record.first_sequence,
        first_ack=_seconds(record.first_ack_at),
        acknowledged=record.acknowledged,
        acks=record.acks,
        cause=record.cause,
    )


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / 1000


def as_csv(ledger: Ledger) -> str:
    """All records, one row a punch, header first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, PunchRow.__struct_fields__)
    writer.writeheader()
    for device, record in ledger.rows():
        writer.writerow(spreadsheet_row(msgspec.structs.asdict(present(device, record))))
    return text.getvalue()
