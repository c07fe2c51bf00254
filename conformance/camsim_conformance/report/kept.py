"""Read what a run kept under cases/: for a replay."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from camsim_conformance.target.profile import UsageError

from .case_files import RUN_FILE, CaseFile, RunFile, StepDocument

MOST_NAMES = 6


def read_case(folder: Path, case: str) -> CaseFile:
    """case.json of a case id. Raises: UsageError, with ids that are there."""
    file = folder / "cases" / case / "case.json"
    # A case id is a path below cases/, and never one out of it.
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; give the --out of a run")
    if ".." in Path(case).parts or not file.is_file():
        raise UsageError(f"{case!r}: no such case in {folder}; there are {_names_like(folder, case)}")
    kept: CaseFile = json.loads(file.read_text("utf-8"))
    return kept


def read_run(folder: Path) -> RunFile:
    """cases/run.json. Raises: UsageError for a folder of an earlier camsim, which can be replayed with --same alone."""
    file = folder / "cases" / RUN_FILE
    if not file.is_file():
        raise UsageError(f"{file} is missing: an earlier camsim kept this run; --same sends its bytes again")
    kept: RunFile = json.loads(file.read_text("utf-8"))
    return kept


def body_of(folder: Path, case: str, row: StepDocument) -> bytes:
    """The kept bytes of a step, with placeholders."""
    raw = (folder / "cases" / case / row["file"]).read_bytes()
    return gzip.decompress(raw) if row["file"].endswith(".gz") else raw


def _names_like(folder: Path, case: str) -> str:
    cases = folder / "cases"
    known = sorted(str(path.parent.relative_to(cases)) for path in cases.glob("*/*/case.json"))
    near = [name for name in known if name.startswith(case.partition("/")[0])]
    return ", ".join((near or known)[:MOST_NAMES]) or "none"
