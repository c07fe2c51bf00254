"""Checks of v2: photos, lazy responses, signatures, encryption, robustness."""

from __future__ import annotations

from camsim_conformance.findings.punches import acknowledged, recorded, same_set, survived
from camsim_conformance.findings.users import people, templates
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("V2-PHOTO-001")
def test_a_v2_photo_is_acknowledged(case: Observed) -> None:
    """An attendance photo of v2 is acknowledged, before its punch, after it, and alone."""
    case.ack = acknowledged(case)


@judges("V2-LAZY-001")
def test_a_lazy_response_is_acknowledged(case: Observed) -> None:
    """A lazy response is acknowledged like any callback, whatever it answers."""
    case.ack = acknowledged(case)


@judges("V2-TPL-001")
def test_signatures_are_merged(case: Observed) -> None:
    """Signatures that arrive one by one are merged: fingers, parts of a face, card and PIN."""
    case.state = templates(case)


@judges("V2-TPL-002")
def test_a_signature_is_updated(case: Observed) -> None:
    """A signature that comes again updates the stored one."""
    case.state = templates(case)


@judges("V2-TPL-003")
def test_empty_names_erase_nothing(case: Observed) -> None:
    """Name and Priority are read with card and PIN only: the empty ones beside a finger or face erase nothing."""
    case.state = people(case)


@judges("V2-USR-001")
def test_v2_deletions_and_renames_are_reflected(case: Observed) -> None:
    """A deletion at a v2 device and a change of name are reflected."""
    case.state = people(case)


@judges("V2-ENC-001")
def test_an_encrypted_v2_callback_is_stored(case: Observed) -> None:
    """A v2 callback whose ApiRequestInfo alone is encrypted is acknowledged and stored."""
    case.ack = acknowledged(case)
    case.state = people(case) if case.case.expect.users else same_set(case)


@judges("V2-ENC-002")
def test_every_v2_length_is_decrypted(case: Observed) -> None:
    """Encrypted v2 callbacks of every length modulo 16 are acknowledged and stored."""
    case.ack = acknowledged(case)
    case.state = same_set(case)


@judges("V2-ROB-001")
def test_hostile_v2_bodies_are_survived(case: Observed) -> None:
    """Broken and hostile v2 bodies are answered within the deadline, and the next good punch is acknowledged."""
    case.ack = survived(case, closing_is_an_answer=case.case.name in ("8-MB", "cut-short"))


@judges("V2-ROB-002")
def test_open_v2_messages_are_recorded(case: Observed) -> None:
    """What is answered to v2 messages the page leaves open is recorded."""
    case.ack = recorded(case)
