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

from .run import Report, prove, tasks


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
    told = parser.parse_args(arguments)
    every = tasks(range(1, told.seeds + 1), told.protocol or tuple(Protocol), range(1, told.mutant_seeds + 1))
    todo = [task for task in every if not told.only or task.name in told.only]
    reports = []
    for number, report in enumerate(prove(todo, told.workers), start=1):
        reports.append(report)
        _tell(report, number, len(todo), details=told.details)
    bad = [report for report in reports if report.problem()]
    print(f"{len(reports)} runs, {len(bad)} that do not show what they have to")  # noqa: T201
    if not told.only:
        from .page import page

        told.page.write_text(page(reports), "utf-8")
    return 1 if bad else 0


def _tell(report: Report, number: int, total: int, *, details: bool) -> None:
    problem = report.problem()
    name = f"{report.task.name} {report.task.protocol} seed {report.task.seed}{' aes' if report.task.encrypted else ''}"
    if problem or sys.stdout.isatty() or number % 50 == 0:
        print(f"[{number}/{total}] {name}: {problem or 'ok'} ({report.seconds:.1f} s)", flush=True)  # noqa: T201
    for line in report.details[:12] if details and problem else ():
        print(f"      {line}", flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
