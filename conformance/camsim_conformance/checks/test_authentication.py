"""Checks of the AuthToken: what is forged is not stored."""

from __future__ import annotations

from camsim_conformance.findings.punches import recorded
from camsim_conformance.findings.special import untouched
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-AUTH-001")
def test_a_forged_callback_is_not_stored(case: Observed) -> None:
    """A callback with a wrong or missing AuthToken is not stored."""
    case.state = untouched(case)


@judges("CB-AUTH-002")
def test_the_answer_to_a_forgery_is_recorded(case: Observed) -> None:
    """What is answered to a forged token is recorded; any answer is right."""
    case.ack = recorded(case)
