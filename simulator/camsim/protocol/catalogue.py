"""The operations of both protocols, one row each: routing, recognition, schemas, docs and load mixes derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from .operations import Direction as Direction
from .operations import Family as Family
from .operations import Operation as Operation
from .vocabulary import Protocol, TemplateType

CARD, PASSWORD = TemplateType.CARD, TemplateType.PASSWORD
FINGER, FACE = TemplateType.FINGERPRINT, TemplateType.FACE
PALM, PHOTO = TemplateType.PALM, TemplateType.USER_PHOTO


def _callback(number: int, name: str, family: Family, purpose: str, *kinds: TemplateType) -> Operation:
    return Operation(number, name, Direction.CALLBACK, family, kinds=frozenset(kinds), purpose=purpose)


def _rest(
    number: int, name: str, family: Family, purpose: str, *kinds: TemplateType, literal: str | None = None
) -> Operation:
    return Operation(number, name, Direction.REST, family, kinds=frozenset(kinds), literal=literal, purpose=purpose)


_UPDATED, _ADD = Family.USER_UPDATED, Family.ADD_USER

V3: tuple[Operation, ...] = (
    _callback(1, "ManuallyUserDeleted", Family.USER_DELETED, "a user was deleted on the device"),
    _callback(2, "ManuallyDateModified", Family.DATE_MODIFIED, "the device's clock was changed by hand"),
    _callback(3, "ManuallyUserUpdatedWithoutTemplate", _UPDATED, "a user's name or type changed"),
    _callback(4, "ManuallyUserUpdatedWithCard", _UPDATED, "a card was registered", CARD),
    _callback(5, "ManuallyUserUpdatedWithPassword", _UPDATED, "a PIN was set", PASSWORD),
    _callback(6, "ManuallyUserUpdatedWithFingerPrint", _UPDATED, "a finger was enrolled", FINGER),
    _callback(7, "ManuallyUserUpdatedWithFace", _UPDATED, "a face was enrolled", FACE),
    _callback(8, "ManuallyUserUpdatedWithPalm", _UPDATED, "a palm was enrolled", PALM),
    _callback(9, "ManuallyUserUpdatedWithUserPhoto", _UPDATED, "a profile photo was taken", PHOTO),
    _callback(10, "RealTimeAttendancePhoto", Family.ATTENDANCE_PHOTO, "the photo taken at a punch"),
    _callback(11, "RealTimePunchLog", Family.PUNCH_LOG, "a punch"),
    _rest(12, "LoadLog", Family.LOAD_LOG, "punches of a time range"),
    _rest(
        13,
        "LoadDeviceInformation",
        Family.LOAD_DEVICE_INFORMATION,
        "model, capacity, counts and licence",
        literal="All",
    ),
    _rest(14, "AddUserWithCard", _ADD, "add a user with a card", CARD),
    _rest(15, "AddUserWithPassword", _ADD, "add a user with a PIN", PASSWORD),
    _rest(16, "AddUserWithFace", _ADD, "add a user with a face", FACE),
    _rest(17, "AddUserWithFingerPrint", _ADD, "add a user with a fingerprint", FINGER),
    _rest(18, "AddUserWithPalm", _ADD, "add a user with a palm", PALM),
    _rest(19, "AddUserWithUserPhoto", _ADD, "add a user with a photo", PHOTO),
    _rest(20, "AddUserWithCardAndPassword", _ADD, "add a user with card and PIN", CARD, PASSWORD),
    _rest(21, "AddUserWithCardAndFingerPrint", _ADD, "add a user with card and fingerprint", CARD, FINGER),
    _rest(22, "AddUserWithPalmAndFace", _ADD, "add a user with palm and face", PALM, FACE),
    _rest(23, "AddUserWithCard_FingerPrintAndFace", _ADD, "add a user with three templates", CARD, FINGER, FACE),
    _rest(24, "AddUserWithCard_PalmAndUserPhoto", _ADD, "add a user with three templates", CARD, PALM, PHOTO),
    _rest(
        25,
        "AddUserWithCard_Password_FingerPrintAndFace",
        _ADD,
        "add a user with four templates",
        CARD,
        PASSWORD,
        FINGER,
        FACE,
    ),
    _rest(
        26,
        "AddUserWithCard_Password_PalmAndUserPhoto",
        _ADD,
        "add a user with four templates",
        CARD,
        PASSWORD,
        PALM,
        PHOTO,
    ),
    _rest(
        27,
        "AddUserWithCard_FingerPrint_Password_Face_PalmAndUserPhoto",
        _ADD,
        "add a user with all six",
        *(CARD, FINGER, PASSWORD, FACE, PALM, PHOTO),
    ),
    _rest(28, "AddUserWithoutTemplate", _ADD, "add a user with no template"),
    _rest(29, "DeleteUser", Family.DELETE_USER, "delete one user"),
    _rest(30, "DeleteAllUser", Family.DELETE_ALL_USER, "delete every user", literal="All"),
    _rest(31, "DeleteLogAll", Family.DELETE_LOG_ALL, "clear the punch log", literal="All"),
    _rest(32, "DeleteAttendancePhoto", Family.DELETE_ATTENDANCE_PHOTO, "clear the punch photos", literal="All"),
    _rest(33, "ResendAttendance", Family.RESEND_ATTENDANCE, "send punches of a range again"),
    _rest(34, "ResendAllUser", Family.RESEND_ALL_USER, "send every user again", literal="All"),
    _rest(35, "EnrollFingerPrint", Family.ENROLL, "open an enrolment session"),
    _rest(36, "UpdateAccessTime", Family.UPDATE_ACCESS_TIME, "set a user's access window"),
    _rest(37, "EnableUser", Family.UPDATE_USER_ACCESS, "let a user in again", literal="enable"),
    _rest(38, "DisableUser", Family.UPDATE_USER_ACCESS, "block a user", literal="disable"),
)


def _v2(name: str, direction: Direction, family: Family, purpose: str) -> Operation:
    return Operation(None, name, direction, family, protocol=Protocol.V2, purpose=purpose)


V2: tuple[Operation, ...] = (
    _v2("RealTimePunchLog", Direction.CALLBACK, Family.PUNCH_LOG, "a punch"),
    _v2("SendAttendancePhoto", Direction.CALLBACK, Family.ATTENDANCE_PHOTO, "the photo taken at a punch (V2-05)"),
    _v2("ManuallyUserUpdated", Direction.CALLBACK, Family.USER_UPDATED, "a user or one of its signatures changed"),
    _v2("ManuallyUserDeleted", Direction.CALLBACK, Family.USER_DELETED, "a user was deleted on the device"),
    _v2("ManuallyDateModified", Direction.CALLBACK, Family.DATE_MODIFIED, "the device's clock was changed by hand"),
    _v2("AddUser", Direction.REST, Family.ADD_USER, "add or merge a user"),
    _v2("DeleteUser", Direction.REST, Family.DELETE_USER, "delete one user"),
    _v2("EnrollFingerprint", Direction.REST, Family.ENROLL, "open an enrolment session"),
    _v2("EnableMessage", Direction.REST, Family.ENABLE_MESSAGE, "show a message at the user's punches"),
    _v2("DisableMessage", Direction.REST, Family.DISABLE_MESSAGE, "show it no longer"),
    _v2("SendAttendancePhoto", Direction.REST, Family.SEND_ATTENDANCE_PHOTO, "switch punch photos on"),
    _v2("LoadPunchLog", Direction.REST, Family.LOAD_LOG, "punches of a time range, 50 rows a page"),
    _v2("SendDeviceInfo", Direction.REST, Family.LOAD_DEVICE_INFORMATION, "model, clock and subscriptions"),
    _v2("ClearLog", Direction.REST, Family.DELETE_LOG_ALL, "clear the punch log"),
    _v2("TriggerUserDetail", Direction.REST, Family.RESEND_ALL_USER, "send every user again"),
)

BY_NUMBER: Mapping[int, Operation] = {row.number: row for row in V3 if row.number is not None}
BY_NAME: Mapping[str, Operation] = {row.name: row for row in V3}
CALLBACKS = tuple(row for row in V3 if row.direction is Direction.CALLBACK)
COMMANDS = tuple(row for row in V3 if row.direction is Direction.REST)
V2_COMMANDS: Mapping[str, Operation] = {row.name: row for row in V2 if row.direction is Direction.REST}
V2_CALLBACKS: Mapping[str, Operation] = {row.name: row for row in V2 if row.direction is Direction.CALLBACK}

# Where a v3 body sits: (top key, inner key). A string there is a literal, an object the body.
_COMMAND_PATHS: Mapping[tuple[str, str], tuple[Family | None, Family | None]] = {
    # path: (family when an object stands there, family when a text stands there)
    ("Load", "PunchLog"): (Family.LOAD_LOG, None),
    ("Load", "DeviceInformation"): (None, Family.LOAD_DEVICE_INFORMATION),
    ("Delete", "User"): (Family.DELETE_USER, Family.DELETE_ALL_USER),
    ("Delete", "Log"): (None, Family.DELETE_LOG_ALL),
    ("Delete", "PunchPhoto"): (None, Family.DELETE_ATTENDANCE_PHOTO),
    ("Resend", "PunchLog"): (Family.RESEND_ATTENDANCE, None),
    ("Resend", "User"): (None, Family.RESEND_ALL_USER),
    ("Enroll", "User"): (Family.ENROLL, None),
    ("Update", "AccessTime"): (Family.UPDATE_ACCESS_TIME, None),
    ("Update", "User"): (Family.UPDATE_USER_ACCESS, None),
}
_PATHS_BY_WORD: Mapping[str, Mapping[str, tuple[Family | None, Family | None]]] = {
    word: {key: families for (top, key), families in _COMMAND_PATHS.items() if top == word}
    for word in ("Load", "Delete", "Resend", "Enroll", "Update")
}
COMMAND_WORDS = ("Load", "Add", "Delete", "Resend", "Enroll", "Update")
_CALLBACK_KEYS: Mapping[str, Family] = {
    "UserDeleted": Family.USER_DELETED,
    "DateModified": Family.DATE_MODIFIED,
    "UserUpdated": Family.USER_UPDATED,
    "Log": Family.ATTENDANCE_PHOTO,
    "PunchLog": Family.PUNCH_LOG,
}
CALLBACK_KEY: Mapping[Family, str] = {family: key for key, family in _CALLBACK_KEYS.items()}
_BY_KINDS: Mapping[tuple[Family, frozenset[TemplateType]], Operation] = {
    (row.family, row.kinds): row for row in V3 if row.family in (_ADD, _UPDATED)
}
_BY_LITERAL: Mapping[tuple[Family, str | None], Operation] = {
    (row.family, row.literal): row for row in V3 if row.family not in (_ADD, _UPDATED)
}


class Recognition(msgspec.Struct, frozen=True, gc=False):
    """What a message is. `operation` is None for grouped templates without a number; `name` always names it."""

    family: Family
    direction: Direction
    operation: Operation | None
    name: str


class UnrecognisedError(ValueError):
    """The message has no operation, two of them, or an unknown one; `field` says where, `why` says which."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


