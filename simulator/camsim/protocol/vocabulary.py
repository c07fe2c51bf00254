"""The words of the protocol, in wire spelling."""

from __future__ import annotations

from enum import StrEnum


class Protocol(StrEnum):
    """Version of the web API a device speaks."""

    V2 = "v2"
    V3 = "v3"

    @property
    def path(self) -> str:
        """Where the gateway takes commands of this version. The pages only say that the account shows the URL (V3:54);
        v3's is the one that live clients call (A-REST-19), and v2's is formed alike.
        """
        return _PATHS[self]


_PATHS = {Protocol.V2: "/external/api2.0/biometric", Protocol.V3: "/external/api3.0/biometric"}


class AttendanceType(StrEnum):
    """`Type` of a punch (v3 #11)."""

    CHECK_IN = "CheckIn"
    CHECK_OUT = "CheckOut"
    BREAK_OUT = "BreakOut"
    BREAK_IN = "BreakIn"
    OVERTIME_IN = "OverTimeIn"
    OVERTIME_OUT = "OverTimeOut"
    MEAL_IN = "MealIn"
    MEAL_OUT = "MealOut"


IN_TYPES = frozenset(
    {AttendanceType.CHECK_IN, AttendanceType.BREAK_IN, AttendanceType.OVERTIME_IN, AttendanceType.MEAL_IN}
)


class InputType(StrEnum):
    """How a person was recognised (v3 #11)."""

    FINGERPRINT = "Fingerprint"
    FACE = "Face"
    PALM = "Palm"
    CARD = "Card"
    PASSWORD = "Password"  # noqa: S105  the wire word, not a secret


class TemplateType(StrEnum):
    """`Type` of a template (v3, Template Types)."""

    CARD = "Card"
    PASSWORD = "Password"  # noqa: S105  the wire word, not a secret
    FINGERPRINT = "Fingerprint"
    FACE = "Face"
    PALM = "Palm"
    USER_PHOTO = "UserPhoto"


class UserType(StrEnum):
    """`UserType` as callbacks print it (A-DEV-03)."""

    USER = "User"
    ADMIN = "Admin"


class ConnectionMode(StrEnum):
    """How a device reaches the gateway (v3, Connection Modes)."""

    NATIVE = "native"
    SDK_DIRECT = "sdk-direct"
    SDK_INDIRECT = "sdk-indirect"
    DB_DIRECT = "db-direct"
    DB_INDIRECT = "db-indirect"
    FILE_DIRECT = "file-direct"
    FILE_INDIRECT = "file-indirect"


ATTENDANCE_ONLY = frozenset(
    {
        ConnectionMode.DB_DIRECT,
        ConnectionMode.DB_INDIRECT,
        ConnectionMode.FILE_DIRECT,
        ConnectionMode.FILE_INDIRECT,
    }
)


class Service(StrEnum):
    """What a v2 device is subscribed to (V2:118)."""

    ATTENDANCE = "AttendanceAPI"
    MANAGEMENT = "ManagementAPI"
    SCANNER = "ScannerAPI"
    CLOUD = "CloudService"


# v2 says MealStart and MealEnd where v3 says MealIn and MealOut (V2-04).
V2_ATTENDANCE = {
    AttendanceType.MEAL_IN: "MealStart",
    AttendanceType.MEAL_OUT: "MealEnd",
}
