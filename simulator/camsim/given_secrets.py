"""Secrets that a command is given: as an argument, by a file, or by the environment.

An argument stands in the list of processes for everybody on the machine to read; a file and the environment do not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_MOST = 4096


class SecretError(ValueError):
    """A secret that cannot be used; the message says where it was to come from, and never what it is."""


def secret(
    flag: str,
    given: str | None,
    file: Path | None = None,
    *,
    names: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> str | None:
    """The secret of `--NAME`, else of `--NAME-file`, else of CAMSIM_NAME or CAMSIM_NAME_FILE; None for none of them.

    `names`: further variables, read in this order; an empty one of them counts as absent. Raises: SecretError.
    """
    if given is not None and file is not None:
        raise SecretError(f"{flag} and {flag}-file exclude each other; give one")
    if given is not None:
        return given
    if file is not None:
        return _read(f"{flag}-file", file)
    variables = os.environ if environment is None else environment
    name = f"CAMSIM_{flag.removeprefix('--').replace('-', '_').upper()}"
    if name in variables and f"{name}_FILE" in variables:
        raise SecretError(f"{name} and {name}_FILE exclude each other; set one")
    if name in variables:
        return _usable(name, variables[name])
    if f"{name}_FILE" in variables:
        return _read(f"{name}_FILE", Path(variables[f"{name}_FILE"]))
    return next((variables[other] for other in names if variables.get(other)), None)


def _read(source: str, file: Path) -> str:
    """The one line of a file, which may end with a line break."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST + 1)
        text = data.decode("utf-8")
    except OSError as problem:
        raise SecretError(f"{source} {file}: cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise SecretError(f"{source} {file}: is not text") from None
    return _usable(f"{source} {file}", text.removesuffix("\n").removesuffix("\r"))


def _usable(source: str, text: str) -> str:
    if not text.strip():
        raise SecretError(f"{source}: is empty; write the secret into it, or leave it out")
    if len(text) > _MOST or not text.isprintable():
        raise SecretError(f"{source}: is not one line of at most {_MOST} characters")
    return text
