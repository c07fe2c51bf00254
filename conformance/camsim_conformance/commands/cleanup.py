"""`camsim cleanup DIR`: what removes the people of a run from the target's store. It never runs SQL itself."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

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
    rf"(?:\s+(?:AS\s+)?(?P<alias>(?!WHERE\b)\w+))?\s+WHERE\s+"
    rf"(?P<column>{_NAME}|CAST\s*\(\s*{_NAME}\s+AS\s+[\w() ]+?\))\s+IN\s*(?::users|\(\s*:users\s*\))\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)


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
            errors.print(
                f"camsim cleanup: {len(given)} people were there before the run (--users) and are left alone, with the "
                f"rows that came: {', '.join(given[:5])} …",
                markup=False,
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
            errors.print(
                f"camsim cleanup: {words[0]} ended with {done.returncode} at ids {batch[0]} to {batch[-1]}; what comes "
                "after them was not removed",
                markup=False,
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
    places: dict[tuple[str, str], None] = {}
    for kind, select in selects.items():
        place = place_of(select)
        if place is None:
            yield f"-- [{kind}] reads more than one table by its user id alone; remove the rows of these yourself"
            yield from _listed(people)
        else:
            places[place] = None
    for table, column in places:
        for batch in batches(people):
            ids = ", ".join(map(_literal, batch))
            yield f"DELETE FROM {table} WHERE {column} IN ({ids});"  # noqa: S608  it is printed, and never run here


def place_of(select: str) -> tuple[str, str] | None:
    """Table and column of the user id of a SELECT of one table with no other condition; None for others."""
    found = _SIMPLE.fullmatch(select.strip())
    if found is None:
        return None
    column = found["column"]
    if found["alias"] is not None:
        # DELETE FROM table has no place for an alias in every database.
        column = re.sub(rf"\b{found['alias']}\.", "", column)
    return found["table"], column


def _listed(people: Sequence[str]) -> Iterator[str]:
    for batch in batches(people):
        yield f"--   {', '.join(batch)}"


def _literal(user: str) -> str:
    escaped = user.replace("'", "''")
    return f"'{escaped}'"
