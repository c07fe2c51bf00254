"""v2: encryption, of ApiRequestInfo alone (V2-ENC)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.v3 import envelope
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import ROWS, as_told
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect
from camsim_conformance.plan.framing_v2 import framed, messages
from camsim_conformance.plan.told import told_v2

from .registry import requirement
from .test_encryption import BLOCK, encrypted_name, encrypted_punch, stored_in_full


def _punch(make: Builder) -> Iterator[Case]:
    if make.claims("aes"):
        yield encrypted_punch(make)


def _name(make: Builder) -> Iterator[Case]:
    if make.claims("aes") and make.claims("names"):
        yield encrypted_name(make)


@requirement("V2-ENC-001", cases=_punch, later=_name)
def test_an_encrypted_v2_callback_is_stored(case: Observed) -> None:
    """A v2 callback whose ApiRequestInfo alone is encrypted is acknowledged and stored."""
    stored_in_full(case)


def _lengths(make: Builder) -> Iterator[Case]:
    if not make.claims("aes"):
        return
    for rest in range(BLOCK):
        punch = make.punch(make.user())
        message = messages(make, punch)[0]
        info = message["ApiRequestInfo"]
        # A member no page prints fills the text up, so that nothing printed changes.
        info["Note"] = ""
        info["Note"] = "x" * ((rest - len(envelope.encode(info))) % BLOCK)
        told, values = told_v2(punch, message), {"length": str(rest)}
        step = framed(make, message, what="RealTimePunchLog", told=told, values=values)
        yield Case(f"length-{rest:02d}", (step,), Expect.rows(punch))


@requirement("V2-ENC-002", cases=_lengths)
def test_every_v2_length_is_decrypted(case: Observed) -> None:
    """Encrypted v2 callbacks of every length modulo 16 are acknowledged and stored."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS)
