"""Verify a certificate offline: what holds, what does not, and what nobody can know from it."""

from __future__ import annotations

import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from camsim_conformance.target.profile import UsageError

from .statement import PAYLOAD_TYPE, PREDICATE, PUBLIC_FILE, REPORT_FILES, RESULT_FILE, STATEMENT, Resource, Statement

_GOOD = ("PASSED", "WARNED")
_SKEW = timedelta(minutes=5)  # between the clocks of two good hosts


class CertificateError(ValueError):
    """The certificate does not hold; says whether it is tampered, of another key, expired or of another result."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What a valid certificate says. `unknown`: what it cannot show here; `named`: whether a key was given for it."""

    target: str
    grade: str
    result: str
    shown: str
    not_shown: str
    issued: datetime
    expires: datetime
    named: bool
    unknown: tuple[str, ...]


def verify(file: Path, key_file: Path | None, now: datetime | None = None) -> Certified:
    """What a valid certificate says. Raises: CertificateError with the reason; UsageError for unreadable files.

    Without a key the one that lies beside is used: it shows that nothing was changed, and not who issued it.
    """
    envelope = _envelope(file)
    beside = file.parent / PUBLIC_FILE
    if key_file is None and not beside.is_file():
        raise UsageError(f"--key is missing, and there is no {beside}: without a key nothing can be checked")
    _check_signature(envelope, key_file or beside)
    statement = _statement(envelope.payload)
    certified = _certified(statement, named=key_file is not None)
    result = _check_result(file.parent / RESULT_FILE, statement)
    _check_reports(file.parent, statement)
    _check_times(certified, now or datetime.now(UTC))
    _check_passed(statement, result)
    key_is_beside = key_file is not None and key_file.resolve() == beside.resolve()
    unknown = _unknown(file.parent, statement, named=key_file is not None, key_is_beside=key_is_beside)
    return replace(certified, unknown=tuple(unknown))


# --- reading ----------------------------------------------------------------------------------------------------------


def _load_public(file: Path) -> SSlibKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"--key {file}: {error}; give the issuer's issuer.pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"--key {file}: not an Ed25519 public key; give the issuer's issuer.pub")
    return SSlibKey.from_crypto(key)


def _envelope(file: Path) -> Envelope:
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise CertificateError(f"tampered: {file} is not JSON") from None
    document = _unambiguous(text, str(file))
    try:
        envelope = Envelope.from_dict(document)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise CertificateError(f"tampered: {file} is no DSSE envelope ({type(error).__name__})") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise CertificateError(f"tampered: the payload type is {envelope.payload_type!r}")
    return envelope


def _unambiguous(text: str | bytes, what: str) -> Any:
    """The value of a JSON text in which every member stands once: of two, each reader would believe another."""

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            double = next(name for name in names if names.count(name) > 1)
            raise CertificateError(f"tampered: {what} holds the member {double!r} twice")
        return found

    try:
        return json.loads(text, object_pairs_hook=members)
    except CertificateError:
        raise
    except (ValueError, RecursionError):
        raise CertificateError(f"tampered: {what} is not JSON") from None


def _check_signature(envelope: Envelope, key_file: Path) -> None:
    key = _load_public(key_file)
    signature = envelope.signatures.get(key.keyid)
    if signature is None:
        known = ", ".join(str(keyid)[:12] for keyid in envelope.signatures) or "nobody"
        raise CertificateError(f"wrong key: signed by {known}, {key_file} is {key.keyid[:12]}")
    try:
        key.verify_signature(signature, envelope.pae())
    except (UnverifiedSignatureError, ValueError):
        raise CertificateError("tampered: the signature does not belong to this content") from None


def _statement(payload: bytes) -> Statement:
    value = _unambiguous(payload, "the statement")
    kind = value.get("_type") if isinstance(value, dict) else None
    predicate = value.get("predicateType") if isinstance(value, dict) else None
    if (kind, predicate) != (STATEMENT, PREDICATE):
        raise CertificateError(f"no certificate of camsim: a statement of the kind {predicate!r} ({kind!r})")
    try:
        statement = msgspec.convert(value, Statement)
    except (msgspec.ValidationError, RecursionError) as error:
        raise CertificateError(f"no certificate of camsim: {error}") from None
    if not statement["subject"]:
        raise CertificateError("no certificate of camsim: it has no subject")
    return statement


