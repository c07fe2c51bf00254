"""Bodies of the calls that move the clock."""

from __future__ import annotations

import msgspec

from .ranges import Patience, Seconds


class AdvanceBody(msgspec.Struct, forbid_unknown_fields=True):
    """A number of seconds, or `15s`, `2m`, `48h`; `patience` as of `run-until-idle`."""

    seconds: Seconds | str
    patience: Patience | None = None


class IdleBody(msgspec.Struct, forbid_unknown_fields=True):
    """`patience`: real seconds a callback may stay out while none is answered; without it, as long as its timeout."""

    patience: Patience | None = None
