"""Find the JSON data of schemas/ and fixtures/, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

_PACKAGE = Path(__file__).resolve().parent
# The wheel's copy first; a checkout has its data two folders up, beside simulator/.
_ROOTS = (_PACKAGE / "_data", _PACKAGE.parents[1])
ROOMS = ("schemas", "fixtures")


def path(*parts: str) -> Path:
    """The file or folder under schemas/ or fixtures/, as `path("schemas", "v3", "AddUser.json")`.

    Raises: FileNotFoundError naming the places searched; ValueError for another top folder or a `..`.
    """
    if not parts or parts[0] not in ROOMS or ".." in parts:
        raise ValueError(f"{'/'.join(parts)!r}: a data path starts with {' or '.join(ROOMS)} and has no '..'")
    candidates = [root.joinpath(*parts) for root in _ROOTS]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    searched = ", ".join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f"{'/'.join(parts)} is not part of this installation; searched {searched}")


def load(*parts: str) -> Any:
    """The parsed JSON document; a fresh value at each call. Raises: as `path`; ValueError when it is not JSON."""
    file = path(*parts)
    try:
        return msgspec.json.decode(file.read_bytes())
    except msgspec.DecodeError as error:
        raise ValueError(f"{file}: not JSON: {error}") from error
