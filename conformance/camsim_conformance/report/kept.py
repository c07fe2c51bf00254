"""Read what a run kept under cases/: for a replay. The folder may be anybody's: nothing outside it is ever read."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from camsim_conformance.target.profile import UsageError

from .case_files import RUN_FILE, CaseFile, RunFile, StepDocument
from .seal import is_own

T = TypeVar("T")
MOST_NAMES = 6
MOST_BYTES = 64 * 1024 * 1024
MOST_STEPS, MOST_SENDS, MOST_AT_ONCE, MOST_S = 1000, 100, 256, 600.0
_BODY = re.compile(r"\d{2,6}\.body(\.gz)?")
_HEADER = re.compile(r"[\x20-\x7e]*")


def read_case(folder: Path, case: str) -> CaseFile:
    """case.json of a case id. Raises: UsageError, with ids that are there, and for what no run writes."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; give the --out of a run")
    parts = case.split("/")
    if len(parts) != 2 or "\0" in case or not _is_file(folder, *parts, "case.json"):
        raise UsageError(f"{case!r}: no such case in {folder}; there are {_names_like(folder, case)}")
    kept = _decoded(folder, CaseFile, *parts, "case.json")
    if kept["id"] != case:
        raise UsageError(f"{folder / 'cases' / case}: its case.json is that of {kept['id']!r}")
    if not 1 <= len(kept["steps"]) <= MOST_STEPS or not 1 <= kept.get("at_once", 1) <= MOST_AT_ONCE:
        raise UsageError(f"{case}: a case of a run has 1 to {MOST_STEPS} steps, at most {MOST_AT_ONCE} of them at once")
    for row in kept["steps"]:
        _check(case, row)
    return kept


def _check(case: str, row: StepDocument) -> None:
    """What no run writes: another file than a body, another header in a header, a flood."""
    if not _BODY.fullmatch(row["file"]):
        raise UsageError(f"{case}: {row['file']!r} is no body of this case; nothing else is sent")
    if not _HEADER.fullmatch(row["content_type"]) or not re.fullmatch(r"(\?[\x21-\x7e]*)?", row["query"]):
        raise UsageError(f"{case}: the Content-Type or the query of a step is none")
    if not (1 <= row["copies"] <= MOST_SENDS and 0 <= row["retries"] <= MOST_SENDS and row["device"] >= 0):
        raise UsageError(f"{case}: a step is sent {row['copies']} times, {row['retries']} times more: no run does that")


def read_run(folder: Path) -> RunFile:
    """cases/run.json. Raises: UsageError for a folder of an earlier camsim, which can be replayed with --same alone."""
    if not _is_file(folder, RUN_FILE):
        raise UsageError(
            f"{folder / 'cases' / RUN_FILE} is missing: an earlier camsim kept this run; --same sends its bytes again"
        )
    run = _decoded(folder, RunFile, RUN_FILE)
    times = {"settle_s": run.get("settle_s", 0.0), "deadline_s": run["deadline_s"], "patience_s": run["patience_s"]}
    for name, seconds in times.items():
        if not 0 <= seconds <= MOST_S:
            raise UsageError(f"{folder / 'cases' / RUN_FILE}: {name} is {seconds:g}; 0 to {MOST_S:g} seconds")
    return run


def body_of(folder: Path, case: str, row: StepDocument) -> bytes:
    """The kept bytes of a step, with placeholders. Raises: UsageError."""
    raw = _bytes(folder, *case.split("/"), row["file"])
    if not row["file"].endswith(".gz"):
        return raw
    try:
        opener = zlib.decompressobj(wbits=31)  # gzip; the length of what comes out is limited
        body = opener.decompress(raw, MOST_BYTES)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"{case}: {row['file']}: {error}") from None
    if opener.unconsumed_tail or not opener.eof:
        raise UsageError(f"{case}: {row['file']} is cut, or more than {MOST_BYTES} bytes")
    return body


def made_here(folder: Path, kept: CaseFile, run: RunFile | None) -> bool:
    """True when this user's camsim wrote the case with its bodies, and the run, and nobody changed them."""
    parts = kept["id"].split("/")
    bodies = [_bytes(folder, *parts, row["file"]) for row in kept["steps"]]
    if not is_own(_members(folder, *parts, "case.json"), bodies):
        return False
    return run is None or is_own(_members(folder, RUN_FILE))


# --- files in the folder, and none outside ----------------------------------------------------------------------------


def _is_file(folder: Path, *parts: str) -> bool:
    """Whether the file is there; a link out of the folder is none."""
    cases = (folder / "cases").resolve()
    try:
        file = cases.joinpath(*parts).resolve()
        return file.is_relative_to(cases) and file.is_file() and all(part not in ("", ".", "..") for part in parts)
    except (OSError, ValueError, RuntimeError):  # a name no file can have; links in a circle
        return False


def _bytes(folder: Path, *parts: str) -> bytes:
    name = "/".join(parts)
    if not _is_file(folder, *parts):
        raise UsageError(f"{name!r} is no file below {folder / 'cases'}: nothing outside is sent")
    file = (folder / "cases").joinpath(*parts)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"{file}: more than {MOST_BYTES} bytes")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


def _decoded(folder: Path, kind: type[T], *parts: str) -> T:
    try:
        return msgspec.json.decode(_bytes(folder, *parts), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{'/'.join(parts)}: no file of a run ({error})") from None


def _members(folder: Path, *parts: str) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(_bytes(folder, *parts))
    return found


def _names_like(folder: Path, case: str) -> str:
    cases = folder / "cases"
    known = sorted(str(path.parent.relative_to(cases)) for path in cases.glob("*/*/case.json"))
    near = [name for name in known if name.startswith(case.partition("/")[0])]
    return ", ".join((near or known)[:MOST_NAMES]) or "none"
