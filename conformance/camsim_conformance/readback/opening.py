"""Open a read-back: that of a profile, or one that is only tried."""

from __future__ import annotations

from pathlib import Path

from camsim.ownership import SafetyError, UnreachableError, addresses_of, is_private, origin_of
from camsim.readback.model import ReadBack, ReadBackError
from camsim.readback.opening import open_form
from camsim.readback.rows import RowReadBack
from camsim_conformance.target.profile import Profile, UsageError


def open_readback(profile: Profile) -> ReadBack | None:
    """The adapter of --readback, or None. Raises: UsageError; ReadBackError; SafetyError for a public address."""
    if not profile.readback:
        return None
    return open_adapter(profile.readback, profile.sql_map, profile.ca, i_own_this=profile.i_own_this)


def open_adapter(text: str, sql_map: Path | None, ca: Path | None, *, i_own_this: bool) -> RowReadBack:
    """The adapter that is written so. Raises: UsageError; ReadBackError; SafetyError for a public address."""
    try:
        adapter = open_form(text, sql_map, ca)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if text.startswith(("http://", "https://")):
        _refuse_strangers(text, i_own_this)
    return adapter


def _refuse_strangers(url: str, i_own_this: bool) -> None:
    try:
        public = not all(map(is_private, addresses_of(origin_of(url))))
    except UnreachableError as error:
        raise ReadBackError(str(error)) from None
    # Questions harm nobody, but they name people: no stranger shall read them.
    if public and not i_own_this:
        raise SafetyError("--readback is neither on loopback nor in a private network: add --i-own-this if it is yours")
