"""Time zones of devices: the offset at a moment, the next daylight saving change, a device that follows its zone."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime

from camsim.protocol import timestamps

_DAY_MS = 86_400_000
_HORIZON_DAYS = 400  # a zone with daylight saving changes twice a year


def offset_at(zone: str, now_ms: int) -> int:
    """Minutes east of UTC of `+0530` or an IANA zone at a moment. Raises: ValueError for a zone that is none."""
    if zone[:1] in "+-" and zone:
        return timestamps.parse_offset(zone)
    try:
        rules = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(f"{zone!r} is no time zone") from None
    offset = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(rules).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def next_change(zone: str, now_ms: int) -> int | None:
    """When (virtual ms) the zone's offset changes next, within about a year; None for a fixed one."""
    if zone[:1] in ("+", "-", ""):
        return None
    now = offset_at(zone, now_ms)
    for day in range(1, _HORIZON_DAYS):  # zoneinfo tells offsets of moments and no table of changes
        if offset_at(zone, now_ms + day * _DAY_MS) != now:
            return _boundary(zone, now_ms + (day - 1) * _DAY_MS, now_ms + day * _DAY_MS)
    return None


def _boundary(zone: str, before: int, after: int) -> int:
    """The first whole second with the later offset."""
    low, high, old = before // 1000, after // 1000, offset_at(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle * 1000) == old:
            low = middle
        else:
            high = middle
    return high * 1000
