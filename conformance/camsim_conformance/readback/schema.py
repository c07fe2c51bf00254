"""Which tables and columns of a database look like punches, templates and users: by their names, and by what they hold
where a name says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from datetime import time as clock

from sqlalchemy import Column, Connection, Engine, MetaData, Select, Table, column, inspect, select
from sqlalchemy.types import Date, Integer, Time

from camsim.readback.times import Moment, moment_of, unit_hint

SAMPLES = 50
# Names of columns by what they hold, the most telling first; compared by letters and digits alone.
CODE = (
    "userid|useridentifier|usercode|userno|deviceuserid|deviceuser|biometricid|employeecode|employeenumber|employeeno|"
    "empcode|empno|empnumber|staffcode|staffno|enrollid|enrollno|enrollmentno|pin|badgeno|badgenumber|badgeid|badge|cardno|"
    "payrollno|payrollid|personnelno|attendanceid|acno|code"
)
USER = CODE.removesuffix("|code") + (
    "|user|employeeid|empid|employee|staffid|studentid|memberid|personid|cardholder|who|uid|person|emp|staff|code"
)
TIME = (
    "logtime|punchtime|checktime|eventtime|attendancetime|logdatetime|punchdatetime|eventdatetime|datetime|timestamp|"
    "punchedat|loggedat|occurredat|happenedat|happened|scannedat|scantime|timestampms|epochms|epoch|unixtime|tsms|ts|stamp|"
    "time|at|localtime|local|logdate|punchdate|attendancedate|date"
)
DAY_PART = "attendancedate|attdate|punchdate|logdate|workdate|eventdate|date|day"
CLOCK_PART = "attendancetime|atttime|punchtime|logtime|worktime|eventtime|clocktime|time"
TYPE = "attendancetype|punchtype|logtype|checktype|eventtype|type|direction|inout|punchstate|punch|kind|status|state"
INPUT = "inputtype|input|verifymode|verifytype|verify|authmode|method|mode|source|via"
DEVICE = "serialnumber|deviceserial|deviceid|device|serial|sn|terminalid|terminal|machineid|machine|stgid|servicetagid"
FIRST = "firstname|first|givenname|fname|fullname|employeename|username|name|displayname"
WANTED: Mapping[str, Mapping[str, str]] = {
    "punches": {
        "user": USER,
        "time": TIME,
        "type": TYPE,
        "input": INPUT,
        "device": DEVICE,
        "temperature": "temperature|bodytemperature|bodytemp|temp",
        "mask": "mask|facemask|maskon|wearsmask|withmask",
    },
    "templates": {
        "user": USER,
        "type": "templatetype|biotype|type|kind",
        "index": "index|idx|fingerindex|fingerid|templateindex|fingerno|slot|no",
        "sha256": "sha256|templatesha256|templatehash|datahash|hash",
        "data": "templatedata|template|data|blob|content|signature",
    },
    "users": {"user": USER + "|id", "first_name": FIRST, "last_name": "lastname|last|surname|familyname|lname"},
}
NEEDED = {"punches": ("user", "time"), "templates": ("user", "type", "sha256|data"), "users": ("user", "first_name")}
TABLES = {
    "punches": re.compile("punch|att|log|checkin|event|transaction|swipe|time", re.I),
    "templates": re.compile("templ|finger|biom|signat|face", re.I),
    "users": re.compile("user|person|people|employee|staff|member|student|emp", re.I),
}
# When a row was written is not when somebody punched.
_OF_THE_ROW = re.compile("creat|updat|insert|modif|delet|receiv|import|sync", re.I)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Join:
    """Whose id a table holds: a column of it, and the table of people with the two columns of theirs."""

    column: str
    table: str
    key: str
    code: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A table chosen for a kind: its columns by field, the tables that would do as well, what it needs and lacks. Of a
    time in two columns `fields` has the day, and `clock_part` the other."""

    table: Table
    fields: Fields
    others: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    clock_part: str | None = None
    join: Join | None = None

    def column(self, field: str) -> Column[object]:
        """The column of a field."""
        found: Column[object] = self.table.c[self.fields[field]]
        return found


def tables_of(engine: Engine) -> list[Table]:
    """All tables and views, with their columns."""
    found = inspect(engine)
    metadata = MetaData()
    tables = []
    for name in [*found.get_table_names(), *found.get_view_names()]:
        columns: list[Column[object]] = []
        for row in found.get_columns(name):
            columns.append(Column(row["name"], row["type"]))
        tables.append(Table(name, metadata, *columns))
    return tables


def choose(connection: Connection, kind: str, tables: Sequence[Table], every: Sequence[Table]) -> Choice | None:
    """The table that has most of the wanted columns, under the most telling names; None when none has what is needed.
    `every`: tables that it may be joined with."""
    whole = [choice for choice in _scored(connection, kind, tables) if not choice.missing]
    if not whole:
        return None
    others = tuple(choice.table.name for choice in whole[1:])
    return _joined(connection, replace(whole[0], others=others), every)


def nearest(connection: Connection, kind: str, tables: Sequence[Table]) -> Choice | None:
    """The table that lacks least, for somebody to complete; None without any table."""
    return next(iter(_scored(connection, kind, tables)), None)


