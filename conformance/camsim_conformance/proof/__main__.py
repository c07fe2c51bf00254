"""Prove the suite: references and benign variants pass, every mutant dies by the ids it was built for.

`python -m camsim_conformance.proof --seeds 20` runs it and writes docs/proof.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from camsim.protocol.vocabulary import Protocol

from .page import page
from .run import Report, Task, prove, tasks

EVERY = 50
MOST_DETAILS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proof, write the page, exit 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m camsim_conformance.proof", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="seeds 1 to N")
    parser.add_argument("--mutant-seeds", type=int, default=3, help="seeds 1 to N for mutants")
    parser.add_argument("--workers", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--protocol", choices=list(Protocol), action="append", type=Protocol)
    parser.add_argument("--only", action="append", help="only these names")
    parser.add_argument("--page", type=Path, default=Path("docs/proof.md"))
    parser.add_argument("--details", action="store_true", help="print the failing cases")
    options = parser.parse_args(arguments)
    chosen = _chosen(options)
    reports = []
    for number, report in enumerate(prove(chosen, options.workers), start=1):
        reports.append(report)
        _print(report, number, len(chosen), details=options.details)
    bad = [report for report in reports if report.problem()]
    print(f"{len(reports)} runs, {len(bad)} that do not show what they have to")  # noqa: T201
    # A page of some names would say of all others that nothing kills them.
    if not options.only:
        options.page.write_text(page(reports), "utf-8")
    return 1 if bad else 0


def _chosen(options: argparse.Namespace) -> list[Task]:
    seeds, mutant_seeds = range(1, options.seeds + 1), range(1, options.mutant_seeds + 1)
    every = tasks(seeds, options.protocol or tuple(Protocol), mutant_seeds)
    return [task for task in every if not options.only or task.name in options.only]


def _print(report: Report, number: int, total: int, *, details: bool) -> None:
    problem = report.problem()
    task = report.task
    name = f"{task.name} {task.protocol} seed {task.seed}"
    if task.encrypted:
        name += " aes"
    # In a pipeline's log now and then a line is enough to show that it still runs.
    if problem or sys.stdout.isatty() or number % EVERY == 0:
        print(f"[{number}/{total}] {name}: {problem or 'ok'} ({report.seconds:.1f} s)", flush=True)  # noqa: T201
    if problem and details:
        for line in report.details[:MOST_DETAILS]:
            print(f"      {line}", flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
