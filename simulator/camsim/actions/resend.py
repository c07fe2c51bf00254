"""An operator asks for attendance data once more, as the vendor's API Monitor lets him (V2:31)."""

from __future__ import annotations

from camsim.callbacks import upload
from camsim.control.actions import Resend
from camsim.control.on_device import Resent
from camsim.control.ranges import FIRST_S, LAST_S
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.state.log_blocks import Range

from .values import instant_of


def resend(kernel: Kernel, action: Resend) -> Resent:
    """Tell the punches of a range again, behind what is queued, as ResendAttendance does in v3 (R-33)."""
    registered = kernel.device(action.device)
    offset = registered.device.clock.offset
    start = instant_of("start", action.start, offset)
    end = instant_of("end", action.end, offset)
    first, last = FIRST_S if start is None else start, LAST_S if end is None else end
    if first > last:
        raise usage("start", action.start, f"a time that is not after end {action.end}")
    if not registered.online:  # the log is on the device
        raise ControlError(409, "device_offline", f"device {action.device} is offline", "POST devices/{stgid}/online")
    count = upload.resend(kernel, registered, registered.device.snapshot(), Range(first, last))
    kernel.note(registered, "control", "resend", verdict="done", why=f"{count} punches are told again")
    return Resent(count)