def _scored(connection: Connection, kind: str, tables: Sequence[Table]) -> list[Choice]:
    scored: list[tuple[int, Choice]] = []
    for table in tables:
        choice = Choice(table, fields_of(table, WANTED[kind]))
        if kind == "punches":
            choice = _timed(connection, choice)
        missing = [either for either in NEEDED[kind] if not any(name in choice.fields for name in either.split("|"))]
        score = 10 * bool(TABLES[kind].search(table.name)) + 2 * len(choice.fields) - 20 * len(missing)
        scored.append((score, replace(choice, missing=tuple(missing))))
    scored.sort(key=lambda row: -row[0])
    return [choice for _, choice in scored]


def fields_of(table: Table, wanted: Mapping[str, str]) -> Fields:
    """Columns by field; a column serves one field alone."""
    found: Fields = {}
    for field, names in wanted.items():
        named = named_column(table, names)
        if named is not None and named not in found.values():
            found[field] = named
    return found


def named_column(table: Table, names: str) -> str | None:
    """The column of the most telling of some names."""
    by_letters = {re.sub("[^a-z0-9]", "", str(name).lower()): str(name) for name in table.c.keys()}  # noqa: SIM118
    return next((by_letters[name] for name in names.split("|") if name in by_letters), None)


def samples(connection: Connection, table: Table, name: str, *, distinct: bool = False) -> list[object]:
    """Some values of a column that are not null."""
    # Without its type: SQLAlchemy would insist that a text in a column DATETIME of SQLite is a date.
    question: Select[tuple[object]] = select(column(name)).select_from(table).where(column(name).is_not(None))
    if distinct:
        question = question.distinct()
    return list(connection.execute(question.limit(SAMPLES)).scalars())


# --- the time of a punch ----------------------------------------------------------------------------------------------


def _timed(connection: Connection, choice: Choice) -> Choice:
    """With the time in two columns where it is so, or found by what columns hold where no name says it."""
    day, part = named_column(choice.table, DAY_PART), named_column(choice.table, CLOCK_PART)
    if day is not None and part is not None and day != part and _is_split(connection, choice.table, day, part):
        return replace(choice, fields={**choice.fields, "time": day}, clock_part=part)
    if "time" in choice.fields or "user" not in choice.fields:
        return choice
    for name in map(str, choice.table.c.keys()):
        free = name not in choice.fields.values() and not _OF_THE_ROW.search(name)
        if free and _hold_times(samples(connection, choice.table, name)):
            return replace(choice, fields={**choice.fields, "time": name})
    return choice


def _is_split(connection: Connection, table: Table, day: str, part: str) -> bool:
    days, parts = samples(connection, table, day), samples(connection, table, part)
    if days and parts:
        return all(map(_is_day, days)) and all(map(_is_clock, parts))
    kinds = (table.c[day].type, table.c[part].type)
    # Without rows the types say it, or nothing does but the two names.
    return isinstance(kinds[0], Date) or isinstance(kinds[1], Time) or type(kinds[0]) is type(kinds[1])


def _is_day(value: object) -> bool:
    return (isinstance(value, date) and not isinstance(value, datetime)) or bool(_DAY.fullmatch(str(value)))


def _is_clock(value: object) -> bool:
    return isinstance(value, clock) or bool(_CLOCK.fullmatch(str(value)))


def _hold_times(values: Iterable[object]) -> bool:
    found = [moment(value) for value in values]
    return bool(found) and all(_is_plausible(one) for one in found)


def _is_plausible(one: Moment) -> bool:
    seconds = one.wall if one.instant is None else one.instant
    return seconds is not None and unit_hint(seconds) is None


def moment(value: object) -> Moment:
    """What a stored value says of a time; nothing for what is none."""
    try:
        return moment_of(value)
    except (ValueError, OverflowError):
        return Moment(None, None)


# --- whose punch it is ------------------------------------------------------------------------------------------------


def _joined(connection: Connection, choice: Choice, every: Sequence[Table]) -> Choice:
    """With the table of people, where the column of the person is a number of that table and no id of a device."""
    name = choice.fields["user"]
    if not isinstance(choice.column("user").type, Integer):
        return choice
    for table, key in _referred(connection, choice.table.name, name, every):
        code = named_column(table, CODE)
        if code is not None and code != key:
            return replace(choice, join=Join(name, table.name, key, code))
    return choice


def _referred(connection: Connection, table: str, name: str, every: Sequence[Table]) -> Iterator[tuple[Table, str]]:
    """Tables that a column refers to, with their key: by foreign keys, then by name (employee_id of employees.id)."""
    by_name = {str(other.name): other for other in every}
    if inspect(connection).has_table(table):
        for row in inspect(connection).get_foreign_keys(table):
            if row["constrained_columns"] == [name] and row["referred_table"] in by_name:
                yield by_name[row["referred_table"]], row["referred_columns"][0]
    stem = re.sub("_?id$", "", name, flags=re.IGNORECASE).lower()
    for other in every:
        if (
            stem
            and stem != name.lower()
            and other.name != table
            and other.name.lower().startswith(stem)
            and "id" in other.c
        ):
            yield other, "id"
