"""Checks of repetition: one punch is one row."""

from __future__ import annotations

from camsim_conformance.findings.punches import same_rows, same_set
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-DUP-001")
def test_an_identical_resend_is_one_row(case: Observed) -> None:
    """A byte-identical re-send of a punch is one row."""
    case.state = same_rows(case)


@judges("CB-DUP-002")
def test_a_retold_punch_is_one_row(case: Observed) -> None:
    """A re-send with a new OperationID and a new Time is one row."""
    case.state = same_rows(case)


@judges("CB-DUP-003")
def test_copies_at_once_are_one_row(case: Observed) -> None:
    """Eight copies of one punch at the same moment are one row."""
    case.state = same_set(case)


@judges("CB-DUP-005")
def test_a_lost_acknowledgement_makes_no_double(case: Observed) -> None:
    """When an acknowledgement is lost on its way and the punch is retried until done, it is one row."""
    case.state = same_rows(case)


@judges("CB-DUP-006")
def test_one_moment_on_two_devices_is_recorded(case: Observed) -> None:
    """One user at one moment on two devices: one row or two is recorded."""
    case.state = same_set(case)


@judges("CB-DUP-007")
def test_a_bulk_resend_makes_no_doubles(case: Observed) -> None:
    """A bulk resend that overlaps live punches makes no doubles and loses none."""
    case.state = same_rows(case)
