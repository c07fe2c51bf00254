"""Find the form of a read-back by how it is written; the same for every command that reads back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from camsim.ownership import SafetyError, UnreachableError, origin_of, pinned

from .command import CommandReadBack
from .http import TIMEOUT_S, HttpReadBack
from .model import ReadBackError
from .python import PythonReadBack
from .rows import RowReadBack


def open_form(text: str, file: Path | None = None, ca: Path | None = None, timeout_s: float = TIMEOUT_S) -> RowReadBack:
    """The adapter of `http://…`, `sql:URL` with the map `file`, `cmd:LINE` or `py:MODULE:OBJECT`. Nothing is asked yet.

    Raises: ValueError for another form, and for what its form cannot be (no map, no such file, no such module).
    """
    form, _, rest = text.partition(":")
    if file is not None and form != "sql":
        raise ValueError(f"--map {file}: only --readback sql:URL has a map, this one is {form}:")
    if text.startswith(("http://", "https://")):
        return HttpReadBack(text, ca, timeout_s)
    opener = _FORMS.get(form)
    if opener is None or not rest:
        raise ValueError(
            f"--readback {form!r}: the forms are http://HOST:PORT/PATH, the HTTP form, "
            "sql:URL with --map, cmd:./dump.sh and py:module:object"
        )
    try:
        return opener(rest, file)
    except ReadBackError as error:
        raise ValueError(f"--readback: {error}") from None


def open_own(
    text: str, file: Path | None, ca: Path | None, timeout_s: float = TIMEOUT_S, *, i_own_this: bool
) -> RowReadBack:
    """As `open_form`, but of the HTTP form only what is one's own, at the one address that was looked at.

    Raises: ValueError; ReadBackError when its host has no address; SafetyError for a stranger's.
    """
    adapter = open_form(text, file, ca, timeout_s)
    if not isinstance(adapter, HttpReadBack):
        return adapter
    try:
        origin, foreign = pinned(origin_of(text))
    except UnreachableError as error:
        raise ReadBackError(str(error)) from None
    # Questions harm nobody, but they name people: no stranger shall read them.
    if foreign is not None and not i_own_this:
        raise SafetyError(
            f"--readback is neither on loopback nor in a private network: {foreign}; add --i-own-this if it is yours"
        )
    return HttpReadBack(text, ca, timeout_s, origin)


def _sql(rest: str, file: Path | None) -> RowReadBack:
    try:
        from .sql import SqlReadBack  # SQLAlchemy takes a while to import, and not everybody has it
    except ImportError as error:
        raise ReadBackError(
            f"sql: needs SQLAlchemy ({error}): pip install SQLAlchemy, and your database's driver"
        ) from None
    return SqlReadBack(rest, file)


_FORMS: dict[str, Callable[[str, Path | None], RowReadBack]] = {
    "sql": _sql,
    "cmd": lambda rest, _: CommandReadBack(rest),
    "py": lambda rest, _: PythonReadBack(rest),
}
