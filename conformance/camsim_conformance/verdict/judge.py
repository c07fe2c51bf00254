"""Let the checks judge the cases of a run, without pytest; pytest runs the very same functions."""

from __future__ import annotations

from collections.abc import Iterable

from camsim_conformance.checks.sections import checks
from camsim_conformance.observed import Observed


def judge(case: Observed) -> Observed:
    """The case with its findings. What goes wrong in a check is its own ERROR, never the target's failure."""
    if not case.to_judge:
        return case
    try:
        checks()[case.requirement.id](case)
    except Exception as error:
        case.error = f"harness error: {type(error).__name__}: {error}"
    return case


def judge_all(cases: Iterable[Observed]) -> list[Observed]:
    """All cases, judged."""
    return [judge(case) for case in cases]
