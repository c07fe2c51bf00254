"""Which folders of runs were made here: a seal that only this user of this machine can write.

A replay sends what a folder holds, with an AuthToken, to where it says. A folder that came from elsewhere, or was
changed since, has no seal that holds, and is believed in nothing but the bytes of its cases.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

SEAL = "seal"
_LENGTH = 32


def key_file() -> Path | None:
    """Where the key of this user is; None for a user without a home."""
    try:
        folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    except RuntimeError:
        return None
    return Path(folder) / "camsim" / "folders.key"


def sealed(value: Mapping[str, object], bodies: Iterable[bytes] = ()) -> dict[str, object]:
    """The members with a seal over them and the bodies that belong to them; without one where no key can be kept."""
    key = _key(make=True)
    return dict(value) if key is None else {**value, SEAL: _code(key, value, bodies)}


def is_own(value: Mapping[str, object], bodies: Iterable[bytes] = ()) -> bool:
    """True when the seal in the members holds for them and the bodies."""
    key, found = _key(make=False), value.get(SEAL)
    if key is None or not isinstance(found, str):
        return False
    return hmac.compare_digest(_code(key, value, bodies).encode(), found.encode("utf-8", "replace"))


def _code(key: bytes, value: Mapping[str, object], bodies: Iterable[bytes]) -> str:
    members = {name: member for name, member in value.items() if name != SEAL}
    digests = [hashlib.sha256(body).hexdigest() for body in bodies]
    text = json.dumps([members, digests], sort_keys=True)
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _key(*, make: bool) -> bytes | None:
    file = key_file()
    if file is None:
        return None
    try:
        if make and not file.exists():
            _make(file)
        key = file.read_bytes()
    except OSError:
        return None
    return key if len(key) == _LENGTH else None


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent) as part:  # 0600, as all that tempfile makes
        part.write(secrets.token_bytes(_LENGTH))
        part.flush()
        try:
            os.link(part.name, file)  # whole or not at all, and never over another run's
        except FileExistsError:
            return
