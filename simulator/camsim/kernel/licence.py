"""Whether the licence or a service of a device runs at a moment."""

from __future__ import annotations

from camsim.state.gateway import DeviceConfig


def licensed(config: DeviceConfig, now_ms: int) -> bool:
    """True while the licence of a device runs; without dates it always does (A-REST-21, A-CB-22).

    A v2 device whose services are told needs AttendanceAPI (V2-29).
    """
    now_s = now_ms // 1000
    runs = (config.licence_start is None or config.licence_start <= now_s) and (
        config.licence_end is None or now_s < config.licence_end
    )
    return runs and subscribed(config, "AttendanceAPI", now_ms)


def subscribed(config: DeviceConfig, service: str, now_ms: int) -> bool:
    """True while a service of a v2 device is active; where none is told, all are."""
    if not config.services:
        return True
    activation, expiry = config.services.get(service, (0, 0))
    return activation <= now_ms // 1000 < expiry
