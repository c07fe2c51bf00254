"""A signed statement of what a run showed: in-toto test-result in a DSSE envelope, Ed25519, verified offline."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

from camsim.wording import why
from camsim_conformance.target.profile import UsageError

from .document_types import Document, RequirementDocument
from .statement import (
    PAYLOAD_TYPE,
    PREDICATE,
    PUBLIC_FILE,
    REPORT_FILES,
    RESULT_FILE,
    STATEMENT,
    VALID_DAYS,
    CamsimPredicate,
    Resource,
    Statement,
)
from .verification import CertificateError, Certified, verify

PRIVATE_FILE = "issuer.key"
__all__ = ["PUBLIC_FILE", "CertificateError", "Certified", "load_private", "new_key", "verify", "write"]


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


# --- writing ----------------------------------------------------------------------------------------------------------


def write(document: Document, raw: bytes, out: Path, key_file: Path | None) -> None:
    """Write certificate.json and issuer.pub. Without a key file a key is made for this certificate and thrown away:
    it then shows that nothing was changed, not who issued it."""
    key = Ed25519PrivateKey.generate() if key_file is None else load_private(key_file)
    statement = _statement(document, raw, out, self_issued=key_file is None)
    # RFC 8785: the bytes that are signed do not depend on who writes the JSON.
    envelope = Envelope(rfc8785.dumps(statement), PAYLOAD_TYPE, {})  # type: ignore[arg-type]
    envelope.sign(CryptoSigner(key))
    (out / "certificate.json").write_text(json.dumps(envelope.to_dict(), indent=1) + "\n", "utf-8")
    (out / PUBLIC_FILE).write_bytes(_public_pem(key))


def _statement(document: Document, raw: bytes, out: Path, *, self_issued: bool) -> Statement:
    digest = {"sha256": hashlib.sha256(raw).hexdigest()}
    rows = document["requirements"]
    return {
        "_type": STATEMENT,
        "subject": [{"name": document["target"]["url"], "digest": digest}, *_reports(out)],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "WARNED" if _ids(rows, "ADVICE") else "PASSED",
            "configuration": [{"name": RESULT_FILE, "digest": digest}],
            "passedTests": _ids(rows, "PASS", "NON-STRICT"),
            "warnedTests": _ids(rows, "ADVICE"),
            "failedTests": [],
            "camsim": _camsim(document, self_issued=self_issued),
        },
    }


def _reports(out: Path) -> list[Resource]:
    files = [out / name for name in REPORT_FILES]
    return [
        {"name": file.name, "digest": {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}}
        for file in files
        if file.is_file()
    ]


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
