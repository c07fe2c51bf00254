"""Whether the licence or a service of a device runs at a moment."""

from __future__ import annotations

from camsim.state.gateway import DeviceConfig


def licensed(config: DeviceConfig, now_ms: int) -> bool:
    """True while the licence of a device runs; without dates it always does (A-REST-21, A-CB-22).

    A v2 device whose services are told needs AttendanceAPI (V2-29).
    """
    now_s, start, end = now_ms // 1000, config.licence_start, config.licence_end
    if start is not None and now_s < start:
        return False
    if end is not None and now_s >= end:
        return False
    return subscribed(config, "AttendanceAPI", now_ms)


def subscribed(config: DeviceConfig, service: str, now_ms: int) -> bool:
    """True while a service of a v2 device is active; where none is told, all are."""
    if not config.services:
        return True
    activation, expiry = config.services.get(service, (0, 0))  # told without this one: it is not in the plan
    return activation <= now_ms // 1000 < expiry
