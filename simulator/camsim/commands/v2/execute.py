"""What a device does with a v2 command: the shared acts of `commands`, and the three that only v2 knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from camsim.commands.execute import HANDLERS as SHARED
from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command
from camsim.protocol.facts import Punch
from camsim.protocol.statuses import StatusV3
from camsim.protocol.v2 import messages as messages_v2
from camsim.state.device import Device
from camsim.state.log_blocks import Range
from camsim.state.outcome import Context, Handler, Outcome, Rows

PAGE_ROWS = messages_v2.PAGE_ROWS


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one LoadPunchLog answer, how many match in all, and where the next page begins."""

    punches: list[Punch]
    total: int
    next_row: int | None = None  # counted from 1 within the range; None at the end
    next_number: int | None = None  # the device's own number of that row


def page(rows: Rows, number: int | None, how: messages_v2.StyleV2) -> Page:
    """The page that begins at row `rows.offset_rows` of the range, or at the device's row `number` where it is known.

    By its number a row is found again even when the full log has lost older ones meanwhile (V2-19).
    """
    first = max(rows.offset_rows, 1)
    # By the time that is told of them (V2-01): the filter is the wall clock where that is.
    wanted = Range(rows.start, rows.end, wall=how.epoch == "local_as_utc")
    begin = first - 1 if number is None else rows.rows.position(number, wanted)
    total, shown = rows.rows.count(wanted), rows.rows.some(begin, PAGE_ROWS + 1, wanted)
    page = Page([row.punch for row in shown[:PAGE_ROWS]], total)
    if len(shown) <= PAGE_ROWS:
        return page
    return replace(page, next_row=first + PAGE_ROWS, next_number=shown[PAGE_ROWS].number)


def _load_log(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(rows=Rows(device.snapshot(), command.start, command.end, True, command.offset_rows))


def _set_message(device: Device, command: Command, context: Context) -> Outcome:
    """EnableMessage and DisableMessage: what the device shows when this user punches (V2-17)."""
    user = device.users.get(command.user_id)
    if user is None:
        return Outcome.refused(StatusV3.USER_NOT_FOUND, "UserId", f"{command.user_id} is not on the device")
    user.message = command.message
    return Outcome()


def _switch_photos(device: Device, command: Command, context: Context) -> Outcome:
    if command.user_id and command.user_id not in device.users:
        return Outcome.refused(StatusV3.USER_NOT_FOUND, "UserId", f"{command.user_id} is not on the device")
    device.switch_photos(command.user_id, command.enable)
    return Outcome()


_SAME = (Family.ADD_USER, Family.DELETE_USER, Family.ENROLL, Family.DELETE_LOG_ALL, Family.RESEND_ALL_USER)

HANDLERS: Mapping[Family, Handler] = {
    **{family: SHARED[family] for family in _SAME},
    Family.LOAD_LOG: _load_log,
    Family.ENABLE_MESSAGE: _set_message,
    Family.DISABLE_MESSAGE: _set_message,
    Family.SEND_ATTENDANCE_PHOTO: _switch_photos,
}
