"""`camsim scenario`: validate, run, list and show scenarios."""

from __future__ import annotations

import asyncio
import difflib
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camsim import ending, resources
from camsim.ownership import origin_of
from camsim.scenarios import document
from camsim.scenarios.assertions import overall
from camsim.scenarios.document import Scenario
from camsim.scenarios.errors import ScenarioError
from camsim.wording import shown

from .output import say, say_json

if TYPE_CHECKING:
    from camsim.scenarios.runner import Report

app = typer.Typer(name="scenario", help="Check and run scenarios.", no_args_is_help=True, add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Files = Annotated[list[str], typer.Argument(help="Files, or names of the library.", metavar="FILE|NAME…")]


class Usage(typer.Exit):
    """A wrong file or name: exit code 2, nothing was sent."""

    def __init__(self, message: str) -> None:
        say(f"camsim scenario: {message}", err=True)
        super().__init__(2)


def read(name: str) -> Scenario:
    """The scenario in a file, or of that name in the library. Raises: Usage."""
    path = Path(name)
    try:
        if path.suffix not in (".yaml", ".yml", ".json"):
            return document.parse(_of_library(name).read_bytes(), name)
        return document.parse(path.read_bytes(), path.name)
    except OSError as problem:
        raise Usage(f"cannot read {name}: {problem.strerror or problem}") from None
    except ScenarioError as problem:
        raise Usage(f"{name}: {problem}") from None


def _of_library(name: str) -> Path:
    try:
        return resources.path("fixtures", "scenarios", f"{Path(name).name}.yaml")
    except (OSError, ValueError):  # not there, or no name that a file can have
        known = sorted(file.stem for file in resources.path("fixtures", "scenarios").glob("*.yaml"))
        near = difflib.get_close_matches(name[:80], known, n=3, cutoff=0.5)
        hint = "`camsim scenario list` shows it"
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        raise Usage(f"{shown(name)} is no file (.yaml, .yml, .json) and not in the library; {hint}") from None


@app.command()
def validate(files: Files, as_json: AsJson = False) -> None:
    """Check scenarios without running them.

    Example: camsim scenario validate my-monday.yaml
    """
    checked = [read(name) for name in files]
    if as_json:
        say_json([{"name": found.name, "steps": len(found.steps)} for found in checked], indent=None)
        return
    for found in checked:
        say(f"{found.name}: {len(found.steps)} steps, valid")


@app.command()
def run(
    files: Files,
    url: Annotated[
        str | None,
        typer.Option(envvar="CAMSIM_URL", help="Management URL of a running simulator; else one is started."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--management-token", envvar=["CAMSIM_TOKEN", "CAMSIM_MANAGEMENT_TOKEN"], help="Its token."),
    ] = None,
    callback_url: Annotated[str | None, typer.Option(help="Your receiver; else a built-in one answers.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed than the scenario's.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to the callback URLs that a file names itself.")] = False,
    keep: Annotated[bool, typer.Option(help="Leave devices and faults in the running simulator.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run scenarios one after the other, in virtual time. Exit code 0 PASS, 1 FAIL, 3 could not judge, 4 refused.

    Example: camsim scenario run offline-weekend --callback-url http://127.0.0.1:8000/callback
    """
    from camsim import standalone
    from camsim.scenarios.runner import EXIT_CODES

    reports: list[Report] = []
    # All of them are read before the first one runs: a wrong file must not come to light after an hour.
    wanted = [read(name) for name in files]
    if not yes:
        _refuse_targets(wanted, callback_url)
    for found in wanted:
        chosen = found if seed is None else document.reseeded(found, seed)
        if url:
            work = standalone.run_remote(chosen, url, token, callback_url, keep=keep)
        else:
            work = standalone.run_alone(chosen, callback_url)
        with ending.interrupting():
            reports.append(asyncio.run(work))
        if not as_json:
            _print(reports[-1])
    if as_json:
        say_json([report.shown() for report in reports])
    raise typer.Exit(EXIT_CODES[overall(report.verdict for report in reports)])


def _refuse_targets(wanted: list[Scenario], callback_url: str | None) -> None:
    """Returns when no file sends anywhere but to this machine or to where the user said. Raises: typer.Exit 4.

    A file from elsewhere could name any service that this machine reaches.
    """
    for found in wanted:
        strange = [url for url in document.targets(found) if not _is_named(url, callback_url)]
        if strange:
            say(
                f"camsim scenario: {found.name} sends callbacks to {', '.join(dict.fromkeys(strange))}: agree with "
                "--yes, or take the URL out and give --callback-url",
                err=True,
            )
            raise typer.Exit(4)


def _is_named(url: str, callback_url: str | None) -> bool:
    try:
        origin = origin_of(url)
        named = origin_of(callback_url) if callback_url else None
    except ValueError:
        return True  # no URL: the step itself says so
    return origin == named or _is_loopback(origin.host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print(report: Report) -> None:
    say(
        f"{report.verdict:8}{report.scenario}: {report.deliveries} deliveries, "
        f"{report.virtual_s:g} virtual s in {report.took_s:.2f} s, seed {report.seed}"
    )
    for step in report.steps:
        if step.verdict != "PASS":
            # A step that was blocked or skipped expected nothing.
            said = ""
            if step.expected:
                said = f"expected {step.expected}; "
            say(f"  {step.verdict:8}step {step.number} {step.action}: {said}{step.actual}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the library: name and what it teaches.

    Example: camsim scenario list
    """
    found = document.library()
    if as_json:
        say_json([{"name": name, "teaches": item.teaches} for name, item in found.items()])
        return
    for name, item in found.items():
        typer.echo(f"{name}\n    {item.teaches}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="A name of the library.")], as_json: AsJson = False) -> None:
    """Print a scenario of the library, to read or to start from.

    Example: camsim scenario show lost-acks > mine.yaml
    """
    text = _of_library(name).read_text()
    if as_json:
        say_json(document.shown(read(name)))
    else:
        typer.echo(text, nl=False)
