"""Run a profile to its result and its reports: what certify, pytest and the proof share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from camsim_conformance.report.certificate import load_private
from camsim_conformance.report.document import Document, document
from camsim_conformance.session.observed import Observed
from camsim_conformance.session.session import Evidence, Progress, Session, quiet
from camsim_conformance.target.profile import Profile
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude
from camsim_conformance.verdict.waivers import Waiver, load

from .report import files


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where reports go and what they are signed with."""

    out: Path | None = None
    waivers: Path | None = None
    sign_key: Path | None = None

    def check(self) -> tuple[Waiver, ...]:
        """Read what must be readable before anything is sent. Raises: UsageError."""
        accepted = load(self.waivers)
        if self.sign_key is not None:
            load_private(self.sign_key)
        if self.out is not None:
            files.prepare(self.out)
        return accepted


def gather(
    profile: Profile, outputs: Outputs, progress: Progress = quiet, keep: Sequence[str] | None = None
) -> Evidence:
    """Send everything. Raises: UsageError, SafetyError."""
    out = outputs.out
    planned = None if out is None else lambda plan: files.clean_up_list(out, plan)
    return Session(profile, progress=progress, keep=keep, planned=planned).run()


def finish(
    evidence: Evidence, cases: Sequence[Observed], waivers: Sequence[Waiver], outputs: Outputs
) -> tuple[Result, Document]:
    """The result of judged cases, and its reports written."""
    result = conclude(evidence, cases, waivers)
    made = document(result)
    if outputs.out is not None:
        files.write(made, cases, evidence.profile, outputs.out, outputs.sign_key)
    return result, made


def certify(profile: Profile, outputs: Outputs, progress: Progress = quiet) -> tuple[Result, Document]:
    """All of it. Raises: UsageError, SafetyError."""
    waivers = outputs.check()
    evidence = gather(profile, outputs, progress)
    return finish(evidence, judge_all(evidence.observed()), waivers, outputs)
