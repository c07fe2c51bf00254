"""What happened, in order: every request, answer and control action, masked, bounded by number and by bytes."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TypedDict

import msgspec

from camsim.control import records
from camsim.telling import WIDEST

MAX_ENTRIES, MAX_BYTES = 10_000, 64 * 1024 * 1024
_PRIVATE = ("Data", "LogPhoto", "Template", "AttendancePhoto", "AttendancePhotoe")
_MOST_SHOWN = 10_000  # values of a body
SHORT = 32  # characters: cards and PINs. A hash of so little would tell it to whoever tries them all
_SECRET = ("AuthToken",)


class Entry(msgspec.Struct, omit_defaults=True, gc=False):
    """One thing that happened. `at` is virtual ms; `real_s` and `took_ms` are of the host and not canonical."""

    seq: int
    at: int
    device: str
    device_seq: int
    direction: str  # callback | rest | control
    operation: str
    user: str = ""
    plain: bytes = b""
    wire: bytes | None = None  # when it differs from plain (encrypted, or damaged by a fault)
    delivery: int = 0
    attempt: int = 0
    verdict: str = ""
    why: str = ""
    field: str = ""
    code: int | None = None
    http: int | None = None
    answer: bytes = b""
    lint: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    register: tuple[str, ...] = ()
    real_s: float = 0.0
    took_ms: float = 0.0

    @property
    def size(self) -> int:
        """Bytes this entry holds on to."""
        wire = self.wire
        return len(self.plain) + len(self.answer) + (len(wire) if wire else 0) + 300  # 300: the object itself


class Members(TypedDict, total=False):
    """What whoever notes an entry says of it, as of Entry; where and when it happened the kernel knows."""

    user: str
    plain: bytes
    wire: bytes | None
    delivery: int
    attempt: int
    verdict: str
    why: str
    field: str
    code: int | None
    http: int | None
    answer: bytes
    lint: tuple[str, ...]
    faults: tuple[str, ...]
    real_s: float
    took_ms: float


class Journal(msgspec.Struct):
    """A bounded list of entries and the numbers they carry."""

    entries: list[Entry] = msgspec.field(default_factory=list)
    start: int = 0
    seq: int = 0
    held_bytes: int = 0
    dropped: int = 0
    max_entries: int = MAX_ENTRIES
    max_bytes: int = MAX_BYTES

    def __len__(self) -> int:
        return len(self.entries) - self.start

    def add(self, entry: Entry) -> None:
        """Append; the oldest go when there are too many or they hold too much."""
        entries = self.entries
        entries.append(entry)
        self.held_bytes += entry.size
        while len(entries) - self.start > self.max_entries or (
            self.held_bytes > self.max_bytes and len(entries) - self.start > 1
        ):
            self.held_bytes -= entries[self.start].size
            self.start += 1
            self.dropped += 1
        # Taking off the head one by one would move the whole list each time: so the start moves.
        if self.start > 1024 and self.start * 2 > len(self.entries):
            del self.entries[: self.start]
            self.start = 0

    def clear(self) -> None:
        """Forget every entry; numbers go on."""
        self.entries, self.start, self.held_bytes, self.dropped = [], 0, 0, 0

    def select(self, **wanted: object) -> Iterator[Entry]:
        """Entries in order whose attributes equal what is wanted (None is any)."""
        keys = {key: value for key, value in wanted.items() if value is not None}
        for entry in self.entries[self.start :]:
            if all(str(getattr(entry, key)) == str(value) for key, value in keys.items()):
                yield entry

    def newest(self, limit: int, **wanted: object) -> list[Entry]:
        """The last `limit` entries that match, oldest of them first."""
        return list(deque(self.select(**wanted), maxlen=limit))


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def masked(value: object, *, full: bool = False) -> object:
    """A message for people, unless `full`: templates and photos as sha256 and size, cards and PINs as size alone.

    Tokens keep two characters at each end.
    """
    if full:
        return value
    if isinstance(value, Mapping):
        return {key: _masked_member(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _masked_member(key: str, value: object) -> object:
    if key in _SECRET and isinstance(value, str):
        return mask_secret(value)
    if key in _PRIVATE and isinstance(value, str | int | float) and value != "":
        return _hidden(str(value))  # a card number may come as a number
    return masked(value)


def _hidden(data: str) -> dict[str, object]:
    """What is shown of a template or photo; of a short one, a card or a PIN, no hash."""
    if len(data) <= SHORT:
        return {"size": len(data)}
    return {"sha256": digest(data.encode()), "size": len(data)}


def mask_secret(secret: str | None) -> str | None:
    """First and last two characters of a token or key."""
    if not secret:
        return secret
    return f"{secret[:2]}…{secret[-2:]}" if len(secret) > 8 else "…"


def _parsed(data: bytes, full: bool) -> object:
    if len(data) > _MOST_SHOWN and data.count(b",") > _MOST_SHOWN:
        return None  # no message of the protocol: whoever looks would keep everybody waiting
    try:
        return _narrow(masked(msgspec.json.decode(data), full=full))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _narrow(value: object) -> object:
    """Numbers wider than 64 bits, which JSON can write and few can read, as texts."""
    if isinstance(value, dict):
        return {key: _narrow(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_narrow(item) for item in value]
    if isinstance(value, int) and not -WIDEST <= value <= WIDEST:
        return str(value)
    return value


def present(entry: Entry, *, full: bool = False) -> records.Entry:
    """An entry as the control API shows it: parsed bodies masked, lengths and hashes of the wire bytes."""
    wire = entry.wire if entry.wire is not None else entry.plain
    return records.Entry(
        seq=entry.seq,
        at=entry.at / 1000,
        real=entry.real_s,
        device=entry.device,
        device_seq=entry.device_seq,
        direction=entry.direction,
        operation=entry.operation,
        user=entry.user,
        verdict=entry.verdict,
        why=entry.why,
        field=entry.field,
        status_code=entry.code,
        http=entry.http,
        delivery=entry.delivery,
        attempt=entry.attempt,
        took_ms=round(entry.took_ms, 3),
        lint=entry.lint,
        faults=entry.faults,
        register=entry.register,
        request=_carried(wire, entry.plain, full=full),
        answer=_carried(entry.answer, entry.answer, full=full),
    )


def _carried(wire: bytes, plain: bytes, *, full: bool) -> records.Carried:
    text = wire.decode("utf-8", "replace") if full else None
    return records.Carried(len(wire), digest(wire), _parsed(plain, full), text)


def canonical(journal: Journal, versions: Mapping[str, str] | None = None) -> bytes:
    """The comparable form: a JSON line an entry, by virtual time, device and sequence; no real clock or duration.

    With `versions` a first line says what the bytes depend on besides seed and inputs, and the form's own number.
    """
    ordered = sorted(journal.entries[journal.start :], key=lambda entry: (entry.at, entry.device, entry.device_seq))
    lines: list[object] = [_canonical(entry) for entry in ordered]
    if versions is not None:
        lines.insert(0, {"canonical": 1, **versions})
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _canonical(entry: Entry) -> list[object]:
    return [
        entry.at,
        entry.device,
        entry.device_seq,
        entry.direction,
        entry.operation,
        digest(entry.plain),
        entry.attempt,
        entry.verdict,
        entry.code,
        list(entry.faults),
    ]
