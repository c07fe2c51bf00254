"""Read-back by SQL: three SELECTs of a map.toml, with named columns, through SQLAlchemy."""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import CursorResult, Engine, bindparam, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from camsim.wording import cut, why

from .model import KINDS, Capabilities, ReadBackError, TimePolicy
from .rows import RowReadBack, capabilities_of
from .times import moment_of

SqlRow = dict[str, object]
_READS = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(?:SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
# A map.toml may be somebody else's work: its database refuses what would write. Others roll back all the same.
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
}
EXAMPLE = """time_policy = "instant"
keeps = ["punches", "type", "input"]
[punches]
select = "SELECT user_id AS user, log_time AS time, punch_type AS type FROM attendance WHERE user_id IN :users"
"""
# What each SELECT has to name; one of several stands in one tuple.
COLUMNS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "punches": (("user",), ("time",)),
    "templates": (("user",), ("type",), ("sha256", "data")),
    "users": (("user",),),
}
_USERS = re.compile(r"(?<!:):users\b")
_IN_BRACKETS = re.compile(r"\(\s*:users\s*\)")


class SqlReadBack(RowReadBack):
    """`--readback sql:URL --map map.toml`. Times: texts, numbers or datetimes; naive ones are UTC under `instant`.

    Raises: ReadBackError for a map without what it needs, and for a database that is not there.
    """

    naive_is_utc = True  # most databases keep no offset
    tells_columns = True

    def __init__(self, url: str, file: Path | None) -> None:
        if file is None:
            raise ReadBackError(f"sql: needs --map FILE with the SELECTs, for example:\n{EXAMPLE}")
        self._map = read_map(file)
        capabilities_of(self._map, f"--map {file}")  # before anything is sent
        self._engine = engine_of(url)
        self.name = f"SQL {self._engine.url.get_backend_name()}"
        self.url = "sql:" + self._engine.url.set(query={}).render_as_string(hide_password=True)

    def capabilities(self) -> Capabilities:
        """From map.toml: time_policy, keeps, type_words, input_words; a kind without SELECT is not kept."""
        keeps = self._map.get("keeps", ["punches"])
        if isinstance(keeps, list):
            keeps = [word for word in keeps if word not in ("templates", "users") or word in self._map]
        return self.declared({**self._map, "keeps": keeps}, "map.toml")

    def source(self, kind: str) -> str:
        """The SELECT of a kind."""
        return f"sql [{kind}]"

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        """The SELECT of [kind]; a column `data` of templates is hashed here when there is no `sha256`."""
        return [_COMPLETED[kind](row, self.policy) for row in self._selected(kind, people)]

    def raw(self, kind: str, people: Sequence[str]) -> list[SqlRow]:
        """What the SELECT of [kind] tells. Raises: ReadBackError."""
        return self._selected(kind, people)

    def _selected(self, kind: str, people: Sequence[str]) -> list[SqlRow]:
        # IN (:users) is what people write, and SQLAlchemy puts brackets of its own around the list.
        select = _IN_BRACKETS.sub(":users", select_of(self._map, kind))
        try:
            statement = text(select).bindparams(bindparam("users", expanding=True))
            with self._engine.connect() as connection:
                guard = _READ_ONLY.get(self._engine.url.get_backend_name())
                if guard is not None:
                    connection.execute(text(guard))
                result = connection.execute(statement, {"users": list(people)})
                _check_columns(kind, result)
                return [dict(row) for row in result.mappings()]
        except (SQLAlchemyError, OSError) as error:
            raise ReadBackError(f"{self.source(kind)}: {_told(error)}") from None


def read_map(file: Path) -> Mapping[str, object]:
    """A map.toml, with what can be known of it without a database checked. Raises: ReadBackError."""
    if not file.is_file():
        raise ReadBackError(
            f"--map {file}: no such file ({file.absolute()}); camsim readback suggest sql:URL --out {file} writes "
            "a first one"
        )
    try:
        found: Mapping[str, object] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReadBackError(f"--map {file}: {type(error).__name__}: {why(error)}") from None
    _check_words(found, file)
    for kind in KINDS:
        if kind == "punches" or kind in found:
            select_of(found, kind)
    return found


_WORDS = ("time_policy", "keeps", "type_words", "input_words", *KINDS)


