"""A device follows its time zone: its offset now, and a timer for the next change of daylight saving."""

from __future__ import annotations

from camsim.state.gateway import RegisteredDevice
from camsim.state.zones import next_change, offset_at

from .kernel import Kernel


def follow_zone(kernel: Kernel, registered: RegisteredDevice, zone: str) -> None:
    """The device shows the time of this zone from now on, daylight saving included."""
    registered.config.timezone = zone
    registered.device.clock.offset = offset_at(zone, kernel.now)
    kernel.count(registered, "zone")  # the timer of a zone that it follows no longer has an older number
    await_change(kernel, registered, next_change(zone, kernel.now))


def await_change(kernel: Kernel, registered: RegisteredDevice, change: int | None) -> None:
    """A timer for the next change of daylight saving, if there is one."""
    if change is not None:
        kernel.state.timers.set(change, "zone", registered.config.stgid, registered.draws["zone"])


def zone_changes(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Daylight saving begins or ends. Nobody changed the date, so nobody is told (C-02)."""
    if reference == registered.draws.get("zone"):
        follow_zone(kernel, registered, registered.config.timezone)
