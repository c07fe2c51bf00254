"""The folder cases/: the exact bytes of every step with secrets as placeholders, and what a replay needs."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path
from typing import Any

from camsim_conformance.plan.cases import Case, Transport
from camsim_conformance.session.observed import Observed
from camsim_conformance.target.profile import Profile

from .masking import mask, mask_bytes

LARGE = 256 * 1024


def folder_of(case: Case) -> str:
    """`cases/CB-DUP-001/twice`."""
    return f"cases/{case.requirement}/{case.name}"


def file_of(case: Case, number: int) -> str:
    """`01.body`, compressed when large."""
    return f"{number + 1:02d}.body" + (".gz" if len(case.steps[number].kept) > LARGE else "")


def write(cases: list[Observed], out: Path, profile: Profile) -> None:
    """Write all steps of all cases under `out`."""
    for observed in cases:
        case = observed.case
        if not case.steps:
            continue
        folder = out / folder_of(case)
        folder.mkdir(parents=True, exist_ok=True)
        for number, step in enumerate(case.steps):
            body = mask_bytes(step.kept, profile)
            file = folder / file_of(case, number)
            file.write_bytes(gzip.compress(body, mtime=0) if file.suffix == ".gz" else body)
        text = json.dumps(mask(_metadata(observed, profile), profile), indent=1, ensure_ascii=False)
        (folder / "case.json").write_text(text + "\n", "utf-8")


def _metadata(observed: Observed, profile: Profile) -> dict[str, Any]:
    case = observed.case
    return {
        "id": case.id,
        "url": observed.target.url,
        "protocol": str(profile.protocol),
        "expected": observed.expected,
        "actual": observed.actual,
        "steps": [_step(observed, number, profile) for number in range(len(case.steps))],
    }


def _step(observed: Observed, number: int, profile: Profile) -> dict[str, Any]:
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
        "encrypt": step.sealed,
        "judged": step.judged,
        "answers": [exchange.text(2000) for exchange in answers],
    }


def curl_of(case: Case, number: int, profile: Profile, url: str) -> str:
    """A shell line that sends a step again from its file; an encrypted one needs the replay."""
    step = case.steps[number]
    if step.sealed:
        return "the body is encrypted: use the replay line"
    file = f"{folder_of(case)}/{file_of(case, number)}"
    read = f"gzip -dc {shlex.quote(file)} | sed" if file.endswith(".gz") else "sed"
    name = "" if file.endswith(".gz") else f" {shlex.quote(file)}"
    token = f"AUTH_TOKEN_{min(step.device, len(profile.devices) - 1) + 1}"
    headers = [f"Content-Type: {step.content_type}"]
    if step.transport is Transport.CHUNKED:
        headers.append("Transfer-Encoding: chunked")
    options = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    return (
        f'{read} "s/@{token}@/${token}/"{name} | curl -sS -i {options} --data-binary @- {shlex.quote(url + step.query)}'
    )
