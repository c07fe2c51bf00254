"""Run a profile to its result and its reports: what certify, pytest and the proof share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from camsim_conformance.observed import Observed
from camsim_conformance.plan.plan import Plan
from camsim_conformance.report import files
from camsim_conformance.report.certificate import load_private
from camsim_conformance.report.document import Document, document
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.rounds import Progress
from camsim_conformance.session.session import Session, quiet
from camsim_conformance.target.profile import Profile
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude
from camsim_conformance.verdict.waivers import Waiver, load


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where reports go and what they are signed with. `tell` hears the plan before anything is sent."""

    out: Path | None = None
    waivers: Path | None = None
    sign_key: Path | None = None
    tell: Callable[[Plan], None] | None = None

    def check(self) -> tuple[Waiver, ...]:
        """Read what must be readable before anything is sent. Raises: UsageError."""
        accepted = load(self.waivers)
        if self.sign_key is not None:
            load_private(self.sign_key)
        if self.out is not None:
            files.prepare(self.out)
        return accepted

    def planned(self, plan: Plan, given: Sequence[str] = ()) -> None:
        """Write down what the run may leave behind, before it sends."""
        if self.tell is not None:
            self.tell(plan)
        if self.out is not None:
            files.clean_up_list(self.out, plan, given)


def send(
    profile: Profile, outputs: Outputs, progress: Progress = quiet, keep: Sequence[str] | None = None
) -> RunRecord:
    """Send everything. Raises: UsageError, SafetyError."""
    return Session(
        profile, progress=progress, keep=keep, on_plan=lambda plan: outputs.planned(plan, profile.people)
    ).run()


def finish(
    record: RunRecord, cases: Sequence[Observed], waivers: Sequence[Waiver], outputs: Outputs
) -> tuple[Result, Document]:
    """The result of judged cases, and its reports written."""
    result = conclude(record, cases, waivers)
    whole = document(result)
    if outputs.out is not None:
        files.write(whole, cases, record.profile, outputs.out, outputs.sign_key)
    return result, whole


def certify(profile: Profile, outputs: Outputs, progress: Progress = quiet) -> tuple[Result, Document]:
    """All of it. Raises: UsageError, SafetyError."""
    waivers = outputs.check()
    record = send(profile, outputs, progress)
    return finish(record, judge_all(record.observed()), waivers, outputs)
