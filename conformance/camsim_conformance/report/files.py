"""Write everything --out DIR holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from camsim.shown import json_text
from camsim_conformance.observed import Observed
from camsim_conformance.plan.plan import Plan
from camsim_conformance.target.profile import Profile, UsageError

from . import case_files, certificate, junit
from .document import Document
from .html import html
from .summary import summary


def prepare(out: Path) -> None:
    """Make the folder before anything is sent. Raises: UsageError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from None


CLEAN_UP = "cleanup.txt"
# They become words of SQL and of a command: letters and digits alone, and no option.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
GIVEN = "# was there before (--users), only its new rows are of this run:"


def clean_up_list(out: Path, plan: Plan, given: Sequence[str] = ()) -> None:
    """Write the ids a run may leave in the target, before it sends: they are there after a crash too. People `given` by
    --users stand in comments: they are somebody's, and more than this run's rows hang on them."""
    known = set(given)
    lines = [f"{user}\n" for user in plan.left_behind if user not in known]
    lines += [f"{GIVEN} {user}\n" for user in plan.left_behind if user in known]
    (out / CLEAN_UP).write_text("".join(lines), "utf-8")


def left_behind(out: Path) -> tuple[list[str], list[str]]:
    """The ids of a clean-up list that the run made, and those that were there before. Raises: UsageError."""
    file = out / CLEAN_UP
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; DIR is the --out folder of a run of camsim certify") from None
    given = [line.removeprefix(GIVEN).strip() for line in lines if line.startswith(GIVEN)]
    made = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    odd = [user for user in made if not _ID.fullmatch(user)]
    if odd:
        raise UsageError(f"{file}: {odd[0]!r} is no id of a run: who changed it could change your database with it")
    return made, given


def write(document: Document, cases: Sequence[Observed], profile: Profile, out: Path, key: Path | None) -> None:
    """Write result.json, junit.xml, report.html, summary.md, cases/ and, for a grade, certificate.json."""
    raw = json_text(document) + "\n"
    (out / "result.json").write_text(raw, "utf-8")
    junit.write(document, out / "junit.xml")
    (out / "report.html").write_text(html(document), "utf-8")
    (out / "summary.md").write_text(summary(document), "utf-8")
    case_files.write(cases, out, profile)
    # A certificate of an earlier run in the same folder would speak of a result that is no longer there.
    for name in ("certificate.json", certificate.PUBLIC_FILE):
        (out / name).unlink(missing_ok=True)
    if document["grade"] != "none":
        certificate.write(document, raw.encode(), out, key)
