"""Durations as people write them (`15s`, `500ms`, `2m`, `48h`, `7d`) and as milliseconds: one grammar everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping

from camsim.wording import shown

# Beyond it virtual time would pass the year 9999, where timestamps end.
MAX_DURATION_MS = 100 * 366 * 86_400_000
_UNITS_MS: Mapping[str, int] = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?\s*", re.ASCII)


def duration_ms(value: object) -> int:
    """Milliseconds of `15s`, `500ms`, `2m`, `48h`, `7d` or a number of seconds. Raises: ValueError."""
    # bool is an int in Python: `true` in a YAML file is no second.
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value * 1000 <= MAX_DURATION_MS:
        return round(value * 1000)
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f"{shown(value, 40)} is no duration; write 15s, 500ms, 2m, 48h or 7d (a bare number is seconds)"
        )
    milliseconds = round(min(float(found[1]), 1e12) * _UNITS_MS[found[2] or "s"])
    if milliseconds > MAX_DURATION_MS:
        raise ValueError(f"{shown(value, 40)} is longer than a hundred years")
    return milliseconds


def duration_s(value: object) -> float:
    """Seconds of the same, whole to the millisecond. Raises: ValueError."""
    return duration_ms(value) / 1000


def duration_text(milliseconds: int) -> str:
    """`15s` of 15000: the largest unit that needs no fraction."""
    for unit in ("d", "h", "m", "s"):
        if milliseconds and milliseconds % _UNITS_MS[unit] == 0:
            return f"{milliseconds // _UNITS_MS[unit]}{unit}"
    if milliseconds == 0:
        return "0s"
    return f"{milliseconds}ms"
