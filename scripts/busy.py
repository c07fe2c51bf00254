"""Certify while both cores are busy at four times their load: no verdict may become FAIL or ADVICE by load alone.

`python scripts/busy.py`: each target is certified quietly, then beside as many spinning processes; a verdict has to be
the same, or say that it could not be judged. Exit code 1 when any other one differs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import conclude

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"  # noqa: S105  the printed sample's
# A protocol, and a receiver that is broken in some way, or none for the right one.
TARGETS = ("v3:", "v2:", "v3:no-dedupe", "v3:twelve-hours", "v3:eight-a-day")
TIMES_BUSY = 4
NOT_JUDGED = frozenset({Verdict.COULD_NOT_RUN, Verdict.UNVERIFIED})
Verdicts = Mapping[str, Verdict]


@contextmanager
def serving(broken: str) -> Iterator[dict[str, str]]:
    """The URLs of a reference receiver in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        words = ["receiver", "--port", "0", "--auth-token", TOKEN, "--readback", "--quiet", "--ready-file", str(ready)]
        if broken:
            words += ["--broken", broken]
        process = subprocess.Popen([sys.executable, "-m", "camsim", *words], stdout=subprocess.DEVNULL)
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise RuntimeError(f"the receiver ended with {process.returncode}")
                time.sleep(0.05)
            yield json.loads(ready.read_text("utf-8"))
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def spinning(count: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    processes = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join(5)


def _spin() -> None:
    number = 1
    while True:
        number = number * 1_103_515_245 % 2_147_483_647


def certified(target: str, settle_s: float) -> tuple[Verdicts, str]:
    """The verdicts on a target, and how the run ended."""
    protocol, _, broken = target.partition(":")
    with serving(broken) as urls:
        features = parse_features("core,user-data,photo", Protocol(protocol), None)
        chosen = Profile(
            urls["url"],
            (Device(TOKEN),),
            Protocol(protocol),
            features,
            readback=urls["readback_url"],
            settle_s=settle_s,
        )
        record = Session(chosen).run()
        result = conclude(record, judge_all(record.observed()))
    verdicts = {row.requirement.id: row.verdict for row in result.requirements}
    most = max((one.lag_s for some in record.answers.values() for one in some), default=0.0)
    return verdicts, f"{result.outcome}, {record.seconds:.0f} s, our loop {most * 1000:.0f} ms late at most"


def main(words: Iterable[str]) -> int:
    """Compare the two runs of each target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", action="append", help="v3: or v3:NAME of a broken receiver; repeatable")
    parser.add_argument("--settle", type=float, default=3.0, help="seconds")
    chosen = parser.parse_args([*words])
    load = TIMES_BUSY * (os.cpu_count() or 1)
    wrong = 0
    for target in chosen.target or TARGETS:
        quiet, how = certified(target, chosen.settle)
        print(f"{target or 'reference'} quiet: {how}", flush=True)
        with spinning(load):
            busy, how = certified(target, chosen.settle)
        print(f"  beside {load} spinning processes: {how}", flush=True)
        for requirement, verdict in busy.items():
            if verdict is not quiet[requirement]:
                made = verdict not in NOT_JUDGED
                wrong += made
                print(f"  {'DIFFERS' if made else 'not judged'}: {requirement} {quiet[requirement]} then {verdict}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
