"""`camsim readback`: try an adapter before anything is judged, and write a first map.toml for a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from camsim.readback.model import MAX_IDS, Capabilities, ReadBackError
from camsim.terminal import print_json
from camsim_conformance.readback.opening import open_adapter
from camsim_conformance.readback.trial import Trial, tried
from camsim_conformance.target.profile import UsageError
from camsim_conformance.verdict.result import Exit

from .errors import console, exit_on_error

group = typer.Typer(no_args_is_help=True, help="Look through a read-back before anything is judged.")


@group.callback()
def readback() -> None:
    """Look through a read-back before anything is judged."""


@group.command("try")
def try_(
    adapter: Annotated[str, typer.Argument(help="http://…, sql:URL, cmd:./dump.sh, py:module:object")],
    user: Annotated[list[str], typer.Option(help="Somebody who has punched; repeatable, two show more.")],
    map_: Annotated[Path | None, typer.Option("--map", help="map.toml of sql: read-back.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificate authority, PEM.")] = None,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The adapter is public and mine.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what an adapter tells of a few people, and what is wrong with it. Nothing is sent to the callback URL.

    Example: camsim readback try sql:sqlite:///app.db --map map.toml --user 1001 --user 1002

    Exit codes: 0 believed, 2 usage, 3 it cannot be believed, 4 refused for safety.
    """
    with exit_on_error("readback try"):
        people = list(dict.fromkeys(user))
        if len(people) >= MAX_IDS:
            raise UsageError(f"--user is given {len(people)} times: fewer than {MAX_IDS} people fit one question")
        with open_adapter(adapter, map_, ca, i_own_this=i_own_this) as opened:
            trial = tried(opened, people)
    if json_:
        print_json(_document(trial))
    else:
        _show(trial)
    raise typer.Exit(int(Exit.INCOMPLETE if trial.faults else Exit.PASSED))


@group.command("suggest")
def suggest(
    database: Annotated[str, typer.Argument(help="sql:URL, as sql:sqlite:///app.db")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file; printed without.")] = None,
) -> None:
    """Write a first map.toml from the schema of a database; only SELECTs are run.

    Example: camsim readback suggest sql:sqlite:///app.db --out map.toml
    """
    with exit_on_error("readback suggest"):
        form, _, url = database.partition(":")
        if form != "sql" or not url:
            raise UsageError(f"{database.partition('@')[0]!r}: write sql:URL, as sql:sqlite:///app.db")
        try:
            from camsim_conformance.readback.suggest import suggested  # SQLAlchemy takes a while to import
        except ImportError as error:
            raise UsageError(f"sql: needs SQLAlchemy ({error}): pip install SQLAlchemy") from None
        found = suggested(url)
        if out is not None:
            _write(out, found.text)
        else:
            print(found.text, end="")  # noqa: T201  the result itself
        if found.missing is not None:
            raise ReadBackError(
                f"{found.missing}{f' of {out}' if out is not None else ''} (docs/cookbook/certify-in-ci.md)"
            )
    if out is not None:
        console.say(f"{out}: look at every line, then camsim readback try")


def _write(out: Path, text: str) -> None:
    if out.exists():
        raise UsageError(f"--out {out}: is there already, and may hold your own work; give another name")
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from None


def _document(trial: Trial) -> dict[str, object]:
    return {
        "adapter": trial.adapter,
        "capabilities": _capabilities(trial.capabilities),
        **trial.rows,
        "faults": trial.faults,
        "hints": trial.hints,
        "believed": not trial.faults,
    }


def _capabilities(found: Capabilities) -> dict[str, object]:
    return {
        "time_policy": found.time_policy,
        "keeps": sorted(found.keeps),
        "type_words": _sorted(found.type_words),
        "input_words": _sorted(found.input_words),
    }


def _sorted(words: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    return {own: sorted(theirs) for own, theirs in words.items()}


def _show(trial: Trial) -> None:
    found = trial.capabilities
    console.say(f"{trial.adapter}: times are {found.time_policy}; keeps {', '.join(sorted(found.keeps))}")
    for kind, rows in trial.rows.items():
        console.say(f"{kind}: {len(rows)} rows")
        for row in rows:
            console.say("  " + "  ".join(_told(row)))
    _list("cannot be believed", trial.faults)
    _list("hint", trial.hints)
    if not trial.faults:
        console.say("believed: what it shows of one, of several and of nobody agrees")


_READINGS = ("instant", "wall")  # of the time; what it does not say has no place in the line


def _told(row: Mapping[str, object]) -> Iterator[str]:
    for name, value in row.items():
        if value is not None or name not in _READINGS:
            yield f"{name}={value}"


def _list(what: str, texts: Sequence[str]) -> None:
    for text in texts:
        console.say(f"{what}: {text}")
