"""`camsim cleanup DIR`: what removes the people of a run from the target's store. It never runs SQL itself."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from camsim.readback.model import ReadBackError, batches
from camsim_conformance.report.files import CLEAN_UP, left_behind
from camsim_conformance.target.profile import UsageError
from camsim_conformance.verdict.result import Exit

from .errors import errors, exit_on_error

# Rows of people go before the people: tables may refer to them.
ORDER = ("templates", "punches", "users")
_NAME = r"[\w$.\"`\[\]]+"
_SIMPLE = re.compile(
    rf"SELECT\b(?:(?!\b(?:FROM|JOIN|UNION)\b).)*\bFROM\s+(?P<table>{_NAME})"
    rf"(?:\s+(?:AS\s+)?(?P<alias>(?!WHERE\b)\w+))?\s+WHERE\s+(?P<where>.+?)(?:\s+ORDER\s+BY\s+[^()]+?)?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_OF_USERS = re.compile(
    rf"(?P<column>{_NAME}|CAST\s*\(\s*{_NAME}\s+AS\s+[\w() ]+?\))\s+IN\s*(?::users|\(\s*:users\s*\))", re.IGNORECASE
)
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
# A column that says that a row counts as deleted: rows of the run that do are to go as well.
_SOFTLY_DELETED = re.compile(
    rf"(?:NOT\s+)?{_NAME}(?:\s+IS\s+(?:NOT\s+)?(?:NULL|TRUE|FALSE)|\s*(?:=|<>|!=)\s*[\w']+)?", re.IGNORECASE
)
_DELETED_WORDS = re.compile("delet|gone|active|archiv|remov|disabled", re.IGNORECASE)
# One comparison with something plain; anything else is not repeated in a DELETE.
_PLAIN = re.compile(
    rf"{_NAME}\s*(?:=|<>|!=|<=|>=|<|>)\s*(?:{_NAME}|'[^']*')|{_NAME}\s+IS\s+(?:NOT\s+)?NULL", re.IGNORECASE
)


class Place(NamedTuple):
    """Where rows of people are: the table, the column of their id, and what else must hold of a row."""

    table: str
    column: str
    others: tuple[str, ...] = ()


def cleanup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The --out folder of a run.")],
    map_: Annotated[
        Path | None, typer.Option("--map", help="map.toml: print DELETE statements for its tables.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="A command of yours that removes the people whose ids are its arguments.")
    ] = None,
) -> None:
    """Print the SQL that removes the people of a run, or have your own command do it. No SQL is ever run from here.

    Example: camsim cleanup report --map map.toml > cleanup.sql

    Exit codes: 0 done, 1 your command failed, 2 usage.
    """
    with exit_on_error("cleanup"):
        people, given = left_behind(folder)
        if (map_ is None) == (run is None):
            raise UsageError(f"give either --map FILE or --run CMD; the {len(people)} ids are in {folder / CLEAN_UP}")
        if given:
            errors.say(
                f"camsim cleanup: {len(given)} people were there before the run (--users) and are left alone, with the "
                f"rows that came: {', '.join(given[:5])} …"
            )
        if run is not None:
            raise typer.Exit(int(_call(run, people)))
        if map_ is not None:
            for line in list(_statements(map_, people)):
                print(line)  # noqa: T201  the result itself


def _call(line: str, people: Sequence[str]) -> Exit:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"--run {line!r}: {error}") from None
    if not words:
        raise UsageError("--run needs a command, as --run ./remove-users.sh")
    for batch in batches(people):
        try:
            done = subprocess.run([*words, *batch], check=False)  # noqa: S603  the user's own command, no shell
        except OSError as error:
            raise UsageError(f"--run {words[0]}: {error.strerror}") from None
        if done.returncode != 0:
            errors.say(
                f"camsim cleanup: {words[0]} ended with {done.returncode} at ids {batch[0]} to {batch[-1]}; what comes "
                "after them was not removed"
            )
            return Exit.FAILED
    return Exit.PASSED


def _statements(file: Path, people: Sequence[str]) -> Iterator[str]:
    from camsim.readback.sql import read_map, select_of  # SQLAlchemy takes a while to import

    try:
        found = read_map(file)
        selects = {kind: select_of(found, kind) for kind in ORDER if kind in found}
    except ReadBackError as error:
        raise UsageError(str(error)) from None
    yield from _deletions(selects, people)


def _deletions(selects: Mapping[str, str], people: Sequence[str]) -> Iterator[str]:
    yield f"-- {len(people)} people of a run of camsim certify; look at it before you run it"
    places: dict[Place, None] = {}
    left = []
    for kind, select in selects.items():
        place = place_of(select)
        if place is None:
            left.append(kind)
            yield f"-- [{kind}] {_why_none(select)}; remove the rows of these yourself"
            yield from _listed(people)
        else:
            places[place] = None
    for place in places:
        for batch in batches(people):
            ids = ", ".join(map(_literal, batch))
            where = " AND ".join([f"{place.column} IN ({ids})", *place.others])
            yield f"DELETE FROM {place.table} WHERE {where};"  # noqa: S608  it is printed, and never run here
    if left:
        errors.say(f"camsim cleanup: no DELETE for {', '.join(left)}: the comments say whose rows stay")


def _why_none(select: str) -> str:
    if re.search(r"\bJOIN\b|\bUNION\b|\bFROM\s+[^()]*?,[^()]*?\bWHERE\b|\(\s*SELECT\b", select, re.IGNORECASE):
        return "reads more than one table"
    return "has conditions that a DELETE cannot simply repeat"


def place_of(select: str) -> Place | None:
    """Table, column of the user id, and other conditions of a SELECT of one table; None for others. That a row counts
    as deleted is no condition: the run's go all the same."""
    found = _SIMPLE.fullmatch(select.strip())
    if found is None:
        return None
    column = None
    others = []
    for condition in _AND.split(found["where"].strip()):
        of_users = _OF_USERS.fullmatch(condition)
        if of_users is not None and column is None:
            column = of_users["column"]
        elif _SOFTLY_DELETED.fullmatch(condition) and _DELETED_WORDS.search(condition):
            continue
        elif _PLAIN.fullmatch(condition):
            others.append(_without_alias(condition, found["alias"]))
        else:
            return None
    return None if column is None else Place(found["table"], _without_alias(column, found["alias"]), tuple(others))


def _without_alias(text: str, alias: str | None) -> str:
    # DELETE FROM table has no place for an alias in every database.
    return text if alias is None else re.sub(rf"\b{alias}\.", "", text)


def _listed(people: Sequence[str]) -> Iterator[str]:
    for batch in batches(people):
        yield f"--   {', '.join(batch)}"


def _literal(user: str) -> str:
    escaped = user.replace("'", "''")
    return f"'{escaped}'"
