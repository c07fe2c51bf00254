"""What happened, in order: every request, answer and control action, masked, bounded by number and by bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TypedDict

import msgspec

from camsim.control import records
from camsim.secrecy import NONE, Secrets, digest
from camsim.wording import WIDEST

MAX_ENTRIES, MAX_BYTES = 10_000, 64 * 1024 * 1024
_MOST_SHOWN = 10_000  # values of a body


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
    max_age_ms: int | None = None

    def __len__(self) -> int:
        return len(self.entries) - self.start

    def add(self, entry: Entry) -> None:
        """Append; the oldest go when there are too many, they hold too much or are too old."""
        entries = self.entries
        entries.append(entry)
        self.held_bytes += entry.size
        while len(entries) - self.start > self.max_entries or (
            self.held_bytes > self.max_bytes and len(entries) - self.start > 1
        ):
            self._drop_first()
        if self.max_age_ms is not None:
            while entries[self.start].at < entry.at - self.max_age_ms:
                self._drop_first()
        # Taking off the head one by one would move the whole list each time: so the start moves.
        if self.start > 1024 and self.start * 2 > len(self.entries):
            del self.entries[: self.start]
            self.start = 0

    def _drop_first(self) -> None:
        self.held_bytes -= self.entries[self.start].size
        self.start += 1
        self.dropped += 1

    def anew(self) -> Journal:
        """An empty journal with the same bounds."""
        return Journal(max_entries=self.max_entries, max_bytes=self.max_bytes, max_age_ms=self.max_age_ms)

    def clear(self) -> None:
        """Forget every entry; numbers go on."""
        self.entries, self.start, self.held_bytes, self.dropped = [], 0, 0, 0

    def select(self, **wanted: object) -> Iterator[Entry]:
        """Entries in order whose attributes equal what is wanted (None is any)."""
        keys = {key: value for key, value in wanted.items() if value is not None}
        for entry in self.entries[self.start :]:
            if all(str(getattr(entry, key)) == str(value) for key, value in keys.items()):
                yield entry

    def newest_first(self, **wanted: object) -> Iterator[Entry | None]:
        """Entries that match, newest first; None in the place of those that do not."""
        keys = {key: str(value) for key, value in wanted.items() if value is not None}
        for entry in self.entries[: self.start - 1 if self.start else None : -1]:
            yield entry if all(str(getattr(entry, key)) == value for key, value in keys.items()) else None

    def newest(self, limit: int, **wanted: object) -> list[Entry]:
        """The last `limit` entries that match, oldest of them first."""
        return list(deque(self.select(**wanted), maxlen=limit))


def _parsed(data: bytes, secrets: Secrets | None) -> object:
    if len(data) > _MOST_SHOWN and data.count(b",") > _MOST_SHOWN:
        return None  # no message of the protocol: whoever looks would keep everybody waiting
    try:
        message: object = msgspec.json.decode(data)
        return _narrow(message if secrets is None else secrets.masked(message))
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


def present(entry: Entry, secrets: Secrets | None = NONE) -> records.Entry:
    """An entry as the control API shows it: lengths and hashes of the wire bytes, parsed bodies.

    `secrets`: those in use, which stand nowhere in it; with None everything is shown as it is.
    """
    shown = str if secrets is None else secrets.text
    wire = entry.wire if entry.wire is not None else entry.plain
    return records.Entry(
        seq=entry.seq,
        at=entry.at / 1000,
        real=entry.real_s,
        device=entry.device,
        device_seq=entry.device_seq,
        direction=entry.direction,
        operation=shown(entry.operation),
        user=shown(entry.user),
        verdict=shown(entry.verdict),
        why=shown(entry.why),
        field=shown(entry.field),
        status_code=entry.code,
        http=entry.http,
        delivery=entry.delivery,
        attempt=entry.attempt,
        took_ms=round(entry.took_ms, 3),
        lint=tuple(map(shown, entry.lint)),
        faults=entry.faults,
        register=entry.register,
        request=_carried(wire, entry.plain, secrets),
        answer=_carried(entry.answer, entry.answer, secrets),
    )


def _carried(wire: bytes, plain: bytes, secrets: Secrets | None) -> records.Carried:
    text = wire.decode("utf-8", "replace") if secrets is None else None
    return records.Carried(len(wire), digest(wire), _parsed(plain, secrets), text)


def canonical(journal: Journal, versions: Mapping[str, str] | None = None, secrets: Secrets = NONE) -> bytes:
    """The comparable form: a JSON line an entry, by virtual time, device and sequence; no real clock or duration.

    With `versions` a first line says what the bytes depend on besides seed and inputs, and the form's own number.
    """
    return b"".join(canonical_lines(journal, versions, secrets))


def canonical_lines(
    journal: Journal, versions: Mapping[str, str] | None = None, secrets: Secrets = NONE
) -> Iterator[bytes]:
    """The same, line by line."""
    ordered = sorted(journal.entries[journal.start :], key=lambda entry: (entry.at, entry.device, entry.device_seq))
    if versions is not None:
        yield msgspec.json.encode({"canonical": 1, **versions}) + b"\n"
    for entry in ordered:
        yield msgspec.json.encode(_canonical(entry, secrets)) + b"\n"


def _canonical(entry: Entry, secrets: Secrets) -> list[object]:
    return [
        entry.at,
        entry.device,
        entry.device_seq,
        entry.direction,
        secrets.text(entry.operation),  # of a refused call it is what the caller wrote
        digest(entry.plain),
        entry.attempt,
        entry.verdict,
        entry.code,
        list(entry.faults),
    ]
