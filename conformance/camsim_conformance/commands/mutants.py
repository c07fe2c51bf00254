"""`camsim mutants`: what the suite is proved with, and how a customer tries an adapter of their own on it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from camsim.terminal import print_json
from camsim_conformance.target.profile import UsageError
from camsim_conformance.verdict.result import Exit

from .errors import console, exit_on_error

if TYPE_CHECKING:
    from camsim_conformance.proof.run import Report, Task

# The mutants and the proof are imported where they are used: both bring a whole receiver with them.

group = typer.Typer(no_args_is_help=True, help="Receivers with a known fault, and what has to kill them.")


@group.callback()
def mutants() -> None:
    """Receivers with a known fault, and what has to kill them."""


@group.command("list")
def list_(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List mutants and benign variants.

    Example: camsim mutants list
    """
    from camsim_conformance.mutants import BENIGN, MUTANTS

    if json_:
        rows = [
            {"name": row.name, "title": row.title, "must": sorted(row.must), "may": dict(row.may)}
            for row in MUTANTS.values()
        ]
        benign = [{"name": row.name, "title": row.title, "why": row.why} for row in BENIGN.values()]
        print_json({"mutants": rows, "benign": benign})
        return
    for row in MUTANTS.values():
        console.say(f"{row.name:<28}{row.protocol:<4}{' '.join(sorted(row.must)):<28}{row.title}")
    for other in BENIGN.values():
        console.say(f"{other.name:<28}    benign                      {other.title}")


@group.command("run")
def run(
    readback: Annotated[
        str, typer.Option(help="Adapter to prove, as py:module:make; {url} is the mutant's read-back.")
    ] = "",
    only: Annotated[list[str] | None, typer.Option(help="Only these names; repeatable.")] = None,
    seeds: Annotated[int, typer.Option(help="Seeds 1 to N.")] = 1,
    workers: Annotated[int, typer.Option(help="Runs at once; 0 is twice the processors.")] = 0,
    without_readback: Annotated[bool, typer.Option("--without-readback", help="Judge by answers alone.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge every mutant and benign variant; exit 1 when one survives or a benign one is failed.

    Example: camsim mutants run --readback "cmd:./dump.sh {url}"
    """
    from camsim_conformance.proof.run import prove

    with exit_on_error("mutants run"):
        tasks = _tasks(only or [], seeds, readback, without_readback)
    reports = []
    for report in prove(tasks, workers or 2 * (os.cpu_count() or 1)):
        reports.append(report)
        problem = report.problem()
        if problem and not json_:
            console.say(f"{report.task.name}: {problem}")
    raise typer.Exit(int(_end(reports, as_json=json_)))


def _end(reports: list[Report], *, as_json: bool) -> Exit:
    void = wrong = 0
    for report in reports:
        # A void run shows nothing: it is neither a survivor nor a false alarm.
        if report.void is not None:
            void += 1
        elif report.problem() is not None:
            wrong += 1
    if as_json:
        print_json([_document(report) for report in reports])
    else:
        console.say(f"{len(reports)} runs, {wrong} wrong, {void} void")
    if wrong:
        return Exit.FAILED
    return Exit.INCOMPLETE if void else Exit.PASSED


def _document(report: Report) -> dict[str, object]:
    task = report.task
    return {"name": task.name, "seed": task.seed, "failed": sorted(report.failed), "problem": report.problem()}


def _tasks(only: list[str], seeds: int, readback: str, without: bool) -> list[Task]:
    from camsim_conformance.mutants import BENIGN, MUTANTS
    from camsim_conformance.proof.run import tasks

    unknown = [name for name in only if name not in MUTANTS and name not in BENIGN]
    if unknown:
        raise UsageError(f"--only {', '.join(unknown)}: no such mutant; see camsim mutants list")
    if readback and "{url}" not in readback:
        raise UsageError("--readback: write {url} where the read-back URL of the mutant belongs")
    chosen = []
    for task in tasks(range(1, seeds + 1)):
        if task.variant and (not only or task.name in only):
            chosen.append(replace(task, readback=not without, adapter=readback or None))
    return chosen
