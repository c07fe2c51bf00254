"""Encryption (CB-ENC): every other case is encrypted too when the profile has a key."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol import cipher
from camsim.protocol.v3 import envelope
from camsim_conformance.findings.answers import acknowledged, recorded
from camsim_conformance.findings.told import ROWS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect
from camsim_conformance.plan.told import told_v3

from .registry import requirement

BLOCK = 16
OTHER_KEY = "0123456789abcdefghijklmnopqrstuv"


def _encrypted(make: Builder) -> Iterator[Case]:
    if not make.claims("aes"):
        return
    yield encrypted_punch(make)
    if make.claims("names"):
        yield encrypted_name(make)


def encrypted_punch(make: Builder) -> Case:
    """A punch like any other: the key encrypts it."""
    punch = make.punch(make.user())
    return Case("punch", (make.step(punch),), Expect.rows(punch))


def encrypted_name(make: Builder) -> Case:
    """A name whose letters are more than one byte each, under the cipher."""
    user = make.user()
    step = make.step(make.updated(user, first="Aïda", last="Öz"))
    return Case("user", (step,), Expect.named(user, "Aïda", "Öz"))


@requirement("CB-ENC-001", cases=_encrypted)
def test_an_encrypted_callback_is_stored(case: Observed) -> None:
    """An encrypted callback, Base64 of AES-256/ECB/PKCS#5, is acknowledged and stored."""
    stored_in_full(case)


def stored_in_full(case: Observed) -> None:
    """The answer, the rows and the names of a case."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS, Aspect.NAME)


def _lengths(make: Builder) -> Iterator[Case]:
    if not make.claims("aes"):
        return
    for rest in range(BLOCK):
        punch = make.punch(make.user())
        message = make.message(punch)
        frame = message["RealTime"]
        frame["LabelName"] = "Tür "
        # Filled up until the length leaves this rest: 0 is the padding of a whole block, which careless code drops.
        frame["LabelName"] += "x" * ((rest - len(envelope.encode(message))) % BLOCK)
        told, values = told_v3(punch, message), {"length": str(rest), "label": "utf8"}
        step = make.json(message, what="RealTimePunchLog", told=told, values=values)
        yield Case(f"length-{rest:02d}", (step,), Expect.rows(punch))


@requirement("CB-ENC-002", cases=_lengths)
def test_every_length_is_decrypted(case: Observed) -> None:
    """Encrypted bodies of every length modulo 16, with UTF-8 inside, are acknowledged and stored."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS)


def _other_keys(make: Builder) -> Iterator[Case]:
    if not make.claims("aes"):
        return
    yield Case("ordinary", (make.step(make.punch(make.user())),))
    plain = envelope.encode(make.message(make.punch(make.stranger())))
    yield Case("wrong-key", (make.unsealed(plain, cipher.encrypt(OTHER_KEY, plain), judged=False),))
    yield Case("plain-body", (make.unsealed(plain, plain, judged=False),))


@requirement("CB-ENC-003", cases=_other_keys)
def test_answers_under_encryption_are_recorded(case: Observed) -> None:
    """A plain or encrypted acknowledgement, and what is answered to a wrong key or a plain body, is recorded."""
    case.ack = recorded(case)
