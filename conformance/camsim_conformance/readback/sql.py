"""Read-back by SQL: three SELECTs of a map.toml, with named columns, through SQLAlchemy."""

from __future__ import annotations

import base64
import binascii
import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, bindparam, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from camsim.readback.model import Capabilities, ReadBackError, TimePolicy
from camsim.readback.rows import RowReadBack

SqlRow = dict[str, object]
EXAMPLE = """time_policy = "instant"
keeps = ["punches", "type", "input"]
[punches]
select = "SELECT user_id AS user, log_time AS time, punch_type AS type FROM attendance WHERE user_id IN :users"
"""


class SqlReadBack(RowReadBack):
    """`--readback sql:URL --map map.toml`. Times may be texts or datetimes; naive ones are UTC under `instant`."""

    def __init__(self, url: str, file: Path | None) -> None:
        if file is None:
            raise ReadBackError(f"sql: needs --map FILE with the SELECTs, for example:\n{EXAMPLE}")
        try:
            self._map: Mapping[str, object] = tomllib.loads(file.read_text("utf-8"))
            self.name = f"SQL {make_url(url).get_backend_name()}"
            self._engine: Engine = create_engine(url)
        except (OSError, tomllib.TOMLDecodeError, SQLAlchemyError, ImportError) as error:
            raise ReadBackError(f"sql: {type(error).__name__}: {str(error).splitlines()[0]}") from None

    def capabilities(self) -> Capabilities:
        """From map.toml: time_policy, keeps, type_words; a kind without SELECT is not kept."""
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

    def _selected(self, kind: str, people: Sequence[str]) -> list[SqlRow]:
        table = self._map.get(kind)
        if not isinstance(table, Mapping) or "select" not in table:
            raise ReadBackError(f'map.toml: [{kind}] needs select = "SELECT … WHERE … IN :users"')
        statement = text(table["select"]).bindparams(bindparam("users", expanding=True))
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(statement, {"users": list(people)}).mappings()]
        except (SQLAlchemyError, OSError) as error:
            raise ReadBackError(f"{self.source(kind)}: {type(error).__name__}: {str(error).splitlines()[0]}") from None


def _with_zone(row: SqlRow, policy: TimePolicy) -> SqlRow:
    """A punch whose naive time is UTC under `instant`: most databases keep no offset."""
    value = row.get("time")
    if policy == "device-local" or value is None:
        return row
    moment = value if isinstance(value, datetime) else _maybe(str(value))
    if moment is None or moment.tzinfo is not None:
        return row
    return {**row, "time": moment.replace(tzinfo=UTC)}


def _with_digest(row: SqlRow, policy: TimePolicy) -> SqlRow:
    return {**row, "sha256": row.get("sha256") or _sha(row.get("type"), row.get("data"))}


_COMPLETED: Mapping[str, Callable[[SqlRow, TimePolicy], SqlRow]] = {
    "punches": _with_zone,
    "templates": _with_digest,
    "users": lambda row, policy: row,
}


def _maybe(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


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