def _certified(statement: Statement, *, named: bool) -> Certified:
    camsim = statement["predicate"]["camsim"]
    return Certified(
        target=statement["subject"][0]["name"],
        grade=camsim["grade"],
        result=statement["predicate"]["result"],
        shown=camsim["shown"],
        not_shown=camsim["notShown"],
        issued=_moment(camsim["issued"]),
        expires=_moment(camsim["expires"]),
        named=named,
        unknown=(),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CertificateError(f"no certificate of camsim: {text!r} is no moment with a time zone") from None


# --- what must hold ---------------------------------------------------------------------------------------------------


def _check_result(file: Path, statement: Statement) -> dict[str, Any] | None:
    """The result.json beside the certificate, which must be the one it speaks of; None when there is none."""
    raw = _beside(file)
    if raw is None:
        return None
    if _digest(raw) != statement["subject"][0]["digest"].get("sha256"):
        raise CertificateError(f"tampered: {file} is not the result this certificate was issued for")
    result = _unambiguous(raw, str(file))
    return result if isinstance(result, dict) else {}


def _check_reports(folder: Path, statement: Statement) -> None:
    for subject in _reports(statement):
        raw = _beside(folder / subject["name"])
        if raw is not None and _digest(raw) != subject["digest"].get("sha256"):
            raise CertificateError(f"tampered: {folder / subject['name']} is not the one this certificate covers")


def _reports(statement: Statement) -> list[Resource]:
    # By name, and only these: a statement must not make anybody read a file elsewhere.
    return [subject for subject in statement["subject"][1:] if subject["name"] in REPORT_FILES]


def _beside(file: Path) -> bytes | None:
    if not file.exists():
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _check_times(certified: Certified, now: datetime) -> None:
    if certified.issued > now + _SKEW:
        raise CertificateError(
            f"issued in the future, at {_text(certified.issued)}: the clock of this host or of the issuer's is wrong"
        )
    if certified.expires <= certified.issued:
        raise CertificateError(f"never valid: issued on {_text(certified.issued)}, until {_text(certified.expires)}")
    if certified.expires < now:
        raise CertificateError(f"expired on {_text(certified.expires)}: certify again")


def _check_passed(statement: Statement, result: dict[str, Any] | None) -> None:
    """A good signature under a bad result is no pass."""
    predicate = statement["predicate"]
    if predicate["result"] not in _GOOD or predicate["failedTests"]:
        failed = ", ".join(predicate["failedTests"]) or "none is named"
        raise CertificateError(
            f"did not pass: the signature holds, and the result it covers is {predicate['result']} (failed: {failed})"
        )
    if predicate["camsim"]["grade"] == "none":
        raise CertificateError("did not pass: the signature holds, and the result it covers has no grade")
    if result is None:
        return
    said = (result.get("outcome"), result.get("grade"), _url(result))
    if said != ("passed", predicate["camsim"]["grade"], statement["subject"][0]["name"]):
        raise CertificateError(
            f"did not pass: result.json says {said[0]!r}, grade {said[1]!r}, of {said[2]!r}, and the certificate "
            f"{predicate['result']}, grade {predicate['camsim']['grade']!r}"
        )


def _url(result: dict[str, Any]) -> object:
    target = result.get("target")
    return target.get("url") if isinstance(target, dict) else None


def _unknown(folder: Path, statement: Statement, *, named: bool, key_is_beside: bool) -> Iterator[str]:
    if not named:
        yield "who issued it: no --key was given, and the one that lies beside says only that nothing was changed"
    elif statement["predicate"]["camsim"]["selfIssued"]:
        yield "who issued it: its key was made for it alone, and says only that nothing was changed"
    elif key_is_beside:
        yield f"who issued it, unless you know {PUBLIC_FILE} from elsewhere: this one lay beside it"
    if not (folder / RESULT_FILE).exists():
        yield f"the result itself: there is no {RESULT_FILE} beside it"
    covered = {subject["name"] for subject in _reports(statement)}
    for name in REPORT_FILES:
        if name not in covered and (folder / name).exists():
            yield f"whether {name} belongs to it: it does not cover that file"


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
