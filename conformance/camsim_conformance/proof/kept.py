"""What an interrupted proof has shown is kept in a folder, for the next one to go on from: an hour is long.

Results are those of one state of the code. What they are held against (the declared ids of mutants) may change between
two runs; everything else may not, so the folder is asked for by a digest of it. Of mutants the digest knows nothing:
whoever changes what one does removes the folder.
"""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import TypeVar

from camsim import chance

from .populations import Populations
from .run import Report, Task

T = TypeVar("T")
# Declarations, and how pages are written: they judge nothing.
_NOT_JUDGING = ("mutants/", "proof/page", "proof/population_page", "proof/kept", "proof/__main__", "report/")


def digest() -> str:
    """Twelve letters that change with any code that judges, or that is judged."""
    found = hashlib.sha256()
    for root in (Path(__file__).parents[1], Path(chance.__file__).parent):
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(_NOT_JUDGING):
                found.update(name.encode() + path.read_bytes())
    return found.hexdigest()[:12]


class Kept:
    """The results in one folder; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder / digest() if folder is not None else None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self.reports: dict[Task, Report] = self._read("reports", {})

    def add(self, report: Report, *, last: bool) -> None:
        """Keep a report; written now and then, and with the last one."""
        self.reports[report.task] = report
        if last or len(self.reports) % 20 == 0:
            self._write("reports", self.reports)

    def populations(self, name: str) -> Populations | None:
        """The populations of an earlier run with the same counts and seed."""
        return self._read(name, None)

    def add_populations(self, name: str, result: Populations) -> None:
        """Keep both populations."""
        self._write(name, result)

    def _read(self, name: str, otherwise: T) -> T:
        if self._folder is None or not (path := self._folder / f"{name}.pickle").exists():
            return otherwise
        found: T = pickle.loads(path.read_bytes())  # noqa: S301  our own file
        return found

    def _write(self, name: str, what: object) -> None:
        if self._folder is None:
            return
        path = self._folder / f"{name}.pickle"
        fresh = path.with_suffix(".new")
        fresh.write_bytes(pickle.dumps(what))
        fresh.replace(path)
