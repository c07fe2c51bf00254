"""The finding on a storm, which `camsim storm` made and reported."""

from __future__ import annotations

from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding


def storm_withstood(case: Observed) -> Finding:
    """The storm's report shows that nothing was lost and that acknowledgements stayed in time."""
    expected = f"no punch lost by read-back, p95 within {case.profile.deadline_s:g} s"
    storm = case.storm
    if storm is None:
        actual = "no report of camsim storm was given (--storm)"
        return Finding(holds=True, expected=expected, actual=actual, verified=False)
    if not storm.read_back:
        actual = f"{storm.text()}; without read-back"
        return Finding(holds=True, expected=expected, actual=actual, verified=False)
    holds = storm.lost == 0 and storm.p95_s <= case.profile.deadline_s
    return Finding(holds=holds, expected=expected, actual=storm.text())
