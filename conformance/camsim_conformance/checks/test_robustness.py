"""Checks of robustness: what no device sends, leaks, storms."""

from __future__ import annotations

from camsim_conformance.findings.punches import recorded, survived
from camsim_conformance.findings.special import tight, withstood
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-ROB-001")
def test_unprinted_messages_are_recorded(case: Observed) -> None:
    """What is answered to messages the page does not print is recorded."""
    case.ack = recorded(case)


@judges("CB-ROB-003")
def test_hostile_bodies_are_survived(case: Observed) -> None:
    """Broken and hostile bodies are answered within the deadline, and the next good punch is acknowledged."""
    case.ack = survived(case, closing_is_an_answer=case.case.name in ("8-MB", "cut-short"))


@judges("CB-SEC-001")
def test_nothing_leaks(case: Observed) -> None:
    """No answer shows a stack trace, SQL or a file path, and quotes in ids do no harm."""
    case.ack = tight(case)


@judges("CB-RES-001")
def test_a_storm_is_withstood(case: Observed) -> None:
    """A storm at the profile's rate loses nothing, and its acknowledgements stay within the deadline (p95)."""
    case.state = withstood(case)
