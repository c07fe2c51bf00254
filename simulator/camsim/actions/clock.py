"""The date menu of a device: a reading, a step, a zone, a drift, or back to true."""

from __future__ import annotations

from camsim.callbacks import upload
from camsim.control.actions import Date
from camsim.control.on_device import Dated
from camsim.control.ranges import MOST_DRIFT_PPM
from camsim.kernel.events import usage
from camsim.kernel.kernel import Kernel
from camsim.kernel.zones import follow_zone
from camsim.protocol.facts import DateModified
from camsim.protocol.timestamps import gmt

from .values import instant_of, milliseconds_of, offset_of, writable


def change_date(kernel: Kernel, action: Date) -> Dated:
    """Somebody changes the date in the menu: #2, and later punches use the new clock (C-02)."""
    registered = kernel.device(action.device)
    clock = registered.device.clock
    before, offset_before = clock.now_s(kernel.now), clock.offset
    # Everything is checked before anything changes: a wrong date leaves the device as it was.
    to = _wanted(kernel, action, before, offset_before)
    drift = action.drift_ppm
    if drift is not None and abs(drift) > MOST_DRIFT_PPM:
        raise usage("drift_ppm", drift, f"{-MOST_DRIFT_PPM} to {MOST_DRIFT_PPM}")
    if action.timezone is not None:
        follow_zone(kernel, registered, action.timezone)
    if to is not None:
        clock.set_to(to, kernel.now)
    if drift is not None:
        # What the old drift has made of the clock stays; the new one begins at zero.
        clock.set_to(clock.now_s(kernel.now), kernel.now)
        clock.drift_ppm = drift
    after = clock.now_s(kernel.now)
    # A drift is nobody's change of date, and automatic setting sends nothing: both are silent (C-02).
    announced = action.announce and (to is not None or action.timezone is not None)
    if announced:
        upload.upload(kernel, registered, DateModified(after, clock.offset, before, offset_before))
    was, became = gmt(before, offset_before), gmt(after, clock.offset)
    kernel.note(registered, "control", "date", verdict="changed", why=f"{was} became {became}")
    return Dated(was, became, announced)


def _wanted(kernel: Kernel, action: Date, before: int, offset: int) -> int | None:
    """The reading that is wanted, UTC seconds; None leaves it. A step (`by`) goes before a reading."""
    if action.timezone is not None:
        offset = offset_of(action.timezone, kernel.now)
    to = kernel.now // 1000 if action.true else instant_of("to", action.to, offset)
    if action.by is not None:
        return writable("by", action.by, before + _step_s(action.by))
    return to


def _step_s(by: float | str) -> int:
    """Seconds of a step such as `+13d`, `-90` or `1h`."""
    text = str(by)
    if text[:1] not in ("+", "-"):
        return milliseconds_of("by", text) // 1000
    seconds = milliseconds_of("by", text[1:]) // 1000
    return -seconds if text[0] == "-" else seconds
