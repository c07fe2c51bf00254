"""A signed statement of what a run showed: in-toto test-result in a DSSE envelope, Ed25519, verified offline."""

from __future__ import annotations

import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from camsim.telling import why
from camsim_conformance.target.profile import UsageError

from .document_types import Document, RequirementDocument, SuiteDocument

VALID_DAYS = 90
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
PRIVATE_FILE, PUBLIC_FILE = "issuer.key", "issuer.pub"


class CertificateError(ValueError):
    """The certificate does not hold; says whether it is tampered, of another key, expired or of another result."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What a valid certificate says."""

    target: str
    grade: str
    shown: str
    not_shown: str
    issued: datetime
    expires: datetime


class CamsimPredicate(TypedDict):
    """What in-toto has no words for."""

    suite: SuiteDocument
    grade: str
    protocol: str
    features: list[str]
    shown: str
    notShown: str
    notVerified: list[str]
    notApplicable: list[str]
    recorded: list[str]
    readback: str | None
    storm: str | None
    selfIssued: bool
    issued: str
    expires: str


class Resource(TypedDict):
    """A name and the sha256 of what it stands for."""

    name: str
    digest: dict[str, str]


class Predicate(TypedDict):
    """in-toto test-result."""

    result: str
    configuration: list[Resource]
    passedTests: list[str]
    warnedTests: list[str]
    failedTests: list[str]
    camsim: CamsimPredicate


class Statement(TypedDict):
    """The in-toto statement: the target, and what the run showed of it."""

    _type: str
    subject: list[Resource]
    predicateType: str
    predicate: Predicate


# --- keys -------------------------------------------------------------------------------------------------------------


def new_key(folder: Path) -> tuple[Path, Path]:
    """Write issuer.key (readable by its owner only) and issuer.pub. Raises: UsageError when one exists."""
    private, public = folder / PRIVATE_FILE, folder / PUBLIC_FILE
    if private.exists() or public.exists():
        raise UsageError(f"{folder} already holds an issuer key: choose another folder, a lost key cannot be replaced")
    folder.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    # Made with its rights, not given them afterwards: nobody reads it in between.
    handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(_public_pem(key))
    return private, public


def _public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_private(file: Path) -> Ed25519PrivateKey:
    """The private key of a file. Raises: UsageError."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"--sign-key {file}: {why(error)}; make one with camsim key new") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"--sign-key {file}: not an Ed25519 key; make one with camsim key new")
    return key


def _load_public(file: Path) -> SSlibKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"--key {file}: {why(error)}; give the issuer's issuer.pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"--key {file}: not an Ed25519 public key; give the issuer's issuer.pub")
    return SSlibKey.from_crypto(key)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(document: Document, raw: bytes, out: Path, key_file: Path | None) -> None:
    """Write certificate.json and issuer.pub. Without a key file a key is made for this certificate and thrown away:
    it then shows that nothing was changed, not who issued it."""
    key = Ed25519PrivateKey.generate() if key_file is None else load_private(key_file)
    statement = _statement(document, raw, self_issued=key_file is None)
    # RFC 8785: the bytes that are signed do not depend on who writes the JSON.
    envelope = Envelope(rfc8785.dumps(statement), PAYLOAD_TYPE, {})  # type: ignore[arg-type]
    envelope.sign(CryptoSigner(key))
    (out / "certificate.json").write_text(json.dumps(envelope.to_dict(), indent=1) + "\n", "utf-8")
    (out / PUBLIC_FILE).write_bytes(_public_pem(key))


def _statement(document: Document, raw: bytes, *, self_issued: bool) -> Statement:
    digest = {"sha256": hashlib.sha256(raw).hexdigest()}
    rows = document["requirements"]
    return {
        "_type": STATEMENT,
        "subject": [{"name": document["target"]["url"], "digest": digest}],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "WARNED" if _ids(rows, "ADVICE") else "PASSED",
            "configuration": [{"name": "result.json", "digest": digest}],
            "passedTests": _ids(rows, "PASS", "NON-STRICT"),
            "warnedTests": _ids(rows, "ADVICE"),
            "failedTests": [],
            "camsim": _camsim(document, self_issued=self_issued),
        },
    }


def _camsim(document: Document, *, self_issued: bool) -> CamsimPredicate:
    issued = datetime.now(UTC).replace(microsecond=0)
    rows, readback = document["requirements"], document["readback"]
    return {
        "suite": document["suite"],
        "grade": document["grade"],
        "protocol": document["profile"]["protocol"],
        "features": document["profile"]["features"],
        "shown": document["shown"],
        "notShown": document["not_shown"],
        "notVerified": _ids(rows, "UNVERIFIED"),
        "notApplicable": _ids(rows, "NOT-APPLICABLE"),
        "recorded": _ids(rows, "INFO"),
        "readback": readback["adapter"] if readback else None,
        "storm": document["storm"],
        "selfIssued": self_issued,
        "issued": _text(issued),
        "expires": _text(issued + timedelta(days=VALID_DAYS)),
    }


def _ids(rows: list[RequirementDocument], *verdicts: str) -> list[str]:
    return [row["id"] for row in rows if row["verdict"] in verdicts]


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


# --- reading ----------------------------------------------------------------------------------------------------------


def verify(file: Path, key_file: Path, now: datetime | None = None) -> Certified:
    """What a valid certificate says. Raises: CertificateError with the reason; UsageError for unreadable files."""
    envelope = _envelope(file)
    key = _load_public(key_file)
    signature = envelope.signatures.get(key.keyid)
    if signature is None:
        known = ", ".join(keyid[:12] for keyid in envelope.signatures) or "nobody"
        raise CertificateError(f"wrong key: signed by {known}, {key_file} is {key.keyid[:12]}")
    try:
        key.verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError:
        raise CertificateError("tampered: the signature does not belong to this content") from None
    statement: Statement = json.loads(envelope.payload)
    certified = _certified(statement)
    _check_result(file.parent / "result.json", statement)
    if certified.expires < (now or datetime.now(UTC)):
        raise CertificateError(f"expired on {_text(certified.expires)}: certify again")
    return certified


def _envelope(file: Path) -> Envelope:
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise CertificateError(f"tampered: {file} is not JSON") from None
    try:
        envelope = Envelope.from_dict(document)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise CertificateError(f"tampered: {file} is no DSSE envelope ({type(error).__name__})") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise CertificateError(f"tampered: the payload type is {envelope.payload_type!r}")
    return envelope


def _certified(statement: Statement) -> Certified:
    camsim = statement["predicate"]["camsim"]
    return Certified(
        target=statement["subject"][0]["name"],
        grade=camsim["grade"],
        shown=camsim["shown"],
        not_shown=camsim["notShown"],
        issued=datetime.fromisoformat(camsim["issued"]),
        expires=datetime.fromisoformat(camsim["expires"]),
    )


def _check_result(result: Path, statement: Statement) -> None:
    """A result.json beside the certificate must be the one it speaks of."""
    if result.is_file():
        found = hashlib.sha256(result.read_bytes()).hexdigest()
        if found != statement["subject"][0]["digest"]["sha256"]:
            raise CertificateError(f"tampered: {result} is not the result this certificate was issued for")
