"""Keeps rows in SQLite; duplicates and merges are constraints of the database, so they hold under any concurrency."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import math
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from .reading import iso
from .rows import NoteRow, PersonRow, PunchRow, RemovalRow, Row, TemplateRow

_SCHEMA = """
CREATE TABLE IF NOT EXISTS punch(
  user TEXT NOT NULL, at INTEGER NOT NULL, slot TEXT NOT NULL, device TEXT NOT NULL, type TEXT, input TEXT,
  temperature TEXT, mask INTEGER, UNIQUE(user, at, slot));
CREATE TABLE IF NOT EXISTS person(user TEXT PRIMARY KEY, first TEXT, last TEXT);
CREATE TABLE IF NOT EXISTS template(
  user TEXT NOT NULL, type TEXT NOT NULL, idx TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY(user, type, idx));
CREATE TABLE IF NOT EXISTS note(kind TEXT NOT NULL, user TEXT NOT NULL, text TEXT NOT NULL);
"""
_WRITES: dict[type, tuple[str, ...]] = {
    PunchRow: ("INSERT OR IGNORE INTO punch VALUES (?, ?, ?, ?, ?, ?, ?, ?)",),
    PersonRow: (
        "INSERT INTO person VALUES (?, NULLIF(?, ''), NULLIF(?, '')) ON CONFLICT(user) DO UPDATE"
        " SET first = COALESCE(excluded.first, first), last = COALESCE(excluded.last, last)",
    ),
    TemplateRow: (
        "INSERT INTO template VALUES (?, ?, ?, ?) ON CONFLICT(user, type, idx) DO UPDATE SET data = excluded.data",
    ),
    RemovalRow: ("DELETE FROM person WHERE user = ?", "DELETE FROM template WHERE user = ?"),
    NoteRow: ("INSERT INTO note VALUES (?, ?, ?)",),
}
Shown = dict[str, object]  # a row as read-back tells it
_TEXTUAL = ("Card", "Password")


class Storage:
    """One database file, or `:memory:`; every call is safe from any thread."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database; later calls raise sqlite3.ProgrammingError."""
        with self._lock:
            self._database.close()

    def apply(self, rows: Iterable[Row]) -> None:
        """Write all rows or none."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                for row in rows:
                    for statement in _WRITES[type(row)]:
                        self._database.execute(statement, _values(row))
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def punches(self, users: Sequence[str]) -> list[Shown]:
        """Stored punches of the users in order of time; keys that were never told are absent."""
        found = self._select("user, at, type, input, device, temperature, mask", "punch", users, "at")
        return [_punch(row) for row in found]

    def templates(self, users: Sequence[str]) -> list[Shown]:
        """Stored templates of the users by their digests; the data never leaves."""
        found = self._select("user, type, idx, data", "template", users, "type, idx")
        return [
            {"user": user, "type": kind, "index": index or None, "sha256": digest(kind, data)}
            for user, kind, index, data in found
        ]

    def users(self, users: Sequence[str]) -> list[Shown]:
        """Stored users with the names they were told to have."""
        found = self._select("user, first, last", "person", users, "user")
        return [{"user": user, "first_name": first, "last_name": last} for user, first, last in found]

    def counts(self) -> dict[str, int]:
        """Rows by table: punch, person, template, note."""
        tables = ("punch", "person", "template", "note")
        with self._lock:
            return {name: self._database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608

    def notes(self, kind: str) -> list[tuple[str, str]]:
        """User and text of what was only recorded."""
        with self._lock:
            return self._database.execute("SELECT user, text FROM note WHERE kind = ?", (kind,)).fetchall()

    def _select(self, columns: str, table: str, users: Sequence[str], order: str) -> list[tuple[Any, ...]]:
        marks = ", ".join("?" * len(users))
        # Only constants of this module are put into the text; the user ids are parameters.
        query = f"SELECT {columns} FROM {table} WHERE user IN ({marks}) ORDER BY user, {order}"  # noqa: S608
        with self._lock:
            return self._database.execute(query, tuple(users)).fetchall()


def _values(row: Row) -> tuple[Any, ...]:
    # The fields of a row stand in the order of its table's columns.
    return tuple(getattr(row, name) for name in row.__slots__)


def _punch(row: tuple[Any, ...]) -> Shown:
    user, at, kind, source, device, temperature, mask = row
    told: dict[str, object] = {
        "type": kind,
        "input": source,
        "device": device or None,
        "temperature": _number(temperature),
        "mask": None if mask is None else bool(mask),
    }
    return {"user": user, "time": iso(at), **{name: value for name, value in told.items() if value is not None}}


def _number(text: str | None) -> float | str | None:
    try:
        number = float(text or "")
    except ValueError:
        return text
    # JSON has no word for nan and inf.
    return number if math.isfinite(number) else text


def digest(kind: str, data: str) -> str:
    """Sha-256 of the decoded data; of the text for card, password and what is no Base64."""
    raw = data.encode()
    if kind not in _TEXTUAL:
        # What is no Base64 is digested as the text it is.
        with contextlib.suppress(binascii.Error, ValueError):
            raw = base64.b64decode(data, validate=True)
    return hashlib.sha256(raw).hexdigest()
