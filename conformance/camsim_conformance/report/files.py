"""Write everything --out DIR holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

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


def clean_up_list(out: Path, plan: Plan) -> None:
    """Write the ids a run may leave in the target, before it sends: they are there after a crash too."""
    (out / "cleanup.txt").write_text("".join(f"{user}\n" for user in plan.left_behind), "utf-8")


def write(document: Document, cases: Sequence[Observed], profile: Profile, out: Path, key: Path | None) -> None:
    """Write result.json, junit.xml, report.html, summary.md, cases/ and, for a grade, certificate.json."""
    raw = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
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
