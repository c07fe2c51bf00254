"""Checks of punches: what of them is kept."""

from __future__ import annotations

from camsim_conformance.findings.punches import acknowledged, fields, present, recorded, same_set
from camsim_conformance.findings.users import people
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-PUNCH-001")
def test_a_punch_is_stored(case: Observed) -> None:
    """A punch is stored with its user, its type and its input method."""
    case.state = fields(case, "type", "input")


@judges("CB-PUNCH-002")
def test_every_type_keeps_its_meaning(case: Observed) -> None:
    """All eight punch types are acknowledged and stored, and in and out keep their meaning."""
    case.ack = acknowledged(case)
    case.state = fields(case, "type")


@judges("CB-PUNCH-003")
def test_punches_seconds_apart_are_two(case: Observed) -> None:
    """Two punches of one user seconds apart are two rows."""
    case.state = same_set(case)


@judges("CB-PUNCH-004")
def test_temperature_and_mask_are_kept(case: Observed) -> None:
    """Temperature, as text or number, and mask are kept where the target claims them, and their absence harms
    nothing.
    """
    case.state = fields(case, "temperature", "mask")


@judges("CB-PUNCH-006")
def test_user_ids_are_text(case: Observed) -> None:
    """User ids are text: leading zeros, letters, hyphens and underscores are kept apart; quotes in names do no
    harm.
    """
    case.ack = acknowledged(case)
    case.state = people(case) if case.case.expect.users else same_set(case)


@judges("CB-PUNCH-007")
def test_optional_members_may_be_missing(case: Observed) -> None:
    """A punch is kept although optional fields of its frame are missing."""
    case.ack = acknowledged(case)
    case.state = present(case)


@judges("CB-PUNCH-008")
def test_two_punches_in_a_second_are_recorded(case: Observed) -> None:
    """Two different punches of one user in one second: one row or two is recorded."""
    case.state = same_set(case)


@judges("CB-DEV-001")
def test_punches_of_several_devices_are_kept(case: Observed) -> None:
    """Punches of one user from several devices are all kept."""
    case.state = same_set(case)


@judges("CB-DEV-002")
def test_a_borrowed_token_is_recorded(case: Observed) -> None:
    """What becomes of a punch whose token belongs to another device than its serial number is recorded."""
    case.ack = recorded(case)
    case.state = same_set(case)


@judges("CB-PHOTO-001")
def test_a_photo_neither_replaces_nor_doubles_its_punch(case: Observed) -> None:
    """A photo (#10) is separate from its punch (#11): it neither replaces nor doubles it."""
    case.state = same_set(case)
