"""A first map.toml from the schema of a database: which tables look like punches, templates and users, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Engine, MetaData, Select, Table, column, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import DateTime, Integer, Numeric, TypeEngine

from camsim.protocol.vocabulary import IN_TYPES, AttendanceType, InputType
from camsim.readback.model import ReadBackError
from camsim.readback.sql import engine_of
from camsim.readback.times import Moment, moment_of
from camsim_conformance.target.profile import UsageError

SAMPLES = 50
# Names of columns by what they hold, the most telling first; compared by letters and digits alone.
USER = (
    "userid|useridentifier|user|employeeid|empid|empcode|empno|employeecode|employee|staffid|studentid|memberid|personid|"
    "enrollid|enrollno|enrollmentno|pin|badgeno|badge|cardholder|who|uid|person|emp|staff"
)
TIME = (
    "logtime|punchtime|checktime|eventtime|attendancetime|logdatetime|punchdatetime|datetime|timestamp|punchedat|loggedat|"
    "occurredat|time|at|logdate|punchdate|attendancedate|date"
)
TYPE = "attendancetype|punchtype|logtype|checktype|eventtype|type|direction|inout|punchstate|punch|kind|status|state"
INPUT = "inputtype|input|verifymode|verifytype|verify|authmode|method|mode|source"
DEVICE = "serialnumber|deviceserial|deviceid|device|serial|sn|terminalid|terminal|machineid|machine|stgid|servicetagid"
INDEX = "index|idx|fingerindex|fingerid|templateindex|fingerno|slot|no"
DATA = "templatedata|template|data|blob|content|signature"
FIRST = "firstname|first|givenname|fname|fullname|employeename|username|name|displayname"
PUNCH_FIELDS = {
    "user": USER,
    "time": TIME,
    "type": TYPE,
    "input": INPUT,
    "device": DEVICE,
    "temperature": "temperature|bodytemperature|bodytemp|temp",
    "mask": "mask|facemask|maskon|wearsmask|withmask",
}
TEMPLATE_FIELDS = {
    "user": USER,
    "type": "templatetype|biotype|type|kind",
    "index": INDEX,
    "sha256": "sha256|templatesha256|templatehash|datahash|hash",
    "data": DATA,
}
USER_FIELDS = {"user": USER + "|id|code", "first_name": FIRST, "last_name": "lastname|last|surname|familyname|lname"}
TABLES = {
    "punches": re.compile("punch|attend|log|checkin|event|transaction|swipe|time", re.I),
    "templates": re.compile("templ|finger|biom|signat|face", re.I),
    "users": re.compile("user|person|people|employee|staff|member|student|emp", re.I),
}
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A table chosen for a kind: its columns by field, and the tables that would do as well."""

    table: Table
    fields: Fields
    others: tuple[str, ...]

    def column(self, field: str) -> Column[object]:
        """The column of a field."""
        found: Column[object] = self.table.c[self.fields[field]]
        return found


