"""Checks of the acknowledgement: every callback, whatever becomes of it, in time."""

from __future__ import annotations

from camsim_conformance.findings.punches import acknowledged, in_time
from camsim_conformance.findings.special import wire_form
from camsim_conformance.requirements.verdicts import Finding
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-ACK-001")
def test_every_callback_is_acknowledged(case: Observed) -> None:
    """Each of the 11 callbacks, sent as the page prints it, is answered HTTP 200 with a JSON object whose status is
    exactly done.
    """
    case.ack = acknowledged(case)


@judges("CB-ACK-002")
def test_what_cannot_be_processed_is_acknowledged(case: Observed) -> None:
    """A callback that cannot be processed is acknowledged all the same."""
    case.ack = acknowledged(case)


@judges("CB-ACK-003")
def test_the_acknowledgement_is_in_time(case: Observed) -> None:
    """The acknowledgement comes within the deadline, also for photos and while several devices send at once."""
    case.ack = in_time(case)


@judges("CB-ACK-004")
def test_the_acknowledgement_is_recorded(case: Observed) -> None:
    """What the acknowledgement looks like on the wire is recorded: body, content type, extra members, redirects."""
    case.ack = wire_form(case)


@judges("CB-ACK-005")
def test_groups_and_empty_arrays_are_acknowledged(case: Observed) -> None:
    """Templates in groups, and a user update with an empty Template array, are acknowledged."""
    case.ack = acknowledged(case)


@judges("CB-ORD-005")
def test_a_photo_without_its_punch_is_acknowledged(case: Observed) -> None:
    """A photo (#10) before its punch, or without one, is acknowledged."""
    case.ack = acknowledged(case)


@judges("CB-DUP-004")
def test_a_duplicate_is_acknowledged(case: Observed) -> None:
    """A duplicate is acknowledged."""
    case.ack = acknowledged(case)


@judges("CB-PHOTO-002")
def test_a_photo_is_acknowledged(case: Observed) -> None:
    """A photo of the size live devices send is acknowledged, also twice."""
    case.ack = acknowledged(case)


@judges("CB-PORT-001")
def test_port_and_scheme_are_recorded(case: Observed) -> None:
    """Port and scheme are recorded: 80 or 443 in production, 8123 for tests, HTTPS recommended."""
    case.ack = Finding(
        True, "80 or 443 in production, 8123 for tests", f"{case.target.scheme} on port {case.target.port}"
    )
