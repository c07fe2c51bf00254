"""How long a certificate takes: a right target that answers in 5 ms and stores at once, settle time 3 s, every feature.

`python benchmarks/certify_bench.py`; targets: Ack and State in less than 25 s, --quick in less than 8 s.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from certify_target import TOKENS

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude

HERE = Path(__file__).parent
DELAY_MS, WHOLE_S, QUICK_S = 5, 25, 8


@contextmanager
def target(*words: str) -> Iterator[dict[str, str]]:
    """The URLs of a target in a process of its own."""
    command = [sys.executable, str(HERE / "certify_target.py"), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


def profile(urls: dict[str, str], protocol: Protocol, **more: Any) -> Profile:
    """Every feature of a protocol, two devices."""
    one, other = TOKENS
    devices = (Device(one), Device(other, serial="ZHM1100000002", label="Second door", stgid="CERT00002"))
    features = parse_features("core,user-data,photo,multi-zone,multi-device", protocol, None)
    return Profile(urls["url"], devices, protocol, features, readback=urls["readback"], **more)


def certified(chosen: Profile) -> tuple[Result, float]:
    """The result of a run and its seconds, judging included."""
    begin = time.monotonic()
    record = Session(chosen).run()
    return conclude(record, judge_all(record.observed())), time.monotonic() - begin


def main() -> int:
    """Print seconds, grade and requests of each; 1 when one took too long or found fault."""
    late = 0
    for protocol in Protocol:
        for name, most_s, more in (("whole", WHOLE_S, {}), ("quick", QUICK_S, {"quick": True})):
            with target(str(DELAY_MS)) as urls:
                chosen = profile(urls, protocol, **more)
                result, seconds = certified(chosen)
            counts = {str(stage.name).lower(): count for stage, count in result.record.plan.requests().items()}
            print(
                f"{protocol} {name}: {seconds:.1f} s (at most {most_s}), {result.outcome}, {result.grade}, "
                f"{sum(counts.values())} requests {counts}, second round: {result.record.second is not None}"
            )
            late += seconds > most_s or bool(result.violated)
            for row in result.requirements:
                if str(row.verdict) in ("FAIL", "ADVICE", "COULD-NOT-RUN", "ERROR"):
                    print(f"  {row.requirement.id} {row.verdict}")
            for cause in result.causes[:5]:
                print(f"  {cause}"[:400])
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
