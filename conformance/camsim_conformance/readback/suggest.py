"""A first map.toml from the schema of a database: which tables look like punches, templates and users, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import Boolean, DateTime, Integer, Numeric, TypeEngine

from camsim.protocol.vocabulary import IN_TYPES, AttendanceType, InputType
from camsim.readback.model import ReadBackError
from camsim.readback.sql import engine_of
from camsim.readback.times import unit_hint
from camsim_conformance.target.profile import UsageError

from .schema import WANTED, Choice, choose, moment, named_column, nearest, samples, tables_of


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A first map.toml; `missing` says what has to be completed by hand, nothing when the map can be tried at once."""

    text: str
    missing: str | None = None


def suggested(url: str) -> Suggestion:
    """A first map.toml for a database; one with TODOs when no table has all that is needed. Raises: UsageError for a
    URL that is none; ReadBackError when it cannot be read, or has no table."""
    try:
        engine = engine_of(url)
    except ReadBackError as error:
        raise UsageError(str(error)) from None
    try:
        with engine.connect() as connection:
            return _suggestion(connection, tables_of(engine))
    except (SQLAlchemyError, OSError) as error:
        raise ReadBackError(f"sql: {type(error).__name__}: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _suggestion(connection: Connection, tables: Sequence[Table]) -> Suggestion:
    punches = choose(connection, "punches", tables, tables) or nearest(connection, "punches", tables)
    if punches is None:
        raise ReadBackError("sql: the database has no table at all; is it the one that the callback writes?")
    text = "\n".join(_lines(connection, tables, punches)) + "\n"
    return Suggestion(text, _missing(punches, tables) if punches.missing else None)


def _missing(punches: Choice, tables: Sequence[Table]) -> str:
    seen = "; ".join(f"{table.name}({', '.join(table.c.keys())})" for table in tables)
    lacks = " and ".join(_MEANT[field] for field in punches.missing)
    return (
        f"sql: no table has all of a punch; {punches.table.name} comes nearest, and no column of it looks like "
        f"{lacks}. There are: {seen}. Complete the lines with TODO"
    )


_MEANT = {"user": "a user's id", "time": "the time of a punch"}


def _lines(connection: Connection, tables: Sequence[Table], punches: Choice) -> Iterator[str]:
    rest = [table for table in tables if table.name != punches.table.name]
    templates = choose(connection, "templates", rest, tables)
    rest = [table for table in rest if templates is None or table.name != templates.table.name]
    users = choose(connection, "users", rest, tables)
    policy, why = _policy(connection, punches) if "time" in punches.fields else ("instant", "TODO: or device-local")
    yield f"# A first map, made from the schema of a {connection.dialect.name} database: look at every line, then"
    yield "# camsim readback try sql:URL --map THIS_FILE --user ID"
    yield f"# {why}"
    yield f'time_policy = "{policy}"'
    yield f"keeps = [{', '.join(_keeps(punches, templates, users))}]"
    yield from _own_words(connection, punches, "type", (*AttendanceType, "MealStart", "MealEnd"))
    yield from _own_words(connection, punches, "input", tuple(InputType))
    for kind, choice in (("punches", punches), ("templates", templates), ("users", users)):
        yield from _section(connection, kind, choice)


def _policy(connection: Connection, punches: Choice) -> tuple[str, str]:
    name = punches.fields["time"]
    stored = samples(connection, punches.table, name)
    if punches.clock_part is not None:
        parts = samples(connection, punches.table, punches.clock_part)
        stored = [f"{day} {part}" for day, part in zip(stored, parts, strict=False)]
        name = f"{name} with {punches.clock_part}"
    if not stored:
        return "instant", f"{name} has no rows to judge by: instant is a guess, device-local is the other one"
    moments = [moment(value) for value in stored]
    shown = str(stored[0])[:40]
    units = [unit_hint(one.instant) for one in moments if one.instant is not None]
    if any(units):
        return "instant", f"TODO: {name} holds {shown}, which as seconds is {next(filter(None, units))}: convert it"
    if all(one.instant is not None for one in moments):
        return "instant", f"times tell the instant, as {shown!r}: the policy is instant"
    if all(one.wall is not None for one in moments):
        told = f"times have no offset, as {shown!r}: taken for the device's wall clock"
        return "device-local", f"{told}; say instant if your program stores UTC"
    return "instant", f"TODO: {name} holds texts that are no times, as {shown!r}: convert it in the SELECT"


def _keeps(punches: Choice, templates: Choice | None, users: Choice | None) -> Iterator[str]:
    yield '"punches"'
    if templates is not None:
        yield '"templates"'
    if users is not None:
        yield '"users"'
    for field in punches.fields:
        if field not in ("user", "time"):
            yield f'"{field}"'


def _own_words(connection: Connection, punches: Choice, field: str, vendor: Sequence[str]) -> Iterator[str]:
    """A map of the words that are no vendor's; what they mean is known of `in` and `out` alone."""
    if field not in punches.fields:
        return
    known = {word.lower() for word in vendor}
    stored = {str(word) for word in samples(connection, punches.table, punches.fields[field], distinct=True)}
    foreign = sorted(word for word in stored if re.sub("[^a-z0-9]", "", word.lower()) not in known)
    meant = {word: _DIRECTIONS[word.lower()] for word in foreign if field == "type" and word.lower() in _DIRECTIONS}
    pairs = [f"{_quoted(word)} = [{', '.join(map(_quoted, sorted(theirs)))}]" for word, theirs in meant.items()]
    if pairs:
        yield f"{field}_words = {{ {', '.join(pairs)} }}"
    for word in foreign:
        if word not in meant:
            meaning = f"{_quoted(word)} = [{_quoted(vendor[0])}]"
            yield f"# {field}_words: {word!r} is no word of a device; say which it is, as {meaning}"


_OUT_TYPES = frozenset(AttendanceType) - IN_TYPES
_DIRECTIONS = {"in": IN_TYPES, "i": IN_TYPES, "out": _OUT_TYPES, "o": _OUT_TYPES}


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _section(connection: Connection, kind: str, choice: Choice | None) -> Iterator[str]:
    yield ""
    if choice is None:
        yield f"# [{kind}]: no table looks like it"
        return
    if choice.others:
        others = ", ".join(choice.others)
        yield f"# [{kind}]: {choice.table.name} was chosen; other tables that have the columns: {others}"
        yield f"# (of {kind} in several tables write SELECT ... UNION ALL SELECT ..., each with its :users)"
    for field in choice.missing:
        yield f"# TODO: no column of {choice.table.name} looks like {_MEANT[field]}; write it for TODO_{field} below"
    used = {*choice.fields.values(), choice.clock_part}
    unused = [name for name in choice.table.c.keys() if name not in used]  # noqa: SIM118
    if unused:
        yield f"# other columns of {choice.table.name}: {', '.join(unused)}"
    if choice.join is not None:
        yield f"# {choice.join.column} is a number of {choice.join.table}: the device's id is {choice.join.code} there"
    elif "user" in choice.fields and isinstance(choice.column("user").type, Integer | Numeric):
        yield "# the user id is a number here: ids with leading zeros or letters cannot be kept apart"
    yield f"[{kind}]"
    yield f"select = '''{_select(connection, kind, choice)}'''"


def _select(connection: Connection, kind: str, choice: Choice) -> str:
    quote = connection.dialect.identifier_preparer.quote
    table = quote(choice.table.name)
    place = f"{table}." if choice.join is not None else ""
    shown = {field: f"TODO_{field}" for field in choice.missing}
    for field, name in choice.fields.items():
        shown[field] = place + quote(name)
    if choice.clock_part is not None:
        shown["time"] = _together(connection, shown["time"], place + quote(choice.clock_part))
    user, source = shown["user"], table
    if choice.join is not None:
        join = choice.join
        user = shown["user"] = f"{quote(join.table)}.{quote(join.code)}"
        source += f" JOIN {quote(join.table)} ON {quote(join.table)}.{quote(join.key)} = {place}{quote(join.column)}"
    elif "user" in choice.fields and _must_be_cast(connection, choice.column("user").type):
        user = f"CAST({user} AS {_text_type(connection)})"
    columns = ", ".join(f"{shown[field]} AS {quote(field)}" for field in sorted(shown, key=_FIELDS.index))
    where = " AND ".join([*_living(connection, kind, choice), f"{user} IN :users"])
    return f"SELECT {columns} FROM {source} WHERE {where}"  # noqa: S608  names of the schema, quoted; it is printed


_FIELDS = list(dict.fromkeys(field for fields in WANTED.values() for field in fields))


def _together(connection: Connection, day: str, part: str) -> str:
    """Day and time of day as one text."""
    if connection.dialect.name == "sqlite":
        return f"{day} || ' ' || {part}"
    return f"CONCAT({day}, ' ', {part})"


def _living(connection: Connection, kind: str, choice: Choice) -> Iterator[str]:
    """What leaves out people who only count as deleted."""
    if kind != "users":
        return
    quote = connection.dialect.identifier_preparer.quote
    when = named_column(choice.table, "deletedat|deletedon|removedat|archivedat")
    flag = named_column(choice.table, "isdeleted|deleted|gone|isremoved|removed")
    if when is not None:
        yield f"{quote(when)} IS NULL"
    elif flag is not None:
        yield f"NOT {quote(flag)}" if isinstance(choice.table.c[flag].type, Boolean) else f"{quote(flag)} = 0"


def _text_type(connection: Connection) -> str:
    return "CHAR" if connection.dialect.name in ("mysql", "mariadb") else "VARCHAR(64)"


def _must_be_cast(connection: Connection, kind: TypeEngine[object]) -> bool:
    # User ids are asked as text. SQLite compares them with its numbers; others refuse, or would read 7x as 7.
    return (
        isinstance(kind, Integer | Numeric) and not isinstance(kind, DateTime) and connection.dialect.name != "sqlite"
    )
