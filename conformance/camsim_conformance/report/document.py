"""The result as a plain document: what result.json holds and every other report is made from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from camsim_conformance import SUITE_VERSION
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.observed import Observed
from camsim_conformance.target.profile import Profile
from camsim_conformance.verdict.result import RequirementResult, Result

from .evidence import curl_of, file_of, folder_of
from .masking import mask

SCHEMA_VERSION = 1
Document = dict[str, Any]
REPRODUCED = frozenset({Verdict.FAIL, Verdict.ADVICE, Verdict.COULD_NOT_RUN, Verdict.ERROR})


def document(result: Result) -> Document:
    """The whole result, secrets masked; keys in reading order."""
    evidence, profile = result.evidence, result.evidence.profile
    made = {
        "schemaVersion": SCHEMA_VERSION,
        "suite": {"name": "camsim-conformance", "version": SUITE_VERSION},
        "profile": _profile(profile) | {"complete": result.complete},
        "seed": profile.seed,
        "target": {"url": evidence.target.url, "address": evidence.target.address},
        "started": _iso(evidence.started_s),
        "seconds": round(evidence.seconds, 2),
        "outcome": str(result.outcome),
        "grade": str(result.grade),
        "exit_code": int(result.exit_code),
        "shown": result.shown,
        "not_shown": result.not_shown,
        "void": evidence.void,
        "problems": list(result.problems),
        "readback": _readback(result),
        "storm": evidence.storm.text() if evidence.storm else None,
        "counts": dict(result.counts),
        "requirements": [_requirement(row, profile) for row in result.requirements],
    }
    masked: Document = mask(made, profile)
    return masked


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _profile(profile: Profile) -> Document:
    return {
        "protocol": str(profile.protocol),
        "features": sorted(profile.features),
        "level": profile.level,
        "requirements": list(profile.globs),
        "complete": profile.complete,
        "devices": len(profile.devices),
        "people": "given" if profile.people else "of the run",
        "announce": profile.announce,
        "settle_s": profile.settle_s,
        "deadline_s": profile.deadline_s,
    }


def _readback(result: Result) -> Document | None:
    evidence = result.evidence
    if evidence.adapter is None:
        return None
    known = evidence.capabilities
    return {
        "adapter": evidence.adapter,
        "time_policy": known.time_policy if known else None,
        "keeps": sorted(known.keeps) if known else [],
        "canary_s": None if evidence.canary_s is None else round(evidence.canary_s, 3),
    }


def _requirement(row: RequirementResult, profile: Profile) -> Document:
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
        "waived": None
        if row.waiver is None
        else {"reason": row.waiver.reason, "owner": row.waiver.owner, "expires": row.waiver.expires.isoformat()},
        "quotes": [{"source": quote.source, "text": quote.text} for quote in requirement.quotes],
        "cases": [_case(case, profile) for case in row.cases],
    }


def _case(case: Observed, profile: Profile) -> Document:
    made: Document = {
        "id": case.case.id,
        "ack": str(case.ack_verdict),
        "state": str(case.state_verdict),
        "verdict": str(case.verdict),
        "expected": case.expected,
        "actual": case.actual,
        "seconds": round(sum(exchange.seconds for exchange in case.exchanges), 4),
        "sent": [step.what for step in case.case.steps],
    }
    if case.verdict in REPRODUCED and case.case.steps:
        made["curl"] = [curl_of(case.case, n, profile, case.target.url) for n in range(len(case.case.steps))][:6]
        made["replay"] = f"camsim replay DIR {case.case.id}"
        made["folder"] = folder_of(case.case)
        made["body"] = f"{folder_of(case.case)}/{file_of(case.case, 0)}"
    return made
