"""Time zones of devices: the offset at a moment, the next daylight saving change, a device that follows its zone."""

from __future__ import annotations

from camsim.state.gateway import Slot
from camsim.state.zones import next_change, offset_at

from .kernel import Kernel, fires


def follow_zone(kernel: Kernel, slot: Slot, zone: str) -> None:
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
        follow_zone(kernel, slot, slot.config.timezone)
