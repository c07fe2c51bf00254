"""Prove the suite: references and benign variants pass, every mutant dies by the ids it was built for; generated faulty
receivers are killed and rightly named, generated right ones are never accused.

`make proof` runs all of it and writes docs/proof.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from camsim.protocol.vocabulary import Protocol

from . import populations
from .kept import Kept
from .page import page
from .population_page import population_tables
from .populations import Populations
from .run import Report, Task, mostly_called, prove, tasks

EVERY = 50
MOST_DETAILS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proof, write the page, exit 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m camsim_conformance.proof", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="seeds 1 to N")
    parser.add_argument("--all-over-http", action="store_true", help="also what in process shows the same, far sooner")
    parser.add_argument("--called-seeds", type=int, default=0, help="so many seeds more for what is right, in process")
    parser.add_argument("--mutants", type=int, default=0, help="generated faulty receivers, in process")
    parser.add_argument("--benign", type=int, default=0, help="generated right receivers, in process")
    parser.add_argument("--http-share", type=float, default=0.05, help="of the faulty ones, over HTTP as well")
    parser.add_argument("--population-seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--protocol", choices=list(Protocol), action="append", type=Protocol)
    parser.add_argument("--only", action="append", help="only these names")
    parser.add_argument("--page", type=Path, default=Path("docs/proof.md"))
    parser.add_argument("--keep", type=Path, help="keep results in this folder, and go on from what is there")
    parser.add_argument("--details", action="store_true", help="print the failing cases")
    options = parser.parse_args(arguments)
    kept = Kept(options.keep)
    reports = _reports(options, kept)
    bad = [report for report in reports if report.problem()]
    _say(f"{len(reports)} runs, {len(bad)} that do not show what they have to")
    generated = _generated(options, kept)
    problems = generated.problems() if generated is not None else []
    for problem in problems:
        _say(problem)
    # A page of some names would say of all others that nothing kills them.
    if not options.only and reports:
        options.page.write_text(page(reports, generated), "utf-8")
    elif generated is not None:
        _say("\n".join(population_tables(generated)))
    return 1 if bad or problems else 0


def _reports(options: argparse.Namespace, kept: Kept) -> list[Report]:
    chosen = _chosen(options)
    reports = [kept.reports[task] for task in chosen if task in kept.reports]
    for number, report in enumerate(reports, start=1):
        _print(report, number, len(chosen), details=options.details)
    left = [task for task in chosen if task not in kept.reports]
    for report in prove(left, options.workers):
        reports.append(report)
        kept.add(report, last=len(reports) == len(chosen))
        _print(report, len(reports), len(chosen), details=options.details)
    return reports


def _generated(options: argparse.Namespace, kept: Kept) -> Populations | None:
    if not options.mutants and not options.benign:
        return None
    counts = (options.mutants, options.benign, options.http_share)
    name = f"populations-{options.mutants}-{options.benign}-{options.http_share:g}-{options.population_seed}"
    result = kept.populations(name)
    if result is None:
        result = populations.prove(*counts, options.workers, options.population_seed, _say)
        kept.add_populations(name, result)
    return result


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _chosen(options: argparse.Namespace) -> list[Task]:
    seeds = range(1, options.seeds + 1)
    called = range(options.seeds + 1, options.seeds + options.called_seeds + 1)
    every = tasks(seeds, options.protocol or tuple(Protocol), called)
    if not options.all_over_http:
        every = mostly_called(every)
    return [task for task in every if not options.only or task.name in options.only]


def _print(report: Report, number: int, total: int, *, details: bool) -> None:
    problem = report.problem()
    task = report.task
    name = f"{task.name} {task.protocol} seed {task.seed}"
    if task.encrypted:
        name += " aes"
    # In a pipeline's log now and then a line is enough to show that it still runs.
    if problem or sys.stdout.isatty() or number % EVERY == 0:
        _say(f"[{number}/{total}] {name}: {problem or 'ok'} ({report.seconds:.1f} s)")
    if problem and details:
        for line in report.details[:MOST_DETAILS]:
            _say(f"      {line}")


if __name__ == "__main__":
    raise SystemExit(main())