def suggested(url: str) -> str:
    """The text of a first map.toml for a database. Raises: UsageError for a URL that is none; ReadBackError when it
    cannot be read, or no table looks like punches."""
    try:
        engine = engine_of(url)
    except ReadBackError as error:
        raise UsageError(str(error)) from None
    try:
        with engine.connect() as connection:
            tables = _tables(engine)
            return "\n".join(_lines(connection, tables)) + "\n"
    except (SQLAlchemyError, OSError) as error:
        raise ReadBackError(f"sql: {type(error).__name__}: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _tables(engine: Engine) -> list[Table]:
    found = inspect(engine)
    metadata = MetaData()
    tables = []
    for name in [*found.get_table_names(), *found.get_view_names()]:
        columns: list[Column[object]] = []
        for row in found.get_columns(name):
            columns.append(Column(row["name"], row["type"]))
        tables.append(Table(name, metadata, *columns))
    return tables


def _lines(connection: Connection, tables: Sequence[Table]) -> Iterator[str]:
    punches = _choose("punches", PUNCH_FIELDS, ("user", "time"), tables)
    if punches is None:
        seen = "; ".join(f"{table.name}({', '.join(table.c.keys())})" for table in tables) or "no table at all"
        raise ReadBackError(
            "sql: no table has a column that looks like a user's id and one that looks like the time of a punch; there "
            f"are: {seen}. Write map.toml yourself (docs/cookbook/certify-in-ci.md)"
        )
    rest = [table for table in tables if table.name != punches.table.name]
    templates = _choose("templates", TEMPLATE_FIELDS, ("user", "type", "sha256|data"), rest)
    rest = [table for table in rest if templates is None or table.name != templates.table.name]
    users = _choose("users", USER_FIELDS, ("user", "first_name"), rest)
    policy, why = _policy(connection, punches)
    yield f"# A first map, made from the schema of a {connection.dialect.name} database: look at every line, then"
    yield "# camsim readback try sql:URL --map THIS_FILE --user ID"
    yield f"# {why}"
    yield f'time_policy = "{policy}"'
    yield f"keeps = [{', '.join(_keeps(punches, templates, users))}]"
    yield from _own_words(connection, punches, "type", (*AttendanceType, "MealStart", "MealEnd"))
    yield from _own_words(connection, punches, "input", tuple(InputType))
    for kind, choice in (("punches", punches), ("templates", templates), ("users", users)):
        yield from _section(connection, kind, choice)


def _choose(kind: str, wanted: Mapping[str, str], needed: Sequence[str], tables: Sequence[Table]) -> Choice | None:
    """The table that has most of the wanted columns, under the most telling names."""
    scored: list[tuple[int, Table, Fields]] = []
    for table in tables:
        fields = _fields(table, wanted)
        if all(any(name in fields for name in either.split("|")) for either in needed):
            score = 10 * bool(TABLES[kind].search(table.name)) + 2 * len(fields)
            scored.append((score, table, fields))
    if not scored:
        return None
    scored.sort(key=lambda row: -row[0])
    others = tuple(table.name for _, table, _ in scored[1:])
    return Choice(scored[0][1], scored[0][2], others)


def _fields(table: Table, wanted: Mapping[str, str]) -> Fields:
    """Columns by field; a column serves one field alone."""
    found: Fields = {}
    for field, names in wanted.items():
        for name in names.split("|"):
            named = _column_named(table, name)
            if named is not None and named not in found.values():
                found[field] = named
                break
    return found


def _column_named(table: Table, letters: str) -> str | None:
    for name in table.c.keys():  # noqa: SIM118  a collection of columns is no mapping
        if re.sub("[^a-z0-9]", "", name.lower()) == letters:
            return str(name)
    return None


def _policy(connection: Connection, punches: Choice) -> tuple[str, str]:
    name = punches.fields["time"]
    stored = [value for value in _samples(connection, punches, "time") if value is not None]
    if not stored:
        return "instant", f"{name} has no rows to judge by: instant is a guess, device-local is the other one"
    moments = [_moment(value) for value in stored]
    shown = str(stored[0])[:40]
    if all(moment.instant is not None for moment in moments):
        return "instant", f"times tell the instant, as {shown!r}: the policy is instant"
    if all(moment.wall is not None for moment in moments):
        told = f"times have no offset, as {shown!r}: taken for the device's wall clock"
        return "device-local", f"{told}; say instant if your program stores UTC"
    return "instant", f"{name} holds texts that are no times, as {shown!r}: convert it in the SELECT"


def _moment(value: object) -> Moment:
    try:
        return moment_of(value)
    except ValueError:
        return Moment(None, None)


def _samples(connection: Connection, choice: Choice, field: str, *, distinct: bool = False) -> list[object]:
    # Without its type: SQLAlchemy would insist that a text in a column DATETIME of SQLite is a date.
    question: Select[tuple[object]] = select(column(choice.fields[field])).select_from(choice.table)
    if distinct:
        question = question.distinct()
    return list(connection.execute(question.limit(SAMPLES)).scalars())


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
    stored = {str(word) for word in _samples(connection, punches, field, distinct=True) if word is not None}
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
    unused = [name for name in choice.table.c.keys() if name not in choice.fields.values()]  # noqa: SIM118
    if unused:
        yield f"# other columns of {choice.table.name}: {', '.join(unused)}"
    if isinstance(choice.column("user").type, Integer | Numeric):
        yield "# the user id is a number here: ids with leading zeros or letters cannot be kept apart"
    yield f"[{kind}]"
    yield f"select = '''{_select(connection, choice)}'''"


def _select(connection: Connection, choice: Choice) -> str:
    quote = connection.dialect.identifier_preparer.quote
    columns = []
    for field in choice.fields:
        columns.append(f"{quote(choice.fields[field])} AS {quote(field)}")
    user = quote(choice.fields["user"])
    if _must_be_cast(connection, choice.column("user").type):
        user = f"CAST({user} AS {'CHAR' if connection.dialect.name in ('mysql', 'mariadb') else 'VARCHAR(64)'})"
    words = ["SELECT", ", ".join(columns), "FROM", quote(choice.table.name), "WHERE", user, "IN :users"]
    return " ".join(words)


def _must_be_cast(connection: Connection, kind: TypeEngine[object]) -> bool:
    # User ids are asked as text. SQLite compares them with its numbers; others refuse, or would read 7x as 7.
    return (
        isinstance(kind, Integer | Numeric) and not isinstance(kind, DateTime) and connection.dialect.name != "sqlite"
    )
