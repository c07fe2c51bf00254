"""A signed statement of what a run showed: in-toto test-result in a DSSE envelope, Ed25519, verified offline."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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

from camsim_conformance.target.profile import UsageError

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


# --- keys -------------------------------------------------------------------------------------------------------------


def new_key(folder: Path) -> tuple[Path, Path]:
    """Write issuer.key (readable by its owner only) and issuer.pub. Raises: UsageError when one exists."""
    private, public = folder / PRIVATE_FILE, folder / PUBLIC_FILE
    if private.exists() or public.exists():
        raise UsageError(f"{folder} already holds an issuer key: choose another folder, a lost key cannot be replaced")
    folder.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
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
        raise UsageError(f"--sign-key {file}: {error}; make one with camsim key new") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"--sign-key {file}: not an Ed25519 key; make one with camsim key new")
    return key


def _load_public(file: Path) -> SSlibKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"--key {file}: {error}; give the issuer's issuer.pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"--key {file}: not an Ed25519 public key; give the issuer's issuer.pub")
    return SSlibKey.from_crypto(key)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(document: dict[str, Any], raw: bytes, out: Path, key_file: Path | None) -> None:
    """Write certificate.json and issuer.pub. Without a key file a key is made for this certificate and thrown away:
    it then shows that nothing was changed, not who issued it."""
    key = load_private(key_file) if key_file is not None else Ed25519PrivateKey.generate()
    statement = _statement(document, raw, self_issued=key_file is None)
    envelope = Envelope(rfc8785.dumps(statement), PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key))
    (out / "certificate.json").write_text(json.dumps(envelope.to_dict(), indent=1) + "\n", "utf-8")
    (out / PUBLIC_FILE).write_bytes(_public_pem(key))


def _statement(document: dict[str, Any], raw: bytes, *, self_issued: bool) -> dict[str, Any]:
    issued = datetime.now(UTC).replace(microsecond=0)
    rows = document["requirements"]
    return {
        "_type": STATEMENT,
        "subject": [{"name": document["target"]["url"], "digest": {"sha256": hashlib.sha256(raw).hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "WARNED" if _ids(rows, "ADVICE") else "PASSED",
            "configuration": [{"name": "result.json", "digest": {"sha256": hashlib.sha256(raw).hexdigest()}}],
            "passedTests": _ids(rows, "PASS", "NON-STRICT"),
            "warnedTests": _ids(rows, "ADVICE"),
            "failedTests": [],
            "camsim": {
                "suite": document["suite"],
                "grade": document["grade"],
                "protocol": document["profile"]["protocol"],
                "features": document["profile"]["features"],
                "shown": document["shown"],
                "notShown": document["not_shown"],
                "notVerified": _ids(rows, "UNVERIFIED"),
                "notApplicable": _ids(rows, "NOT-APPLICABLE"),
                "recorded": _ids(rows, "INFO"),
                "readback": document["readback"]["adapter"] if document["readback"] else None,
                "storm": document["storm"],
                "selfIssued": self_issued,
                "issued": _text(issued),
                "expires": _text(issued + timedelta(days=VALID_DAYS)),
            },
        },
    }


def _ids(rows: list[dict[str, Any]], *verdicts: str) -> list[str]:
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
    statement = json.loads(envelope.payload)
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


def _certified(statement: dict[str, Any]) -> Certified:
    told = statement["predicate"]["camsim"]
    return Certified(
        statement["subject"][0]["name"],
        told["grade"],
        told["shown"],
        told["notShown"],
        datetime.fromisoformat(told["issued"]),
        datetime.fromisoformat(told["expires"]),
    )


def _check_result(result: Path, statement: dict[str, Any]) -> None:
    """A result.json beside the certificate must be the one it speaks of."""
    if result.is_file():
        found = hashlib.sha256(result.read_bytes()).hexdigest()
        if found != statement["subject"][0]["digest"]["sha256"]:
            raise CertificateError(f"tampered: {result} is not the result this certificate was issued for")


def payload(file: Path) -> dict[str, Any]:
    """The statement inside, not verified; for people who look."""
    read: dict[str, Any] = json.loads(base64.b64decode(json.loads(file.read_text("utf-8"))["payload"]))
    return read
