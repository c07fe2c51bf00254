"""The result as a plain document: what result.json holds and every other report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NotRequired, TypedDict

from camsim_conformance import SUITE_VERSION
from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.target.profile import Profile
from camsim_conformance.verdict.requirement import RequirementResult
from camsim_conformance.verdict.result import Result
from camsim_conformance.verdict.waivers import Waiver

from .case_files import curl_of, file_of, folder_of
from .masking import mask

SCHEMA_VERSION = 1
MOST_CURLS = 6
REPRODUCED = frozenset({Verdict.FAIL, Verdict.ADVICE, Verdict.COULD_NOT_RUN, Verdict.ERROR})


class SuiteDocument(TypedDict):
    """Which suite judged."""

    name: str
    version: str


class ProfileDocument(TypedDict):
    """What was asked for."""

    protocol: str
    features: list[str]
    level: str
    requirements: list[str]
    complete: bool
    devices: int
    people: str
    announce: bool
    settle_s: float
    deadline_s: float


class TargetDocument(TypedDict):
    """Where it was sent."""

    url: str
    address: str


class ReadBackDocument(TypedDict):
    """What the stored rows were seen through."""

    adapter: str
    time_policy: str | None
    keeps: list[str]
    canary_s: float | None


class WaiverDocument(TypedDict):
    """An accepted violation."""

    reason: str
    owner: str
    expires: str


class QuoteDocument(TypedDict):
    """A sentence of the vendor's page."""

    source: str
    text: str


class CaseDocument(TypedDict):
    """One judged case; the lines that show it again only where somebody wants to see it again."""

    id: str
    ack: str
    state: str
    verdict: str
    expected: str
    actual: str
    seconds: float
    sent: list[str]
    curl: NotRequired[list[str]]
    replay: NotRequired[str]
    folder: NotRequired[str]
    body: NotRequired[str]


class RequirementDocument(TypedDict):
    """One judged requirement."""

    id: str
    title: str
    level: str
    basis: str
    evidence: str
    verdict: str
    ack: str
    state: str
    waived: WaiverDocument | None
    quotes: list[QuoteDocument]
    cases: list[CaseDocument]


class Document(TypedDict):
    """result.json."""

    schemaVersion: int
    suite: SuiteDocument
    profile: ProfileDocument
    seed: int
    target: TargetDocument
    started: str
    seconds: float
    outcome: str
    grade: str
    exit_code: int
    shown: str
    not_shown: str
    void: str | None
    problems: list[str]
    readback: ReadBackDocument | None
    storm: str | None
    counts: Mapping[str, int]
    requirements: list[RequirementDocument]


def document(result: Result) -> Document:
    """The whole result, secrets masked; keys in reading order."""
    record, profile = result.record, result.record.profile
    whole = Document(
        schemaVersion=SCHEMA_VERSION,
        suite={"name": "camsim-conformance", "version": SUITE_VERSION},
        profile=_profile(profile, complete=result.complete),
        seed=profile.seed,
        target={"url": record.target.url, "address": record.target.address},
        started=_iso(record.started_s),
        seconds=round(record.seconds, 2),
        outcome=str(result.outcome),
        grade=str(result.grade),
        exit_code=int(result.exit_code),
        shown=result.shown,
        not_shown=result.not_shown,
        void=record.void,
        problems=list(result.problems),
        readback=_readback(result),
        storm=record.storm.text() if record.storm else None,
        counts=dict(result.counts),
        requirements=[_requirement(row, profile) for row in result.requirements],
    )
    # At the one place every report is made from: what is added later cannot forget it.
    return mask(whole, profile)


def decisive(row: RequirementDocument) -> list[CaseDocument]:
    """The cases that gave a requirement its verdict."""
    return [case for case in row["cases"] if case["verdict"] == row["verdict"]]


def counted(document: Document) -> dict[str, int]:
    """Requirements by verdict, only the verdicts that there are."""
    return {verdict: count for verdict, count in document["counts"].items() if count}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


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
    readback: ReadBackDocument = {"adapter": record.adapter, "time_policy": None, "keeps": [], "canary_s": None}
    if record.capabilities is not None:
        readback["time_policy"] = record.capabilities.time_policy
        readback["keeps"] = sorted(record.capabilities.keeps)
    if record.canary_s is not None:
        readback["canary_s"] = round(record.canary_s, 3)
    return readback


def _requirement(row: RequirementResult, profile: Profile) -> RequirementDocument:
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
        "cases": [_case(case, profile) for case in row.cases],
    }


def _waiver(waiver: Waiver | None) -> WaiverDocument | None:
    if waiver is None:
        return None
    return {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires.isoformat()}


def _case(observed: Observed, profile: Profile) -> CaseDocument:
    case = observed.case
    row: CaseDocument = {
        "id": case.id,
        "ack": str(observed.ack_verdict),
        "state": str(observed.state_verdict),
        "verdict": str(observed.verdict),
        "expected": observed.expected,
        "actual": observed.actual,
        "seconds": round(sum(exchange.seconds for exchange in observed.exchanges), 4),
        "sent": [step.what for step in case.steps],
    }
    if observed.verdict in REPRODUCED and case.steps:
        shown = range(min(len(case.steps), MOST_CURLS))
        row["curl"] = [curl_of(case, number, profile, observed.target.url) for number in shown]
        row["replay"] = f"camsim replay DIR {case.id}"
        row["folder"] = folder_of(case)
        row["body"] = f"{folder_of(case)}/{file_of(case, 0)}"
    return row
