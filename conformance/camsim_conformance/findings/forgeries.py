"""The finding on forged callbacks."""

from __future__ import annotations

from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding

from .punches import same_set
from .users import templates_as_sent, users_as_sent


def not_stored(case: Observed) -> Finding:
    """Nothing of the forged steps is stored; what the honest steps stored is still there."""
    expect = case.case.expect
    if expect.templates:
        return templates_as_sent(case)
    return users_as_sent(case) if expect.users else same_set(case)
