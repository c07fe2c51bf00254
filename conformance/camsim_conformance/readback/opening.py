"""Find the form of a read-back by how it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from camsim.ownership import SafetyError, UnreachableError, addresses_of, is_private, origin_of
from camsim.readback.http import HttpReadBack
from camsim.readback.model import ReadBack, ReadBackError
from camsim_conformance.target.profile import Profile, UsageError

from .command import CommandReadBack
from .python import PythonReadBack


def open_readback(profile: Profile) -> ReadBack | None:
    """The adapter of --readback, or None. Raises: UsageError; ReadBackError; SafetyError for a public address."""
    text = profile.readback
    if not text:
        return None
    if text.startswith(("http://", "https://")):
        return _http(text, profile)
    form, _, rest = text.partition(":")
    opener = _FORMS.get(form)
    if opener is None or not rest:
        raise UsageError(f"--readback {form!r}: write http://…, sql:URL with --map, cmd:./dump.sh, or py:module:object")
    try:
        return opener(rest, profile.sql_map)
    except ReadBackError as error:
        raise UsageError(f"--readback: {error}") from None


def _http(url: str, profile: Profile) -> ReadBack:
    try:
        adapter = HttpReadBack(url, profile.ca)
        public = not all(map(is_private, addresses_of(origin_of(url))))
    except ValueError as error:
        raise UsageError(str(error)) from None
    except UnreachableError as error:
        raise ReadBackError(str(error)) from None
    # Questions harm nobody, but they name people: no stranger shall read them.
    if public and not profile.i_own_this:
        raise SafetyError("--readback is neither on loopback nor in a private network: add --i-own-this if it is yours")
    return adapter


def _sql(rest: str, file: Path | None) -> ReadBack:
    from .sql import SqlReadBack  # SQLAlchemy takes a while to import

    return SqlReadBack(rest, file)


_FORMS: dict[str, Callable[[str, Path | None], ReadBack]] = {
    "sql": _sql,
    "cmd": lambda rest, _: CommandReadBack(rest),
    "py": lambda rest, _: PythonReadBack(rest),
}
