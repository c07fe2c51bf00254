"""`camsim state`: say what of a state file is whole, and make a whole one of what is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from camsim.service import state_repair
from camsim.service.state_file import StoreError
from camsim.shown import for_json, for_lines

from .control import Exit

app = typer.Typer(
    name="state", help="Check and repair the files of `serve --state`.", no_args_is_help=True, add_completion=False
)
StateFile = Annotated[Path, typer.Argument(help="The file of --state, of a simulator that does not run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def check(file: StateFile, as_json: AsJson = False) -> None:
    """Read a state file as a start would, and say what is whole. Exit code 1: it is damaged.

    Example: camsim state check gateway.db
    """
    _run("check", file, as_json=as_json)


@app.command()
def repair(file: StateFile, as_json: AsJson = False) -> None:
    """Keep what is whole, list what is not; the damaged file stays beside the new one. Exit code 1: nothing was made.

    Example: camsim state repair gateway.db
    """
    _run("repair", file, as_json=as_json)


def _run(what: str, path: Path, *, as_json: bool) -> None:
    if not path.is_file():
        raise Exit(2, f"{path} is not there; give the file of `camsim serve --state`")
    try:
        found = state_repair.repair(path) if what == "repair" else state_repair.check(path)
    except StoreError as problem:
        raise Exit(1, str(problem)) from None
    if as_json:
        typer.echo(for_json(msgspec.json.encode(found).decode()))
    else:
        typer.echo(for_lines(_told(found, what)))
    if what == "check" and not found.whole:
        raise typer.Exit(1)


def _told(found: state_repair.Finding, what: str) -> str:
    holds = f"{found.devices} devices, {found.rows} rows, {found.events} events up to number {found.last_event}"
    if found.whole:
        return f"{found.path} is whole: {holds}"
    lines = [f"{found.path} is damaged:", *(f"  {said}" for said in found.damages)]
    if found.kept_as:
        return "\n".join([*lines, f"kept: {holds}", f"the damaged file is {found.kept_as}"])
    if what == "check":
        lines.append(f"`camsim state repair {found.path}` would keep: {holds}")
    return "\n".join(lines)
