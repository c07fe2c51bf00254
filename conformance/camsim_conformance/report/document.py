"""The result as a plain document: what result.json holds and every other report is made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from camsim_conformance import SUITE_VERSION
from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Verdict, gravity
from camsim_conformance.target.profile import Profile
from camsim_conformance.verdict.requirement import RequirementResult
from camsim_conformance.verdict.result import Result
from camsim_conformance.verdict.waivers import Waiver

from . import reproduction
from .case_files import file_of, folder_of
from .document_causes import causes_of, factors_of
from .document_types import (
    CaseDocument,
    CauseDocument,
    Document,
    ProfileDocument,
    ReadBackDocument,
    RequirementDocument,
    WaiverDocument,
)
from .masking import mask, without_password
from .wording import utc, without_markup

__all__ = ["CaseDocument", "CauseDocument", "Document", "RequirementDocument", "counted", "document"]

SCHEMA_VERSION = 2
REPRODUCED = frozenset({Verdict.FAIL, Verdict.ADVICE, Verdict.COULD_NOT_RUN, Verdict.ERROR})


def document(result: Result, out: Path | None = None) -> Document:
    """The whole result, secrets masked; keys in reading order. With a folder `out` of kept files also the lines that
    show a case again."""
    record, profile = result.record, result.record.profile
    causes = causes_of(result, out)
    whole = Document(
        schemaVersion=SCHEMA_VERSION,
        suite={"name": "camsim-conformance", "version": SUITE_VERSION},
        profile=_profile(profile, complete=result.complete),
        seed=profile.seed,
        target={"url": without_password(record.target.url), "address": record.target.address},
        started=utc(record.started_s),
        seconds=round(record.seconds, 2),
        outcome=str(result.outcome),
        grade=str(result.grade),
        exit_code=int(result.exit_code),
        shown=without_password(result.shown),
        not_shown=without_password(result.not_shown),
        void=without_markup(record.void) if record.void is not None else None,
        problems=[without_markup(problem) for problem in result.problems],
        not_covered=list(record.plan.uncovered),
        readback=_readback(result),
        storm=record.storm.text() if record.storm else None,
        counts=dict(result.counts),
        exports=reproduction.exports(profile) if out is not None else [],
        causes=causes,
        factors=factors_of(result, causes),
        requirements=[_requirement(row, profile, causes, out) for row in result.requirements],
    )
    # At the one place every report is made from: what is added later cannot forget it.
    return mask(whole, profile)


def counted(document: Document) -> dict[str, int]:
    """Requirements by verdict, only the verdicts that there are."""
    return {verdict: count for verdict, count in document["counts"].items() if count}


def _profile(profile: Profile, *, complete: bool) -> ProfileDocument:
    return {
        "protocol": str(profile.protocol),
        "features": sorted(profile.features),
        "level": profile.level,
        "requirements": list(profile.globs),
        "complete": complete,
        "devices": len(profile.devices),
        # Their ids are personal data of the target: a report says only whether there were any.
        "people": "given" if profile.people else "of the run",
        "announce": profile.announce,
        "settle_s": profile.settle_s,
        "deadline_s": profile.deadline_s,
    }


def _readback(result: Result) -> ReadBackDocument | None:
    record = result.record
    if record.adapter is None:
        return None
    readback: ReadBackDocument = {
        "adapter": without_password(record.adapter),
        "time_policy": None,
        "keeps": [],
        "canary_s": None,
    }
    if record.capabilities is not None:
        readback["time_policy"] = record.capabilities.time_policy
        readback["keeps"] = sorted(record.capabilities.keeps)
    if record.canary_s is not None:
        readback["canary_s"] = round(record.canary_s, 3)
    return readback


def _requirement(
    row: RequirementResult, profile: Profile, causes: Sequence[CauseDocument], out: Path | None
) -> RequirementDocument:
    requirement = row.requirement
    return {
        "id": requirement.id,
        "title": requirement.title,
        "level": str(row.level),
        "basis": requirement.basis,
        "evidence": requirement.evidence_text,
        "verdict": str(row.verdict),
        "ack": str(row.ack),
        "state": str(row.state),
        "waived": _waiver(row.waiver),
        "quotes": [{"source": quote.source, "text": quote.text} for quote in requirement.quotes],
        "causes": _blamed(row, causes),
        "cases": [_case(case, profile, out) for case in row.cases],
    }


def _blamed(row: RequirementResult, causes: Sequence[CauseDocument]) -> list[str]:
    """The causes that give a requirement its verdict: its own, and those that the cases with this verdict show."""
    shown = {case.case.id for case in row.cases if case.verdict is row.verdict}
    found = []
    for cause in causes:
        own = cause["requirement"] == row.requirement.id and cause["verdict"] == str(row.verdict)
        # A grave cause is behind what is only advised as well, but never the other way round.
        violated = row.verdict in (Verdict.FAIL, Verdict.ADVICE)
        grave = violated and gravity(Verdict(cause["verdict"])) >= gravity(row.verdict)
        if own or (grave and shown & set(cause["cases"])):
            found.append(cause["id"])
    return found


def _waiver(waiver: Waiver | None) -> WaiverDocument | None:
    if waiver is None:
        return None
    return {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires.isoformat()}


def _case(observed: Observed, profile: Profile, out: Path | None) -> CaseDocument:
    case = observed.case
    row: CaseDocument = {
        "id": case.id,
        "ack": str(observed.ack_verdict),
        "state": str(observed.state_verdict),
        "verdict": str(observed.verdict),
        "expected": observed.expected,
        "actual": without_markup(observed.actual),
        "seconds": round(sum(exchange.seconds for exchange in observed.exchanges), 4),
        "sent": [step.what for step in case.steps],
    }
    # Without a folder there is no file that such lines could send.
    if out is not None and observed.verdict in REPRODUCED and case.steps:
        row["curl"] = reproduction.curl_lines(case, profile, observed.target.url, out)
        row["replay"] = reproduction.replay_line(case.id, profile, out)
        row["folder"] = folder_of(case)
        row["body"] = f"{folder_of(case)}/{file_of(case, 0)}"
    return row
