"""Time zones of devices: the offset at a moment, the next daylight saving change, a device that follows its zone."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime

from .gateway import Kernel, Slot, fires
from .protocol import timestamps

_DAY_MS = 86_400_000
_HORIZON_DAYS = 400


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
    for day in range(1, _HORIZON_DAYS):
        if offset_at(zone, now_ms + day * _DAY_MS) != now:
            return _boundary(zone, now_ms + (day - 1) * _DAY_MS, now_ms + day * _DAY_MS)
    return None


def _boundary(zone: str, before: int, after: int) -> int:
    """The first whole second with the later offset."""
    low, high, old = before // 1000, after // 1000, offset_at(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(zone, middle * 1000) == old else (low, middle)
    return high * 1000


def follow(kernel: Kernel, slot: Slot, zone: str) -> None:
    """The device shows the time of this zone from now on, daylight saving included."""
    slot.config.timezone = zone
    slot.device.clock.offset = offset_at(zone, kernel.now)
    change = next_change(zone, kernel.now)
    number = kernel.count(slot, "zone")
    if change is not None:
        kernel.state.timers.set(change, "zone", slot.config.stgid, number)


@fires("zone")
def _changes(kernel: Kernel, slot: Slot, reference: int) -> None:
    """Daylight saving begins or ends. Nobody changed the date, so nobody is told (C-02)."""
    if reference == slot.draws.get("zone"):
        follow(kernel, slot, slot.config.timezone)
