"""The SQLite file of `--state`: one process alone has it; its tables, and a mark of how far it was written."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

SCHEMA = 3  # 3: pieces, sums, a chained log
_TABLES = """
BEGIN;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE snapshot (key TEXT NOT NULL, generation INTEGER NOT NULL, data BLOB, sum BLOB NOT NULL,
  PRIMARY KEY (key, generation));
CREATE TABLE log (seq INTEGER PRIMARY KEY, now INTEGER NOT NULL, event BLOB NOT NULL, sum BLOB NOT NULL);
INSERT INTO meta VALUES ('schema', '{schema}'), ('created', '{created}');
COMMIT;
"""
# SQLite's header keeps 20 bytes "reserved for expansion" and never reads them. They hold what was written last, outside
# of every transaction: a write-ahead log that was cut or removed ends before it.
_MARK_AT, _MARK_SIZE = 72, 20
_WAL_BYTES = 8 * 1024 * 1024  # the -wal file is cut to that when it begins anew
WAY_OUT = (
    "nothing was changed. `camsim state check FILE` says what is whole, `camsim state repair FILE` keeps it; "
    "or restore a copy, or start with another --state"
)


class StoreError(Exception):
    """The state file cannot be used or written; the message says why and what to do."""


class DamagedFile(StoreError):
    """A state file is not as it was written; the message names what."""


class Damaged(Exception):
    """Something in the file is not as it was written; the message says what."""


def digest(*parts: bytes) -> bytes:
    """Eight bytes that change with every bit of the parts."""
    found = blake2b(digest_size=8)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.digest()


def link(before: bytes, seq: int, now: int, event: bytes) -> bytes:
    """The sum of an event in the log, which holds that of the event before it."""
    return digest(before, seq.to_bytes(8, "big"), now.to_bytes(8, "big", signed=True), event)


class StateFile:
    """An open state file. Raises StoreError where it cannot be opened."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._mark: int | None = None
        # Read before SQLite has the file: closing it later would let go of SQLite's own lock.
        self.mark = _read_mark(path)
        with _named(path):
            self.db = self._opened(read_only=read_only)
        if not read_only:
            self._mark = os.open(path, os.O_RDWR)

    @property
    def empty(self) -> bool:
        """Whether nothing was ever written into it."""
        return _is_empty(self.db)

    def _opened(self, *, read_only: bool) -> sqlite3.Connection:
        if read_only:
            return self._opened_to_read()
        # The last checkpoint of a connection runs in a thread: never two at a time, see Store.
        db = sqlite3.connect(self.path, timeout=0.3, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file: nothing may be written before
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("BEGIN EXCLUSIVE")  # take the lock now, not at the first write
            db.execute("COMMIT")
            if _is_empty(db):
                _create(db)
            _check_schema(db, self.path)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA wal_autocheckpoint = 0")
            db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        except BaseException:
            db.close()
            raise
        return db

    def _opened_to_read(self) -> sqlite3.Connection:
        db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.3)
        try:
            _check_schema(db, self.path)
        except sqlite3.OperationalError as problem:
            db.close()
            if "locked" in str(problem):
                raise
            # Reading a write-ahead log needs a small file of its own, for which a full disk has no room; a connection
            # that has the file for itself keeps that in memory.
            db = sqlite3.connect(self.path, timeout=0.3)
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            _check_schema(db, self.path)
        return db

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Raises: StoreError where it cannot be written."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
        except sqlite3.Error as problem:
            with contextlib.suppress(sqlite3.Error):
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
            raise StoreError(
                f"cannot write to state file {self.path}: {problem}. "
                "What was accepted before is safe in it; free some space or move it"
            ) from None

    def remember(self, seq: int, sum_: bytes) -> None:
        """Note outside of the database what it holds at least."""
        if self._mark is not None:
            mark = seq.to_bytes(8, "big") + sum_
            self.mark = (seq, sum_)
            with contextlib.suppress(OSError):  # without a mark the file is as good, and checked less
                os.pwrite(self._mark, mark + zlib.crc32(mark).to_bytes(4, "big"), _MARK_AT)

    def meta(self, key: str) -> str | None:
        """A word about the file, None where it has none. Raises: Damaged."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        value, _, kept = str(row[0]).rpartition("#")
        if kept != _short(key, value):
            raise Damaged(f"what it says of its {key} is altered")
        return value

    def set_meta(self, key: str, value: str) -> None:
        """Keep a word, within a transaction."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, f"{value}#{_short(key, value)}"))

    def checkpoint(self) -> None:
        """Bring what the write-ahead log holds into the file; it begins anew then. May wait for the disk."""
        try:
            self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as problem:
            raise StoreError(f"cannot write to state file {self.path}: {problem}; free some space or move it") from None

    def close(self) -> None:
        """Let go of it."""
        self.db.close()
        if self._mark is not None:
            if self.mark is not None:
                self.remember(*self.mark)  # the last checkpoint may have written over it
            os.close(self._mark)
            self._mark = None


def exists(path: Path) -> bool:
    """Whether there is something to read."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _short(key: str, value: str) -> str:
    return digest(key.encode(), value.encode()).hex()[:8]


def _read_mark(path: Path) -> tuple[int, bytes] | None:
    """Up to which event the file was written, and that event's sum; None where it does not say."""
    try:
        with path.open("rb") as file:
            head = file.read(_MARK_AT + _MARK_SIZE)
    except OSError:
        return None
    mark = head[_MARK_AT : _MARK_AT + 16]
    if len(mark) < 16 or head[_MARK_AT + 16 :] != zlib.crc32(mark).to_bytes(4, "big"):
        return None
    seq = int.from_bytes(mark[:8], "big")
    return (seq, mark[8:]) if seq else None


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """SQLite's complaints about opening a file, in words."""
    try:
        yield
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
        raise DamagedFile(
            f"state file {path} is damaged or no state file ({problem}); {WAY_OUT}".replace("FILE", str(path))
        ) from None


def _is_empty(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _create(db: sqlite3.Connection) -> None:
    db.executescript(_TABLES.format(schema=SCHEMA, created=time.strftime("%FT%TZ", time.gmtime())))


def _check_schema(db: sqlite3.Connection, path: Path) -> None:
    tables = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return  # whoever made it was killed before there was anything in it
    row = None
    if "meta" in tables:
        row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if row is None:
        raise StoreError(
            f"{path} is an SQLite file of something else (tables {', '.join(sorted(tables))}); nothing was changed"
        )
    if row[0] != str(SCHEMA):
        raise StoreError(
            f"state file {path} has schema version {row[0]}, this camsim reads version {SCHEMA}; "
            "use the camsim that wrote it"
        )