def recognise(message: Mapping[str, Any]) -> Recognition:
    """Know a v3 message by its shape, never by a name: it carries none. Raises: UnrecognisedError."""
    if "RealTime" in message:
        return _recognise_callback(message["RealTime"])
    return _recognise_command(message)


def _recognise_callback(body: Any) -> Recognition:
    if not isinstance(body, (dict, Mapping)):
        raise UnrecognisedError("RealTime", "not an object")
    present = [key for key in _CALLBACK_KEYS if key in body]
    if len(present) != 1:
        raise UnrecognisedError(
            "RealTime", f"exactly one of {', '.join(_CALLBACK_KEYS)} expected, found {present or 'none'}"
        )
    family = _CALLBACK_KEYS[present[0]]
    inner = body[present[0]]
    if family is Family.USER_UPDATED:
        return named(family, Direction.CALLBACK, kinds_of(inner))
    row = _BY_LITERAL[(family, None)]
    return Recognition(family, Direction.CALLBACK, row, row.name)


def _recognise_command(message: Mapping[str, Any]) -> Recognition:
    words = [word for word in COMMAND_WORDS if word in message]
    if len(words) != 1:
        raise UnrecognisedError(
            "message", f"exactly one of {', '.join(COMMAND_WORDS)} expected, found {words or 'none'}"
        )
    word = words[0]
    body = message[word]
    if not isinstance(body, (dict, Mapping)):
        raise UnrecognisedError(word, "not an object")
    if word == "Add":
        if not isinstance(body.get("User"), (dict, Mapping)):
            raise UnrecognisedError("Add.User", "an object is required")
        return named(Family.ADD_USER, Direction.REST, kinds_of(body))
    return _recognise_path(word, body)


