"""Certify one target again and again on one SQLite database that lasts: every run must come to the same result.

`python scripts/lasting.py --runs 10`. Without --users each run makes people of its own; with it all runs tell of the
same people, whose rows of earlier runs still stand. Prints what differs; exit code 1 when anything does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import Running, start
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude

TOKENS = ("COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs", "QPvh2PJWWDLX7OuKsCOJJ7eiiPBGUfmI")
FIRST_USER, USERS = 40_001, 350
FEATURES = "core,user-data,photo,multi-zone,multi-device"
WITHIN = ("none", "given", "changed")  # no --users, --users, --users with --allow-user-changes
Shown = Mapping[str, str]


def profile(running: Running, protocol: Protocol, people: str, globs: tuple[str, ...], settle_s: float) -> Profile:
    """What each run is asked for; `people` is one of WITHIN."""
    one, other = TOKENS
    given = tuple(str(FIRST_USER + number) for number in range(USERS)) if people != "none" else ()
    return Profile(
        running.url,
        (Device(one), Device(other, serial="ZHM1100000002", label="Second door", stgid="CERT00002")),
        protocol,
        parse_features(FEATURES, protocol, None),
        readback=running.readback_url,
        people=given,
        globs=globs,
        settle_s=settle_s,
        allow_user_changes=people == "changed",
    )


def shown(result: Result) -> Shown:
    """What has to be equal: the outcome, the verdict of each requirement, and each cause with its requirement."""
    found = {"outcome": str(result.outcome), "grade": str(result.grade), "void": str(result.record.void)}
    for row in result.requirements:
        found[row.requirement.id] = str(row.verdict)
    for cause in result.causes:
        explanation = cause.explanation
        words = [str(explanation.aspect), str(explanation.deviation), *map("=".join, explanation.values)]
        found[f"cause of {cause.requirement}: {' '.join(words)}"] = str(cause.level)
    return found


def certified(chosen: Profile) -> Shown:
    """One run, as far as it must be equal."""
    record = Session(chosen).run()
    return shown(conclude(record, judge_all(record.observed())))


def differences(first: Shown, other: Shown) -> list[str]:
    """What one run says otherwise than the first."""
    keys = sorted(first.keys() | other.keys())
    return [f"{key}: {first.get(key)} then {other.get(key)}" for key in keys if first.get(key) != other.get(key)]


def lasting(protocol: Protocol, people: str, runs: int, globs: tuple[str, ...] = ("*",), settle_s: float = 1.0) -> int:
    """Certify so many times on one database; gives how many runs differ from the first."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder) / "lasting.db")
        with start("sqlite", tokens=TOKENS, db=database) as running:
            chosen = profile(running, protocol, people, globs, settle_s)
            first = certified(chosen)
            print(f"{protocol} {people}: {first['outcome']}, {first['grade']}, {_gravest(first)}", flush=True)
            for number in range(2, runs + 1):
                begin = time.monotonic()
                found = differences(first, certified(chosen))
                print(f"  run {number}: {'; '.join(found) or 'equal'} ({time.monotonic() - begin:.0f} s)", flush=True)
                wrong += bool(found)
    return wrong


def _gravest(found: Shown) -> str:
    bad = [f"{key} {value}" for key, value in found.items() if value in ("FAIL", "ADVICE", "COULD-NOT-RUN", "ERROR")]
    return ", ".join(bad) or "nothing found fault with"


def main(words: Iterable[str]) -> int:
    """All protocols and ways to have people, or those asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--people", choices=WITHIN, action="append")
    parser.add_argument("--protocol", type=Protocol, action="append")
    parser.add_argument("--settle", type=float, default=1.0, help="seconds")
    chosen = parser.parse_args([*words])
    wrong = 0
    for protocol in chosen.protocol or Protocol:
        for people in chosen.people or WITHIN:
            wrong += lasting(protocol, people, chosen.runs, settle_s=chosen.settle)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
