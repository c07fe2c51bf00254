"""The finding on whatever a case expects to be stored: templates, names or punches."""

from __future__ import annotations

from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding

from .punches import same_set
from .users import templates_as_sent, users_as_sent


def as_expected(case: Observed) -> Finding:
    """What the case expects is stored, and nothing else: of a forgery only what the honest steps stored."""
    expect = case.case.expect
    if expect.templates:
        return templates_as_sent(case)
    if expect.users:
        return users_as_sent(case)
    return same_set(case)
