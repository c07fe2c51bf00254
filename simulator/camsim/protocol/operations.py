"""What an operation is: its direction, its message family, and what names it. The rows are in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .vocabulary import Protocol, TemplateType


class Direction(StrEnum):
    """Who sends the request."""

    CALLBACK = "callback"
    REST = "rest"


class Family(StrEnum):
    """A message shape: what is routed and validated. v3 has 17 (5 callbacks, 12 commands), v2 has its own."""

    USER_DELETED = "UserDeleted"
    DATE_MODIFIED = "DateModified"
    USER_UPDATED = "UserUpdated"
    ATTENDANCE_PHOTO = "AttendancePhoto"
    PUNCH_LOG = "PunchLog"
    LOAD_LOG = "LoadLog"
    LOAD_DEVICE_INFORMATION = "LoadDeviceInformation"
    ADD_USER = "AddUser"
    DELETE_USER = "DeleteUser"
    DELETE_ALL_USER = "DeleteAllUser"
    DELETE_LOG_ALL = "DeleteLogAll"
    DELETE_ATTENDANCE_PHOTO = "DeleteAttendancePhoto"
    RESEND_ATTENDANCE = "ResendAttendance"
    RESEND_ALL_USER = "ResendAllUser"
    ENROLL = "EnrollFingerPrint"
    UPDATE_ACCESS_TIME = "UpdateAccessTime"
    UPDATE_USER_ACCESS = "UpdateUserAccess"
    # Not on the page, but seen in use (A-REST-28, A-REST-29)
    LOAD_USER_INFO = "LoadUserInfo"
    SYNC = "Sync"
    RELOAD_LOG = "ReloadLog"
    # v2 only
    LAZY_RESPONSE = "LazyResponse"
    ENABLE_MESSAGE = "EnableMessage"
    DISABLE_MESSAGE = "DisableMessage"
    SEND_ATTENDANCE_PHOTO = "SendAttendancePhoto"


@dataclass(frozen=True, slots=True)
class Operation:
    """One row: `number` as the v3 page prints it (None in v2), `kinds` the set of template types that names it."""

    number: int | None
    name: str
    direction: Direction
    family: Family
    protocol: Protocol = Protocol.V3
    kinds: frozenset[TemplateType] = frozenset()
    literal: str | None = None
    purpose: str = ""
