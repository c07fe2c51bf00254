"""Write the made parts of docs/certify.md anew: the factors of a punch and of a person's history, and what a run sends.

`python scripts/make_certify_page.py` prints nothing and writes; the counts are those of one moment and prefix, and vary
by a few cases with the date (calendar edges that the last 90 days did not have).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.checks.sections import plan
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.crowd_factors import CROWD_FACTORS
from camsim_conformance.plan.factors import EVENT_FACTORS, PUNCH_FACTORS
from camsim_conformance.plan.first_factors import FIRST_FACTORS
from camsim_conformance.plan.history_factors import HISTORY_FACTORS
from camsim_conformance.plan.moment_factors import MOMENT_FACTORS
from camsim_conformance.plan.plan import Plan
from camsim_conformance.plan.relation_factors import RELATION_FACTORS
from camsim_conformance.plan.size_factors import SIZE_FACTORS
from camsim_conformance.plan.values import Factor
from camsim_conformance.target.profile import Device, Profile, parse_features

PAGE = Path(__file__).resolve().parent.parent / "docs" / "certify.md"
NOW, PREFIX = 1_790_000_000, 12345
KEY = "k" * 32
# Features as somebody claims them, and whether there is a second device.
RUNS: Sequence[tuple[str, bool]] = (
    ("core", False),
    ("core,user-data,photo", False),
    ("core,user-data,photo,aes,multi-device", True),
)
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page(text: str) -> str:
    """The page with its made parts anew. Raises: KeyError for a part that nothing makes."""
    parts = {"factors": factors, "sizes": sizes}
    return _PART.sub(lambda found: found[1] + "\n".join(parts[found[2]]()) + "\n" + found[3], text)


def factors() -> Iterator[str]:
    """One row a factor."""
    yield "| factor | values, the usual one first |"
    yield "|---|---|"
    named = (
        ("punch", PUNCH_FACTORS),
        ("punch among others", (*RELATION_FACTORS, *FIRST_FACTORS)),
        ("moment", MOMENT_FACTORS),
        ("event", EVENT_FACTORS),
        ("person", HISTORY_FACTORS),
        ("body", SIZE_FACTORS),
    )
    for title, some in named:
        for factor in some:
            yield f"| {title}: `{factor.name}` | {_values(factor)} |"
    # One row a count: its steps are factors of their own.
    steps: dict[str, list[str]] = {}
    for factor in CROWD_FACTORS:
        counted, _, step = factor.name.partition(":")
        steps.setdefault(counted, []).append(step or "yes")
    for counted, found in steps.items():
        yield f"| punch among many: `{counted}` | no, {', '.join(found)} |"


def _values(factor: Factor) -> str:
    usual = sorted(factor.values, key=lambda value: not value.usual)
    return ", ".join(value.name for value in usual)


def sizes() -> Iterator[str]:
    """One row a protocol and set of features."""
    yield "| protocol | `--features` | cases | requests | of them rows and histories |"
    yield "|---|---|---|---|---|"
    for protocol in (Protocol.V3, Protocol.V2):
        for features, two in RUNS:
            made = planned(protocol, features, two=two)
            cases = [case for case in made.cases if case.blocked is None]
            rows = [case for case in cases if "-ROW-" in case.requirement]
            yield f"| {protocol} | {features} | {len(cases)} | {_requests(cases)} | {_requests(rows)} |"


def planned(protocol: Protocol, features: str, *, two: bool) -> Plan:
    """The plan of a run that claims these features."""
    key = KEY if "aes" in features else None
    devices = [Device("t" * 32, key=key)]
    if two:
        devices.append(Device("u" * 32, serial="ZHM1100000002", stgid="CERT00002", key=key))
    claimed = parse_features(features, protocol, key)
    profile = Profile("http://127.0.0.1:1/", tuple(devices), protocol, claimed)
    return plan(profile, NOW, PREFIX)


def _requests(cases: Sequence[Case]) -> int:
    return sum(step.copies for case in cases for step in case.steps)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
