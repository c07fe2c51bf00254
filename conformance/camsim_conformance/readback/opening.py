"""Open a read-back: that of a profile, or one that is only tried."""

from __future__ import annotations

from pathlib import Path

from camsim.readback.model import ReadBack
from camsim.readback.opening import open_own
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
        return open_own(text, sql_map, ca, i_own_this=i_own_this)
    except ValueError as error:
        raise UsageError(str(error)) from None