def _recognise_path(word: str, body: Mapping[str, Any]) -> Recognition:
    paths = _PATHS_BY_WORD[word]
    present = [key for key in paths if key in body]
    if len(present) != 1:
        raise UnrecognisedError(word, f"exactly one of {', '.join(paths)} expected, found {present or 'none'}")
    key = present[0]
    as_object, as_text = paths[key]
    value = body[key]
    if isinstance(value, (dict, Mapping)) and as_object is not None:
        literal = str(value.get("Access", "")).lower() if as_object is Family.UPDATE_USER_ACCESS else None
        row = _BY_LITERAL.get((as_object, literal))
        return Recognition(as_object, Direction.REST, row, row.name if row else str(as_object))
    if isinstance(value, str) and as_text is not None:
        row = _BY_LITERAL.get((as_text, value))
        if row is not None:
            return Recognition(as_text, Direction.REST, row, row.name)
        hint = ' (the exact text is "All")' if value.lower() == "all" else ""
        raise UnrecognisedError(f"{word}.{key}", f'"{value[:40]}" is not "All"{hint}')
    expected = " or ".join(filter(None, ["an object" if as_object else "", 'the text "All"' if as_text else ""]))
    raise UnrecognisedError(f"{word}.{key}", f"{expected} expected")


def kinds_of(body: Any) -> frozenset[TemplateType] | None:
    """The set of template types of an Add or UserUpdated body; None when one of them is unknown."""
    items = body.get("Template") if isinstance(body, (dict, Mapping)) else None
    if not isinstance(items, list):
        return frozenset()
    words = [item.get("Type") if isinstance(item, Mapping) else None for item in items]
    if not all(isinstance(word, str) for word in words):
        return None
    try:
        return frozenset(TemplateType(str(word)) for word in words)
    except ValueError:
        return None


def named(family: Family, direction: Direction, kinds: frozenset[TemplateType] | None) -> Recognition:
    """Name an add or update by its set of template types; a set without a number is `AddUser[Card+Face]`."""
    row = _BY_KINDS.get((family, kinds)) if kinds is not None else None
    if row is not None:
        return Recognition(family, direction, row, row.name)
    base = "AddUser" if family is Family.ADD_USER else "ManuallyUserUpdated"
    inner = "+".join(kind for kind in TemplateType if kinds is not None and kind in kinds) or "?"
    return Recognition(family, direction, None, f"{base}[{inner}]")
