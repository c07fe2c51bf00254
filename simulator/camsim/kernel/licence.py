"""Whether the licence or a service of a device runs at a moment."""

from __future__ import annotations

from camsim.protocol.vocabulary import Protocol, Service
from camsim.state.gateway import DeviceConfig


def licensed(config: DeviceConfig, now_ms: int) -> bool:
    """True while the licence of a device runs; without dates it always does (A-REST-21, A-CB-22)."""
    now_s, start, end = now_ms // 1000, config.licence_start, config.licence_end
    if start is not None and now_s < start:
        return False
    return end is None or now_s < end


def subscribed(config: DeviceConfig, service: str, now_ms: int) -> bool:
    """True while a service of a v2 device is active; where none is told, all are (V2-29)."""
    if not config.services or config.protocol != Protocol.V2:
        return True
    activation, expiry = config.services.get(service, (0, 0))  # told without this one: it is not in the plan
    return activation <= now_ms // 1000 < expiry


def runs(config: DeviceConfig, service: str, now_ms: int) -> bool:
    """True while the licence and this service run: an expired one stops its own operations alone (V2:237)."""
    return licensed(config, now_ms) and subscribed(config, service, now_ms)


def why_stopped(config: DeviceConfig, now_ms: int) -> str:
    """Why no command is processed (V3:1232, V2:237): the licence, or ManagementAPI, to which all belong; else empty."""
    if not licensed(config, now_ms):
        return "the licence of the device does not run (A-REST-21)"
    if not subscribed(config, Service.MANAGEMENT, now_ms):
        return "ManagementAPI of the device does not run (V2-29)"
    return ""


def ended_s(config: DeviceConfig, service: str, now_ms: int) -> int | None:
    """When the licence or this service ended, UTC seconds; None when neither has."""
    ends = [config.licence_end]
    if service in config.services and config.protocol == Protocol.V2:
        ends.append(config.services[service][1])
    return min((end for end in ends if end is not None and end * 1000 <= now_ms), default=None)
