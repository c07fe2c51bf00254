"""Durable state in one SQLite file: a snapshot and the log of events since; replaying the log gives the state back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from camsim.engine import restore
from camsim.kernel.events import ControlError, Event
from camsim.kernel.kernel import Kernel
from camsim.state.blocks import decoded, whole
from camsim.state.gateway import State

SCHEMA = 2  # 2: one tagged Struct an action in the log; commands wait in typed form
SNAPSHOT_EVERY = 100_000  # events; replaying that many takes some five to ten seconds
QUICK_S, MOST_S = 0.2, 1.5  # a stop has five seconds for everything
REPLAY_S = 0.0001  # for one event
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), upto INTEGER NOT NULL, state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, now INTEGER NOT NULL, event BLOB NOT NULL);
"""


_EVENTS = msgspec.msgpack.Decoder(Event)


class StoreError(Exception):
    """The state file cannot be used or written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a state file held."""

    kernel: Kernel | None
    clock: str | None
    replayed: int


class Store:
    """An open state file; one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encode = msgspec.msgpack.Encoder(enc_hook=whole).encode
        self._pending: list[tuple[int, int, bytes]] = []
        self._seq = 0
        self._since_snapshot = 0
        self._took_s = 0.0  # the last snapshot
        self._db = _connect(path)

    def load(self) -> Found:
        """Snapshot and log, replayed. Raises: StoreError for a damaged or foreign file."""
        try:
            clock = self._meta("clock")
            row = self._db.execute("SELECT upto, state FROM snapshot").fetchone()
            if row is None:
                return Found(None, clock, 0)
            kernel = restore(msgspec.msgpack.decode(row[1], type=State, dec_hook=decoded))
            self._seq, replayed = row[0], 0
            rows = self._db.execute("SELECT seq, now, event FROM log WHERE seq > ? ORDER BY seq", (row[0],))
            for seq, now, event in rows:
                self._replay(kernel, event, now, seq)
                self._seq, replayed = seq, replayed + 1
        except (sqlite3.DatabaseError, msgspec.DecodeError, msgspec.ValidationError) as problem:
            raise StoreError(
                f"state file {self.path} is damaged ({problem}); nothing was changed. "
                "Restore a copy, or start with another --state"
            ) from None
        return Found(kernel, clock, replayed)

    def _replay(self, kernel: Kernel, event: bytes, now: int, seq: int) -> None:
        try:
            replay(kernel, _EVENTS.decode(event), now)
        except Exception as problem:  # an event that this program cannot digest must not look like a crash
            # Bytes that are no event at all are damage; an event of another camsim (ValidationError) is not.
            if isinstance(problem, msgspec.DecodeError) and not isinstance(problem, msgspec.ValidationError):
                raise
            raise StoreError(
                f"state file {self.path}: event {seq} cannot be replayed ({type(problem).__name__}: {problem}); "
                "nothing was changed. Use the camsim that wrote it, or start with another --state"
            ) from problem

    def begin(self, kernel: Kernel, clock: str) -> None:
        """Start from this state: a snapshot, an empty log."""
        self._guard(lambda: self._snapshot(kernel, clock))

    def append(self, now: int, event: Event) -> None:
        """Add an event to the batch that the next commit writes."""
        self._seq += 1
        self._pending.append((self._seq, now, self._encode(event)))

    def commit(self, kernel: Kernel) -> None:
        """Write the batch. Raises: StoreError; what was written before stays."""
        batch = self._take_pending()
        self._guard(lambda: self._write(batch))
        self._since_snapshot += len(batch)
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self._guard(lambda: self._snapshot(kernel, self._meta("clock") or "real"))

    def remember_clock(self, text: str) -> None:
        """Keep the clock mode."""
        self._guard(lambda: self._set_meta("clock", text))

    def close(self, kernel: Kernel, clock: str) -> None:
        """A last snapshot where it is quick, else the clock; then let go of the file: the log holds the rest."""
        large = self._took_s > QUICK_S and self._since_snapshot * REPLAY_S < self._took_s
        if large or self._took_s > MOST_S:
            self._guard(lambda: self._write(self._take_pending()))
            self.remember_clock(clock)
        else:
            self._guard(lambda: self._snapshot(kernel, clock))
        self._db.close()

    def _take_pending(self) -> list[tuple[int, int, bytes]]:
        batch, self._pending = self._pending, []
        return batch

    def abandon(self) -> None:
        """Let go of the file as it is."""
        self._db.close()

    def _write(self, batch: list[tuple[int, int, bytes]]) -> None:
        with self._db:
            self._db.executemany("INSERT INTO log VALUES (?, ?, ?)", batch)

    def _snapshot(self, kernel: Kernel, clock: str) -> None:
        began = time.perf_counter()
        state = self._encode(kernel.state)
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?)", (self._seq, state))
            self._db.execute("DELETE FROM log WHERE seq <= ?", (self._seq,))
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('clock', ?)", (clock,))
        self._since_snapshot = 0
        self._took_s = time.perf_counter() - began

    def _meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _set_meta(self, key: str, value: str) -> None:
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _guard(self, write: Callable[[], None]) -> None:
        try:
            write()
        except sqlite3.DatabaseError as problem:
            raise StoreError(
                f"cannot write to state file {self.path}: {problem}. "
                "What was accepted before is safe in it; free some space or move it"
            ) from None


def replay(kernel: Kernel, event: Event, now: int) -> None:
    """Take an event of the log in again; a control action that was refused then is refused now."""
    try:
        kernel.handle(event, now)
    except ControlError:
        return


def _connect(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, timeout=0.3, isolation_level="DEFERRED")
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")  # take the lock now, not at the first write
        db.commit()
        _check_schema(db, path)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.OperationalError as problem:
        if "locked" in str(problem):
            raise StoreError(
                f"state file {path} is in use by another process; stop it or choose another --state"
            ) from None
        if "no such" in str(problem):
            raise StoreError(f"{path} is an SQLite file of something else ({problem}); nothing was changed") from None
        raise StoreError(
            f"cannot open state file {path}: {problem}; does the folder exist and may you write to it?"
        ) from None
    except sqlite3.DatabaseError as problem:
        raise StoreError(f"state file {path} is damaged or no state file ({problem}); nothing was changed") from None
    return db


def _check_schema(db: sqlite3.Connection, path: Path) -> None:
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() if "meta" in tables else None
    if row is None:
        if tables:
            raise StoreError(
                f"{path} is an SQLite file of something else (tables {', '.join(sorted(tables))}); nothing was changed"
            )
        db.executescript(_TABLES)
        db.execute(
            "INSERT INTO meta VALUES ('schema', ?), ('created', ?)",
            (str(SCHEMA), time.strftime("%FT%TZ", time.gmtime())),
        )
        db.commit()
    elif row[0] != str(SCHEMA):
        raise StoreError(
            f"state file {path} has schema version {row[0]}, this camsim reads version {SCHEMA}; "
            "use the camsim that wrote it"
        )
