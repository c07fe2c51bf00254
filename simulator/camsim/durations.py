"""Profiles and knobs: the readings of fixtures/register.json as typed values.

Values as they are kept and read: enum words and codes as they stand, probabilities and factors as numbers, durations as
integer milliseconds, a retry schedule as a tuple of seconds or the name of a preset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_DURATION_MS = 100 * 366 * 86_400_000


_UNITS_MS: Mapping[str, int] = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?\s*", re.ASCII)


def duration_ms(value: Any) -> int:
    """Milliseconds of `15s`, `500ms`, `2m`, `48h`, `7d` or a number of seconds. Raises: ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value * 1000 <= MAX_DURATION_MS:
        return round(value * 1000)
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no duration; write 15s, 500ms, 2m, 48h or 7d (a bare number is seconds)")
    milliseconds = round(min(float(found[1]), 1e12) * _UNITS_MS[found[2] or "s"])
    if milliseconds > MAX_DURATION_MS:
        raise ValueError(f"{value!r} is longer than a hundred years")
    return milliseconds


def duration_text(milliseconds: int) -> str:
    """`15s` of 15000: the largest unit that needs no fraction."""
    for unit in ("d", "h", "m", "s"):
        if milliseconds and milliseconds % _UNITS_MS[unit] == 0:
            return f"{milliseconds // _UNITS_MS[unit]}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"
