"""What a run is going to do, in one line: cases, requests, seconds; and the names of its phases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camsim_conformance.plan.cases import UNCHANGED, Case, Stage
from camsim_conformance.plan.plan import Plan
from camsim_conformance.report.wording import counted
from camsim_conformance.target.profile import Profile

# What a session calls its phases; everything else is the id of a case that is through.
PHASES: Mapping[str, str] = {
    "preflight": "asking whether the URL answers",
    "canary": "proving the read-back",
    "settle": "waiting until everything is stored",
    "confirm": "confirming what deviated, with new people",
}
TURN_S = 0.01  # one request that waits for its answer before the next one goes
_IN_TURN = frozenset({Stage.QUIET, Stage.BUSY, Stage.FORGED, Stage.HOSTILE})


def extent(plan: Plan, profile: Profile) -> str:
    """`214 cases, 873 requests, about 12 s if nothing deviates`."""
    cases = [case for case in plan.cases if case.blocked is None]
    count = requests(plan)
    text = (
        f"{counted(len(cases), 'case')}, {counted(count, 'request')}, about {seconds(plan, profile):.0f} s "
        "if everything is stored in time; what deviates is looked at longer"
    )
    left_out = dict.fromkeys(case.requirement for case in plan.cases if case.blocked == UNCHANGED)
    if left_out:
        text += f"\n  not applicable, {UNCHANGED}: {', '.join(left_out)}"
    for line in plan.uncovered:
        text += f"\n  not covered: {line}"
    return text


def requests(plan: Plan) -> int:
    """How many requests a plan sends when every answer comes in time."""
    extra = 1 + sum(len(case.steps) for case in plan.canaries)
    return extra + _sent(case for case in plan.cases if case.blocked is None)


def seconds(plan: Plan, profile: Profile) -> float:
    """How long they take at a target that answers at once; a read-back waits one settle time, and one more after late
    copies, forgeries and hostile bodies."""
    in_turn = _sent(case for case in plan.cases if case.blocked is None and case.stage in _IN_TURN)
    windows = 2 if profile.readback else 0
    return requests(plan) / profile.rate + in_turn * TURN_S + windows * profile.settle_s


def _sent(cases: Iterable[Case]) -> int:
    return sum(step.copies for case in cases for step in case.steps)
