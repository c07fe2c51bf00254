"""Read-back by SQL: three SELECTs of a map.toml, with named columns, through SQLAlchemy."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, bindparam, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from camsim.readback.model import (
    Capabilities,
    ReadBackError,
    StoredPunch,
    StoredTemplate,
    StoredUser,
    TimePolicy,
    capabilities_of,
    punch_of,
    template_of,
    user_of,
)

EXAMPLE = """time_policy = "instant"
keeps = ["punches", "type", "input"]
[punches]
select = "SELECT user_id AS user, log_time AS time, punch_type AS type FROM attendance WHERE user_id IN :users"
"""


class SqlReadBack:
    """`--readback sql:URL --map map.toml`. Times may be texts or datetimes; naive ones are UTC under `instant`."""

    def __init__(self, url: str, file: Path | None) -> None:
        if file is None:
            raise ReadBackError(f"sql: needs --map FILE with the SELECTs, for example:\n{EXAMPLE}")
        try:
            self._map: Mapping[str, Any] = tomllib.loads(file.read_text("utf-8"))
            self.name = f"SQL {make_url(url).get_backend_name()}"
            self._engine: Engine = create_engine(url)
        except (OSError, tomllib.TOMLDecodeError, SQLAlchemyError, ImportError) as error:
            raise ReadBackError(f"sql: {type(error).__name__}: {str(error).splitlines()[0]}") from None
        self._policy: TimePolicy = "instant"

    def capabilities(self) -> Capabilities:
        """From map.toml: time_policy, keeps, type_words; a kind without SELECT is not kept."""
        kept = [
            word
            for word in self._map.get("keeps", ["punches"])
            if word not in ("templates", "users") or word in self._map
        ]
        found = capabilities_of({**self._map, "keeps": kept}, "map.toml")
        self._policy = found.time_policy
        return found

    def punches(self, people: Sequence[str]) -> Iterator[StoredPunch]:
        """The SELECT of [punches]."""
        for row in self._rows("punches", people):
            yield punch_of({**row, "time": self._time(row.get("time"))}, self._policy, "sql [punches]")

    def templates(self, people: Sequence[str]) -> Iterator[StoredTemplate]:
        """The SELECT of [templates]; a column `data` is hashed here when there is no `sha256`."""
        for row in self._rows("templates", people):
            sha = row.get("sha256") or _sha(row.get("type"), row.get("data"))
            yield template_of({**row, "sha256": sha}, self._policy, "sql [templates]")

    def users(self, people: Sequence[str]) -> Iterator[StoredUser]:
        """The SELECT of [users]."""
        return (user_of(row, self._policy, "sql [users]") for row in self._rows("users", people))

    def _time(self, value: Any) -> Any:
        if self._policy == "device-local" or value is None:
            return value
        moment = value if isinstance(value, datetime) else _maybe(str(value))
        return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else value

    def _rows(self, kind: str, people: Sequence[str]) -> list[dict[str, Any]]:
        table = self._map.get(kind)
        if not isinstance(table, Mapping) or "select" not in table:
            raise ReadBackError(f'map.toml: [{kind}] needs select = "SELECT … WHERE … IN :users"')
        statement = text(table["select"]).bindparams(bindparam("users", expanding=True))
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(statement, {"users": list(people)}).mappings()]
        except (SQLAlchemyError, OSError) as error:
            raise ReadBackError(f"sql [{kind}]: {type(error).__name__}: {str(error).splitlines()[0]}") from None


def _maybe(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _sha(kind: Any, data: Any) -> str | None:
    import base64
    import binascii

    if data is None:
        return None
    raw = data if isinstance(data, bytes) else str(data).encode()
    if kind not in ("Card", "Password") and not isinstance(data, bytes):
        try:
            raw = base64.b64decode(raw, validate=True)
        except binascii.Error:
            return hashlib.sha256(raw).hexdigest()
    return hashlib.sha256(raw).hexdigest()
