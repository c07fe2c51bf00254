"""Checks of v2: the form field, acknowledgement, punches, order, time, signatures."""

from __future__ import annotations

from camsim_conformance.findings.punches import acknowledged, fields, in_time, present, right_times_v2, same_set
from camsim_conformance.findings.special import wire_form
from camsim_conformance.findings.users import people
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("V2-ACK-001")
def test_every_v2_callback_is_acknowledged(case: Observed) -> None:
    """Each v2 callback is answered HTTP 200 with a JSON object whose status is exactly done."""
    case.ack = acknowledged(case)


@judges("V2-ACK-002")
def test_an_unprocessable_v2_callback_is_acknowledged(case: Observed) -> None:
    """A v2 callback that cannot be processed is acknowledged all the same."""
    case.ack = acknowledged(case)


@judges("V2-ACK-003")
def test_the_v2_acknowledgement_is_in_time(case: Observed) -> None:
    """The acknowledgement of a v2 callback comes within the deadline."""
    case.ack = in_time(case)


@judges("V2-ACK-004")
def test_the_v2_acknowledgement_is_recorded(case: Observed) -> None:
    """What the acknowledgement of a v2 callback looks like on the wire is recorded."""
    case.ack = wire_form(case)


@judges("V2-WIRE-001")
def test_the_form_field_is_understood(case: Observed) -> None:
    """The form field request_data is understood."""
    case.ack = acknowledged(case)


@judges("V2-WIRE-002")
def test_names_survive_the_form(case: Observed) -> None:
    """Names with blanks, plus signs, ampersands and UTF-8 letters survive the form."""
    case.state = people(case)


@judges("V2-WIRE-003")
def test_printed_v2_sizes_are_acknowledged(case: Observed) -> None:
    """Forms of the sizes the page speaks of, with a picture of 300x300, are acknowledged."""
    case.ack = acknowledged(case)


@judges("V2-WIRE-004")
def test_usual_http_is_understood_in_v2(case: Observed) -> None:
    """Plain HTTP/1.1 in its usual variations is understood with a form body too."""
    case.ack = acknowledged(case)


@judges("V2-AUTH-001")
def test_a_forged_v2_callback_is_not_stored(case: Observed) -> None:
    """A v2 callback with a wrong or missing AuthToken is not stored."""
    case.state = same_set(case)


@judges("V2-PUNCH-001")
def test_a_v2_punch_is_stored(case: Observed) -> None:
    """A v2 punch is stored with its user, its type and its input method."""
    case.state = fields(case, "type", "input")


@judges("V2-PUNCH-002")
def test_every_v2_type_keeps_its_meaning(case: Observed) -> None:
    """All nine attendance types are acknowledged and stored, and in and out keep their meaning."""
    case.ack = acknowledged(case)
    case.state = fields(case, "type") if case.case.name != "None" else present(case)


@judges("V2-PUNCH-003")
def test_v2_punches_seconds_apart_are_two(case: Observed) -> None:
    """Two v2 punches of one user seconds apart are two rows."""
    case.state = same_set(case)


@judges("V2-PUNCH-004")
def test_v2_temperature_and_mask_are_kept(case: Observed) -> None:
    """Temperature and mask of a v2 punch are kept where the target claims them, and their absence harms nothing."""
    case.state = fields(case, "temperature", "mask")


@judges("V2-PUNCH-006")
def test_v2_user_ids_are_text(case: Observed) -> None:
    """User ids of v2 are text: leading zeros and letters are kept apart."""
    case.ack = acknowledged(case)
    case.state = same_set(case)


@judges("V2-DUP-001")
def test_the_same_v2_data_is_one_row(case: Observed) -> None:
    """The same v2 data from the same device is one row, however often it comes."""
    case.state = same_set(case)


@judges("V2-DUP-002")
def test_a_v2_duplicate_is_acknowledged(case: Observed) -> None:
    """A duplicate of a v2 callback is acknowledged."""
    case.ack = acknowledged(case)


@judges("V2-DUP-003")
def test_two_v2_devices_are_two_rows(case: Observed) -> None:
    """Punches of one user at one moment on two v2 devices are both kept: the page's key includes the device."""
    case.state = same_set(case)


@judges("V2-ORD-001")
def test_an_older_v2_punch_is_kept(case: Observed) -> None:
    """A v2 punch that is older than one already stored is kept."""
    case.state = same_set(case)


@judges("V2-ORD-002")
def test_the_stored_v2_set_is_the_sent_set(case: Observed) -> None:
    """The stored set of v2 punches is the sent set, also for a hundred cached ones in any order."""
    case.state = same_set(case)


@judges("V2-TIME-001")
def test_the_stored_v2_time_is_right(case: Observed) -> None:
    """The stored time is what OperationTime means: the device's wall clock, or its instant; a third value fails."""
    case.state = right_times_v2(case)
