"""The kinds of storm, one row each: when arrivals come, what they are, in which protocol."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from camsim.protocol.catalogue import CALLBACKS, COMMANDS, Direction, Family, Operation

# What a flood leaves out: commands that destroy what the others need, or make the device send callbacks by themselves.
_TOO_DESTRUCTIVE = frozenset(
    {
        Family.DELETE_ALL_USER,
        Family.DELETE_LOG_ALL,
        Family.DELETE_ATTENDANCE_PHOTO,
        Family.RESEND_ALL_USER,
        Family.RESEND_ATTENDANCE,
        Family.ENROLL,
    }
)

PUNCHES = tuple(row for row in CALLBACKS if row.family is Family.PUNCH_LOG)
ENROLMENTS = tuple(row for row in CALLBACKS if row.family is Family.USER_UPDATED)
DAILY = PUNCHES + tuple(
    row for row in CALLBACKS if row.family is Family.ATTENDANCE_PHOTO
)  # the photo follows its punch
FLOOD = tuple(row for row in COMMANDS if row.family not in _TOO_DESTRUCTIVE)


class Order(StrEnum):
    """In which order a device tells its arrivals (v3: the order varies from device to device)."""

    FIFO = "fifo"
    MIXED = "mixed"  # by device: first in first out, last in first out, or shuffled


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of storm. `curve` names a row of `curves.CURVES`; shares are of devices, `duplicates` of punches."""

    name: str
    purpose: str
    curve: str
    operations: tuple[Operation, ...] = PUNCHES
    backlog: bool = False  # punches were made before the storm; a device brings all of its own when it reconnects
    order: Order = Order.FIFO
    duplicates: float = 0.0
    copies: int = 1
    v2_share: float = 0.0
    encrypted_share: float = 0.0

    @property
    def direction(self) -> Direction:
        """Who is loaded: the callback URL, or the RESTful endpoint."""
        return self.operations[0].direction


_ROWS = (
    Profile(
        name="shift-start",
        curve="bell",
        purpose="most of a workforce arrives within the duration, half of it around the middle",
    ),
    Profile(name="steady", curve="flat", purpose="a steady day: the same rate from start to end"),
    Profile(
        name="offline-recovery",
        curve="reconnect",
        backlog=True,
        order=Order.MIXED,
        purpose="all devices come back within a tenth of the duration and flush what they recorded meanwhile",
    ),
    Profile(
        name="duplicate-storm",
        curve="flat",
        duplicates=1.0,
        copies=2,
        purpose="every punch three times: equal bytes, and with a new OperationID and Time, in turn and at once",
    ),
    Profile(name="enrolment-wave", curve="ramp", operations=ENROLMENTS, purpose="users with 25-40 kB faces and photos"),
    Profile(
        name="mixed", curve="bell", operations=DAILY, v2_share=0.3, purpose="v3 and v2 devices, punches and photos"
    ),
    Profile(name="encrypted", curve="flat", encrypted_share=1.0, purpose="every body in AES-256"),
    Profile(
        name="rest-flood", curve="flat", operations=FLOOD, purpose="RESTful commands against the simulator's endpoint"
    ),
)
PROFILES: Mapping[str, Profile] = {row.name: row for row in _ROWS}
