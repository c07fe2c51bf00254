"""The folder cases/: the exact bytes of every step with secrets as placeholders, and what a replay needs."""

from __future__ import annotations

import gzip
import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from camsim_conformance.observed import Observed
from camsim_conformance.plan.cases import Case, Transport
from camsim_conformance.target.profile import Profile

from .masking import mask, mask_bytes

LARGE = 256 * 1024
MOST_SHOWN = 2000  # bytes of an answer


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
    steps: list[StepDocument]


def folder_of(case: Case) -> str:
    """`cases/CB-DUP-001/twice`."""
    return f"cases/{case.requirement}/{case.name}"


def file_of(case: Case, number: int) -> str:
    """`01.body`, compressed when large."""
    file = f"{number + 1:02d}.body"
    return f"{file}.gz" if len(case.steps[number].kept) > LARGE else file


def write(cases: Iterable[Observed], out: Path, profile: Profile) -> None:
    """Write all steps of all cases under `out`."""
    for observed in cases:
        if observed.case.steps:
            _write_case(observed, out / folder_of(observed.case), profile)


def _write_case(observed: Observed, folder: Path, profile: Profile) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    case = observed.case
    for number, step in enumerate(case.steps):
        body = mask_bytes(step.kept, profile)
        file = folder / file_of(case, number)
        if file.suffix == ".gz":
            body = gzip.compress(body, mtime=0)  # without a time the same bytes give the same file
        file.write_bytes(body)
    text = json.dumps(mask(_case_file(observed, profile), profile), indent=1, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n", "utf-8")


def _case_file(observed: Observed, profile: Profile) -> CaseFile:
    case = observed.case
    return {
        "id": case.id,
        "url": observed.target.url,
        "protocol": str(profile.protocol),
        "expected": observed.expected,
        "actual": observed.actual,
        "steps": [_step(observed, number) for number in range(len(case.steps))],
    }


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


def curl_of(case: Case, number: int, profile: Profile, url: str) -> str:
    """A shell line that sends a step again from its file; an encrypted one needs the replay."""
    step = case.steps[number]
    if step.sealed:
        return "the body is encrypted: use the replay line"
    file = shlex.quote(f"{folder_of(case)}/{file_of(case, number)}")
    # Devices beyond those given borrow the token of the last one.
    token = f"AUTH_TOKEN_{min(step.device, len(profile.devices) - 1) + 1}"
    fill = f'sed "s/@{token}@/${token}/"'
    filled = f"gzip -dc {file} | {fill}" if file.endswith(".gz") else f"{fill} {file}"
    options = f"-H {shlex.quote(f'Content-Type: {step.content_type}')}"
    if step.transport is Transport.CHUNKED:
        options += " -H 'Transfer-Encoding: chunked'"
    return f"{filled} | curl -sS -i {options} --data-binary @- {shlex.quote(url + step.query)}"
