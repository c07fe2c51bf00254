"""The folder cases/: the exact bytes of every step with secrets as placeholders, and what a replay needs."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from camsim.shown import json_text
from camsim_conformance.model.observation import Cause
from camsim_conformance.observed import Observed
from camsim_conformance.plan.cases import Case
from camsim_conformance.target.profile import Profile

from .masking import mask, mask_bytes, without_password
from .seal import sealed

LARGE = 256 * 1024
MOST_SHOWN = 2000  # bytes of an answer
RUN_FILE = "run.json"


class DeviceFile(TypedDict):
    """A device of the run without its secrets."""

    serial: str
    label: str
    stgid: str
    sealed: bool


class RunFile(TypedDict):
    """cases/run.json: what a replay with new people needs of the run. `people`: how many were given with --users.
    `folder`: where the run was started; an adapter may be spelled from there."""

    url: str
    protocol: str
    features: list[str]
    seed: int
    devices: list[DeviceFile]
    readback: str | None
    map: str | None
    ca: str | None
    folder: str
    people: int
    announce: bool
    settle_s: NotRequired[float]
    deadline_s: float
    patience_s: float
    seal: NotRequired[str]


class KeptCause(TypedDict):
    """A cause that the case shows. `alone`: whether the case may show it by itself; what comes now and then, or did not
    come again with new people, is triggered by something beside the case. Missing in files of an earlier camsim."""

    id: str
    requirement: str
    level: str
    aspect: str
    deviation: str
    sentence: str
    alone: NotRequired[bool]


class StepDocument(TypedDict):
    """One step of case.json: what a replay needs, and what was answered."""

    what: str
    file: str
    content_type: str
    query: str
    transport: str
    device: int
    copies: int
    retries: int
    encrypt: bool
    judged: bool
    answers: list[str]


class CaseFile(TypedDict):
    """case.json."""

    id: str
    url: str
    protocol: str
    expected: str
    actual: str
    stage: NotRequired[str]
    at_once: NotRequired[int]
    causes: NotRequired[list[KeptCause]]
    steps: list[StepDocument]
    seal: NotRequired[str]


def folder_of(case: Case) -> str:
    """`cases/CB-DUP-001/twice`."""
    return f"cases/{case.requirement}/{case.name}"


def file_of(case: Case, number: int) -> str:
    """`01.body`, compressed when large."""
    file = f"{number + 1:02d}.body"
    return f"{file}.gz" if len(case.steps[number].kept) > LARGE else file


def write(cases: Iterable[Observed], out: Path, profile: Profile) -> None:
    """Write all steps of all cases under `out`, and what a replay needs of the run."""
    (out / "cases").mkdir(parents=True, exist_ok=True)
    _write_json(out / "cases" / RUN_FILE, run_file(profile), profile)
    for observed in cases:
        if observed.case.steps:
            _write_case(observed, out / folder_of(observed.case), profile)


def _write_case(observed: Observed, folder: Path, profile: Profile) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    case = observed.case
    bodies = []
    for number, step in enumerate(case.steps):
        body = mask_bytes(step.kept, profile)
        file = folder / file_of(case, number)
        if file.suffix == ".gz":
            body = gzip.compress(body, mtime=0)  # without a time the same bytes give the same file
        file.write_bytes(body)
        bodies.append(body)
    _write_json(folder / "case.json", _case_file(observed, profile), profile, bodies)


def _write_json(file: Path, value: RunFile | CaseFile, profile: Profile, bodies: Sequence[bytes] = ()) -> None:
    members = cast("dict[str, object]", mask(value, profile))
    file.write_text(json_text(sealed(members, bodies)) + "\n", "utf-8")


def hidden_readback(profile: Profile) -> bool:
    """True when the adapter's spelling holds a secret: then a replay must be given it again."""
    return profile.readback is not None and _kept_readback(profile) != profile.readback


def _kept_readback(profile: Profile) -> str:
    return mask(without_password(profile.readback or ""), profile)


def run_file(profile: Profile) -> RunFile:
    """What a replay needs of a run, without secrets and without anybody's ids."""
    devices: list[DeviceFile] = []
    for device in profile.devices:
        devices.append(
            {"serial": device.serial, "label": device.label, "stgid": device.stgid, "sealed": device.key is not None}
        )
    return {
        "url": without_password(profile.url),
        "protocol": str(profile.protocol),
        "features": sorted(profile.features),
        "seed": profile.seed,
        "devices": devices,
        "readback": _kept_readback(profile) or None,
        "map": _absolute(profile.sql_map),
        "ca": _absolute(profile.ca),
        "folder": str(Path.cwd()),
        "people": len(profile.people),
        "announce": profile.announce,
        "settle_s": profile.settle_s,
        "deadline_s": profile.deadline_s,
        "patience_s": profile.patience_s,
    }


def _absolute(file: Path | None) -> str | None:
    return str(file.resolve()) if file is not None else None


def _case_file(observed: Observed, profile: Profile) -> CaseFile:
    case = observed.case
    return {
        "id": case.id,
        "url": without_password(observed.target.url),
        "protocol": str(profile.protocol),
        "expected": observed.expected,
        "actual": observed.actual,
        "stage": case.stage.name.lower(),
        "at_once": case.at_once,
        "causes": [_kept_cause(cause) for cause in observed.causes],
        "steps": [_step(observed, number) for number in range(len(case.steps))],
    }


def _kept_cause(cause: Cause) -> KeptCause:
    return {
        "id": cause.id,
        "requirement": cause.requirement,
        "level": str(cause.level),
        "aspect": str(cause.explanation.aspect),
        "deviation": str(cause.explanation.deviation),
        "sentence": cause.sentence,
        "alone": _shows_alone(cause),
    }


def _shows_alone(cause: Cause) -> bool:
    again, tries = cause.repeated
    return again > 0 if tries else not cause.explanation.right


def _step(observed: Observed, number: int) -> StepDocument:
    step = observed.case.steps[number]
    answers = [exchange for exchange in observed.exchanges if exchange.step == number]
    return {
        "what": step.what,
        "file": file_of(observed.case, number),
        "content_type": step.content_type,
        "query": step.query,
        "transport": str(step.transport),
        "device": step.device,
        "copies": step.copies,
        "retries": step.retries,
        "encrypt": step.sealed,  # the plain bytes are kept: a replay encrypts them again, maybe with another key
        "judged": step.judged,
        "answers": [exchange.text(MOST_SHOWN) for exchange in answers],
    }
