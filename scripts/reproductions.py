"""Run the reproductions that reports print, from another folder, and see each failure again.

Run: python scripts/reproductions.py --count 200

For each of several broken receivers the suite makes a report; then lines of it, `camsim replay` and `curl`, run in a
shell as they are printed. A replay shows a failure by exit code 1, a curl by an answer that is no acknowledgement: of
what is stored wrongly a curl shows nothing, so only those of wrong answers are run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from camsim.protocol import acknowledgement
from camsim.protocol.vocabulary import Protocol
from camsim.receiver import Kind, KnownDevice, start
from camsim_conformance.certify import Outputs, certify
from camsim_conformance.mutants import policy
from camsim_conformance.proof.run import TOKEN, Task, profile_of
from camsim_conformance.report.document_types import CaseDocument, Document

# First whose reports print few lines: what they lack the others make up for.
MUTANTS = (
    Task("v2-ack-text", 1, Protocol.V2),
    Task("no-dedupe", 1),
    Task("ack-500-done", 1),
    Task("ack-page", 1),
    Task("overtime-500", 1),
    Task("outs-as-ins", 1),
    Task("offset-dropped", 1),
    Task("time-for-logtime", 1),
    Task("older-lost", 1),
    Task("ack-empty", 1, encrypted=True),
)
FAILED = 1
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line and the case it shows."""

    case: str
    text: str
    curl: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a line did; `problem` is None when it showed the failure again."""

    line: Line
    problem: str | None


def lines_of(document: Document, most: int) -> list[Line]:
    """The lines of failed cases: of wrong answers also the curl."""
    found: list[Line] = []
    for row in document["requirements"]:
        for case in row["cases"]:
            if case["verdict"] == "FAIL":
                found += _lines(case)
    curls = _spread([line for line in found if line.curl], most // 2)
    return [*curls, *_spread([line for line in found if not line.curl], most - len(curls))]


def _spread(lines: Sequence[Line], most: int) -> Sequence[Line]:
    """At most so many, from all over the report: no requirement has all of them."""
    step = max(1, len(lines) // max(1, most))
    return lines[::step][:most]


def _lines(case: CaseDocument) -> Iterator[Line]:
    if "replay" in case:
        yield Line(case["id"], case["replay"], curl=False)
    curls = case.get("curl", [])
    # Of several steps nobody knows which answer was wrong, and what a comment says is no line to run.
    if case["ack"] == "FAIL" and len(curls) == 1 and not curls[0].startswith("#"):
        yield Line(case["id"], curls[0], curl=True)


def show_again(line: Line, exports: Sequence[str], folder: Path, key: str | None) -> Outcome:
    """Run a line in a shell, as it is printed, from a folder that has nothing to do with the run."""
    environment = {**os.environ, "CAMSIM_AUTH_TOKEN": TOKEN, "PATH": f"{folder}:{os.environ['PATH']}"}
    if key is not None:
        environment["CAMSIM_SECURITY_KEY"] = key
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join([*exports, line.text])],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    if line.curl:
        return Outcome(line, _not_shown_by_curl(done.returncode, done.stdout, key))
    if done.returncode == FAILED:
        return Outcome(line, None)
    return Outcome(line, f"exit {done.returncode}: {(done.stdout + done.stderr).decode(errors='replace')[-600:]}")


def _not_shown_by_curl(code: int, output: bytes, key: str | None) -> str | None:
    if code:
        return None  # no answer at all is the failure
    head, _, body = output.partition(b"\r\n\r\n")
    # curl -i prints an interim answer, as 100 Continue, before the last one.
    while head.split()[1].startswith(b"1"):
        head, _, body = body.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    plain, _ = acknowledgement.opened(body, key)
    if acknowledgement.why_no_ack(status, plain) is None:
        return f"acknowledged: {output.decode(errors='replace')[-200:]}"
    return None


def camsim_in(folder: Path) -> None:
    """A command `camsim` of this interpreter in a folder, for a checkout that is not installed."""
    command = folder / "camsim"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m camsim_conformance "$@"\n', "utf-8")
    command.chmod(0o755)


def run(task: Task, most: int, workers: int) -> list[Outcome]:
    """The outcomes of one broken receiver."""
    devices = [KnownDevice(TOKEN, task.key, "Conformance door", "CERT00001")]
    broken = policy(task.name)
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as elsewhere,
        start(Kind.MEMORY, devices=devices, key=task.key, broken=broken) as receiver,
    ):
        chosen = profile_of(task, receiver.url, receiver.readback_url, settle_s=0.4)
        _, document = certify(chosen, Outputs(out=Path(folder)))
        camsim_in(Path(elsewhere))
        with ThreadPoolExecutor(workers) as pool:
            lines = lines_of(document, most)
            exports = document["exports"]
            return list(pool.map(lambda line: show_again(line, exports, Path(elsewhere), task.key), lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every line showed its failure again."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="how many lines, over all receivers")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args(arguments)
    tried = shown = 0
    for place, task in enumerate(MUTANTS):
        most = -(-(options.count - tried) // (len(MUTANTS) - place))
        outcomes = run(task, most, options.workers)
        wrong = [outcome for outcome in outcomes if outcome.problem is not None]
        tried, shown = tried + len(outcomes), shown + len(outcomes) - len(wrong)
        curls = sum(outcome.line.curl for outcome in outcomes)
        print(f"{task.name}: {len(outcomes) - len(wrong)} of {len(outcomes)} shown again, {curls} by curl", flush=True)
        for outcome in wrong:
            print(f"  {outcome.line.case}: {outcome.line.text}\n    {outcome.problem}")
    print(f"{shown} of {tried} reproductions show their failure again")
    return 0 if tried and shown == tried else 1


if __name__ == "__main__":
    sys.exit(main())
