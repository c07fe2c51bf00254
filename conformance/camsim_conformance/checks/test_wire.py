"""Checks of the wire: JSON, UTF-8, sizes, HTTP, encryption."""

from __future__ import annotations

from camsim_conformance.findings.punches import acknowledged, recorded, same_set
from camsim_conformance.findings.users import people
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-WIRE-001")
def test_raw_json_is_understood(case: Observed) -> None:
    """A raw JSON body with Content-Type application/json is understood."""
    case.ack = acknowledged(case)


@judges("CB-WIRE-002")
def test_utf8_survives(case: Observed) -> None:
    """UTF-8 text survives: names of any script are stored as they were sent, and a label in UTF-8 loses no punch."""
    case.state = people(case) if case.case.expect.users else same_set(case)


@judges("CB-WIRE-003")
def test_equivalent_json_is_the_same_callback(case: Observed) -> None:
    """Any JSON text of the same value is the same callback: member order, white space and escapes do not matter."""
    case.ack = acknowledged(case)
    case.state = same_set(case)


@judges("CB-WIRE-004")
def test_printed_sizes_are_acknowledged(case: Observed) -> None:
    """Bodies of the sizes the page prints are acknowledged."""
    case.ack = acknowledged(case)


@judges("CB-WIRE-005")
def test_usual_http_is_understood(case: Observed) -> None:
    """Plain HTTP/1.1 in its usual variations is understood."""
    case.ack = acknowledged(case)


@judges("CB-ROB-002")
def test_the_query_does_not_matter(case: Observed) -> None:
    """The URL works without a query, with ?stgid=X as the live gateway appends it, and with a doubled one."""
    case.ack = acknowledged(case)


@judges("CB-ENC-001")
def test_an_encrypted_callback_is_stored(case: Observed) -> None:
    """An encrypted callback, Base64 of AES-256/ECB/PKCS#5, is acknowledged and stored."""
    case.ack = acknowledged(case)
    case.state = people(case) if case.case.expect.users else same_set(case)


@judges("CB-ENC-002")
def test_every_length_is_decrypted(case: Observed) -> None:
    """Encrypted bodies of every length modulo 16, with UTF-8 inside, are acknowledged and stored."""
    case.ack = acknowledged(case)
    case.state = same_set(case)


@judges("CB-ENC-003")
def test_answers_under_encryption_are_recorded(case: Observed) -> None:
    """A plain or encrypted acknowledgement, and what is answered to a wrong key or a plain body, is recorded."""
    case.ack = recorded(case)
