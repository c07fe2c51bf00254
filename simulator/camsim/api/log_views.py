"""The punch log of a device as the control API shows it, and the digest of all that is on the device."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from camsim.actions.values import instant_of
from camsim.control import on_device
from camsim.protocol.timestamps import gmt
from camsim.state.gateway import RegisteredDevice
from camsim.state.log_blocks import LogRow, Range


def range_of(registered: RegisteredDevice, start: str | None, end: str | None) -> Range:
    """The time between two texts, both included. Raises: ControlError for a time that is none."""
    offset = registered.device.clock.offset
    return Range(instant_of("start", start, offset), instant_of("end", end, offset))


def log_row(row: LogRow) -> on_device.LogRow:
    """One record of a punch log."""
    punch = row.punch
    log_time = gmt(punch.log_time, punch.offset)
    return on_device.LogRow(row.number, punch.user_id, log_time, punch.type, punch.input, row.uploaded)


def digest_steps(registered: RegisteredDevice) -> Iterator[str]:
    """The same, made bit by bit: empty texts first, where whoever makes it may take a breath."""
    terminal, made, encode = registered.device, hashlib.sha256(), msgspec.msgpack.encode
    photos = (sorted(terminal.photos), sorted(terminal.photo_switch.items()))
    # Sorted where the order says nothing, and without what moves by itself: the drift of the clock, the counters.
    made.update(encode((terminal.model.key, terminal.clock.offset, terminal.clock.skew_ms, photos, terminal.enrolment)))
    for user in list(terminal.users.values()):
        made.update(encode(user))
        yield ""
    for rows in terminal.snapshot().portions():
        made.update(encode(rows))
        yield ""
    yield made.hexdigest()