def _check_words(found: Mapping[str, object], file: Path) -> None:
    """A misspelt word would be taken for one that is missing. Raises: ReadBackError."""
    for name in found:
        if name not in _WORDS:
            near = difflib.get_close_matches(name[:80], _WORDS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(_WORDS)}"
            raise ReadBackError(f"--map {file}: {cut(name, 80)} is unknown; {hint}")
    for kind in KINDS:
        table = found.get(kind)
        others = [name for name in table if name != "select"] if isinstance(table, Mapping) else []
        if others:
            raise ReadBackError(f"--map {file}: [{kind}] {cut(others[0], 80)} is unknown; allowed: select")


def select_of(found: Mapping[str, object], kind: str) -> str:
    """The SELECT of a kind. Raises: ReadBackError with an example."""
    table = found.get(kind)
    select = table.get("select") if isinstance(table, Mapping) else None
    if not isinstance(select, str) or not select.strip():
        raise ReadBackError(f'map.toml: [{kind}] needs select = "SELECT … WHERE … IN :users"; an example:\n{EXAMPLE}')
    if not _USERS.search(select):
        raise ReadBackError(
            f"map.toml: the SELECT of [{kind}] has no :users, so it would tell the whole table: end it with "
            f"WHERE <column of the user id> IN :users; an example:\n{EXAMPLE}"
        )
    if not _READS.match(select) or ";" in select.rstrip().removesuffix(";"):
        raise ReadBackError(f"map.toml: [{kind}] holds something else than one SELECT: a read-back changes nothing")
    return select


def _check_columns(kind: str, result: CursorResult[tuple[object, ...]]) -> None:
    # Of an empty result too: a column that is named wrongly shows before anything is sent.
    names = set(result.keys())
    for either in COLUMNS[kind]:
        if names.isdisjoint(either):
            raise ReadBackError(
                f"map.toml: the SELECT of [{kind}] tells {', '.join(sorted(names))} and no {' or '.join(either)}: name "
                f"the column, as in SELECT user_id AS user; an example:\n{EXAMPLE}"
            )


def engine_of(url: str) -> Engine:
    """The engine of a database that is there; nothing is connected yet. Raises: ReadBackError."""
    try:
        parts = make_url(url)
        if parts.get_backend_name() == "sqlite":
            _refuse_no_file(parts)
        return create_engine(parts)
    except (SQLAlchemyError, ImportError) as error:
        raise ReadBackError(f"sql: {_told(error)}") from None


def _refuse_no_file(parts: URL) -> None:
    """SQLite would make a new empty database of a mistyped path, and of one in memory in every process another."""
    name = parts.database or ""
    if name in ("", ":memory:") or "mode=memory" in str(parts):
        raise ReadBackError("sql: a SQLite database in memory is seen by its own process alone: name its file, as in "
                            "sql:sqlite:////srv/app/attendance.db")  # fmt: skip
    file = Path(name.removeprefix("file:").partition("?")[0])
    if not file.is_file():
        raise ReadBackError(f"sql: no such file: {file.absolute()} (sqlite:///relative/path, sqlite:////absolute/path)")


def _told(error: Exception) -> str:
    first = str(error).splitlines()[0]
    told = f"{type(error).__name__}: {first}"
    if "operator does not exist" in first:
        told += "; user ids are asked as text: write WHERE CAST(user_id AS TEXT) IN :users"
    return told


def _with_zone(row: SqlRow, policy: TimePolicy) -> SqlRow:
    """A punch whose naive time is UTC under `instant`: most databases keep no offset."""
    value = row.get("time")
    if policy == "device-local" or value is None:
        return row
    try:
        moment = moment_of(value)
    except ValueError:
        return row
    return {**row, "time": moment.wall} if moment.instant is None else row


def _with_digest(row: SqlRow, policy: TimePolicy) -> SqlRow:
    return {**row, "sha256": row.get("sha256") or _sha(row.get("type"), row.get("data"))}


_COMPLETED: Mapping[str, Callable[[SqlRow, TimePolicy], SqlRow]] = {
    "punches": _with_zone,
    "templates": _with_digest,
    "users": lambda row, policy: row,
}


def _sha(kind: object, data: object) -> str | None:
    if data is None:
        return None
    raw = data if isinstance(data, bytes) else str(data).encode()
    # A binary column holds the template itself, a text column its Base64; card numbers and passwords are text anyway.
    if kind not in ("Card", "Password") and not isinstance(data, bytes):
        try:
            raw = base64.b64decode(raw, validate=True)
        except binascii.Error:
            return hashlib.sha256(raw).hexdigest()
    return hashlib.sha256(raw).hexdigest()
