"""Builders of v2 messages: callbacks, lazy responses, commands and immediate answers.

One fact can need several messages (V2-06). The keys stand in the order of the one printed sample (V2:245); every scalar
but `StatusCode` is a text. Shapes that the page leaves open are readings V2-01 … V2-31.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from camsim.protocol import facts
from camsim.protocol.catalogue import Family, Operation
from camsim.protocol.statuses import LABELS_V2, StatusV2, StatusV3
from camsim.protocol.timestamps import gmt
from camsim.protocol.v3.messages import Message, Sender
from camsim.protocol.vocabulary import V2_ATTENDANCE, TemplateType

from . import signatures as signatures_v2

PAGE_ROWS = 50  # V2:108


@dataclass(frozen=True, slots=True)
class StyleV2:
    """Readings of v2 that are knobs; the defaults are those of `documented`."""

    epoch: str = "local_as_utc"  # V2-01: local_as_utc | true_utc
    photo_key: str = "AttendancePhoto"  # V2-05: AttendancePhoto | AttendancePhotoe
    operation_time_ex: bool = False  # V2-31
    parts: Mapping[TemplateType, int] = field(default_factory=lambda: signatures_v2.PARTS)  # V2-06


DOCUMENTED = StyleV2()


def style(knobs: Mapping[str, Any]) -> StyleV2:
    """The style that `v2.*` knobs ask for; names without the prefix, others are not its business."""
    return StyleV2(**{name: knobs[name] for name in ("epoch", "photo_key", "operation_time_ex") if name in knobs})


def epoch(moment_s: int, offset: int, how: StyleV2 = DOCUMENTED) -> str:
    """Unix seconds as text: the device's wall clock encoded as if it were UTC, or the true moment (V2-01)."""
    if how.epoch == "true_utc":
        return str(moment_s)
    return str(moment_s + offset * 60)


def moment(text: str, offset: int, how: StyleV2 = DOCUMENTED) -> int:
    """The UTC epoch seconds that `epoch` wrote. Raises: ValueError for a text that is no number."""
    if how.epoch == "true_utc":
        return int(text)
    return int(text) - offset * 60


@dataclass(frozen=True, slots=True)
class _Frame:
    operation: str
    user_id: str
    at: int
    offset: int


def _framed(sender: Sender, frame: _Frame, data: object, reference: str, how: StyleV2) -> Message:
    info: Message = {
        "AuthToken": sender.auth_token,
        "Operation": frame.operation,
        "OperationData": data,
        "OperationReferenceId": reference,
        "OperationTime": epoch(frame.at, frame.offset, how),
    }
    if how.operation_time_ex:
        info["OperationTimeEx"] = gmt(frame.at, frame.offset)
    info["UserId"] = frame.user_id
    return {"ApiRequestInfo": info, "ServiceTagId": sender.stgid}


# --- callbacks ---------------------------------------------------------------------------------------------------


def callback(fact: facts.Fact, sender: Sender, how: StyleV2 = DOCUMENTED) -> list[Message]:
    """The messages that tell one fact, in the order to send them.

    `OperationTime` is the time of the fact itself: v2 has no other place for it, and no time of processing.
    """
    operation, at, told = _FORMS[type(fact)]
    user_id = getattr(fact, "user_id", "")
    frame = _Frame(operation, user_id, at(fact), fact.offset)
    return [_framed(sender, frame, data, "", how) for data in told(fact, how)]


def callback_name(fact: facts.Fact) -> str:
    """The `Operation` that tells a fact."""
    return _FORMS[type(fact)][0]


def attendance_type(kind: str) -> str:
    """The v2 word of a v3 punch type (V2-04)."""
    return _ATTENDANCE.get(kind, str(kind))


_ATTENDANCE: Mapping[str, str] = {str(kind): word for kind, word in V2_ATTENDANCE.items()}


def _punch(fact: facts.Punch, how: StyleV2) -> list[object]:
    body = {"AttendanceType": attendance_type(fact.type), "InputType": str(fact.input)}
    if fact.temperature is not None:
        body["Temperature"] = f"{fact.temperature:.1f}"
    if fact.mask is not None:
        body["FaceMask"] = str(fact.mask).lower()
    return [body]


def _photo(fact: facts.AttendancePhoto, how: StyleV2) -> list[object]:
    return [{how.photo_key: fact.photo}]


def _updated(fact: facts.UserUpdated, how: StyleV2) -> list[object]:
    """A rename is one message without signatures; names come with cards and PINs only (V2:89)."""
    groups = signatures_v2.grouped(fact.templates, how.parts) or [[]]
    return [
        user_data(fact, group, named=all(row["Type"] in signatures_v2.CREDENTIALS for row in group)) for group in groups
    ]


def user_data(fact: facts.UserUpdated, signature: Sequence[Mapping[str, str]], *, named: bool) -> Message:
    """The OperationData of ManuallyUserUpdated and AddUser (V2:86); without `named` names and Priority stay empty."""
    body: Message = {"Name": "", "FirstName": "", "LastName": "", "Priority": ""}
    if named:
        body["Name"] = f"{fact.first_name} {fact.last_name}".strip()
        body["FirstName"], body["LastName"] = fact.first_name, fact.last_name
        body["Priority"] = signatures_v2.PRIORITY_OF.get(fact.user_type, "0")
    body["Signature"] = list(signature)
    return body


def _nothing(fact: facts.Fact, how: StyleV2) -> list[object]:
    return [""]  # V2-07, V2-08: the page does not say what belongs here


_Form = tuple[str, Callable[[Any], int], Callable[[Any, StyleV2], list[object]]]
_FORMS: Mapping[type, _Form] = {
    facts.Punch: ("RealTimePunchLog", lambda fact: fact.log_time, _punch),
    facts.AttendancePhoto: ("SendAttendancePhoto", lambda fact: fact.log_time, _photo),
    facts.UserUpdated: ("ManuallyUserUpdated", lambda fact: fact.at, _updated),
    facts.UserDeleted: ("ManuallyUserDeleted", lambda fact: fact.at, _nothing),
    facts.DateModified: ("ManuallyDateModified", lambda fact: fact.at, _nothing),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reply refers to: the command's operation, user and reference id."""

    operation: str
    user_id: str
    reference: str


def lazy_response(
    asked: Asked, code: StatusV2, sender: Sender, at: int, offset: int, how: StyleV2 = DOCUMENTED
) -> Message:
    """What became of a command, sent to the callback URL (V2-11). `at` is when the device answered, UTC seconds."""
    data = {"StatusCode": int(code), "Status": LABELS_V2[code]}
    return _framed(sender, _Frame(asked.operation, asked.user_id, at, offset), data, asked.reference, how)


# The device's own failures in v2 numbers (V2-13); v2 has none for offline, existing or full.
_DEVICE_CODES: Mapping[int, StatusV2] = {
    StatusV3.SUCCESS: StatusV2.DONE,
    StatusV3.INVALID_SERVICE_TAG_ID: StatusV2.INVALID_SERVICE_TAG_ID,  # the device was removed meanwhile
    StatusV3.USER_ALREADY_EXISTS: StatusV2.DONE,
    StatusV3.USER_NOT_FOUND: StatusV2.INVALID_USERID,
    StatusV3.TEMPLATE_ERROR: StatusV2.INVALID_TEMPLATE,
}


def device_code(code: int) -> StatusV2:
    """The v2 code for what a device answered in v3 terms: not found 10, bad template 15, anything else 999 (V2-13)."""
    return _DEVICE_CODES.get(code, StatusV2.UNKNOWN_ERROR)


# --- commands, as a client writes them ---------------------------------------------------------------------------


def command(operation: Operation, reference: str, sender: Sender, time_s: int, **fields: Any) -> Message:
    """A request. Fields by family: `user_id`, `first_name`, `last_name`, `user_type`, `templates`; `start`, `end` (Unix
    seconds as the device counts them, V2-01), `offset_rows`; `message`; `on`."""
    write = _COMMAND_DATA.get(operation.family)
    data = write(fields) if write else ""
    return _framed(sender, _Frame(operation.name, fields.get("user_id", ""), time_s, 0), data, reference, DOCUMENTED)


def _add(given: Mapping[str, Any]) -> Message:
    told: Iterable[facts.Template] = given.get("templates", ())
    names = (given.get("first_name", ""), given.get("last_name", ""), given.get("user_type", "User"))
    fact = facts.UserUpdated(given["user_id"], *names, at=0, offset=0)
    return user_data(fact, [row for template in told for row in signatures_v2.items(template)], named=True)


_COMMAND_DATA: Mapping[Family, Callable[[Mapping[str, Any]], object]] = {
    Family.ADD_USER: _add,
    Family.LOAD_LOG: lambda given: {
        "StartTime": str(given["start"]),
        "EndTime": str(given["end"]),
        "OffSet": str(given.get("offset_rows", "")),
    },
    Family.ENABLE_MESSAGE: lambda given: given.get("message", ""),
    Family.SEND_ATTENDANCE_PHOTO: lambda given: "" if given.get("on", True) else "off",
}


# --- immediate answers -------------------------------------------------------------------------------------------


def answer(operation: str, code: StatusV2, reference: str, data: object = "") -> Message:
    """What a command is answered at once (V2:54); `Status` is the text of the code."""
    return {
        "StatusCode": int(code),
        "Status": LABELS_V2[code],
        "RequestedOperation": operation,
        "OperationReferenceId": reference,
        "OperationData": data,
    }


def load_page(
    punches: Sequence[facts.Punch], total: int, next_row: int | None, reference: str, how: StyleV2 = DOCUMENTED
) -> Message:
    """One page of LoadPunchLog: these rows of `total`, and the row after them, None at the end (V2-19)."""
    rows = [_row(punch, how) for punch in punches]
    data = {"OffSet": str(next_row or ""), "ActualRowCount": str(total), "Punch": rows}
    return {
        "StatusCode": 0,
        "Status": LABELS_V2[StatusV2.DONE],
        "OperationReferenceId": reference,
        "RequestedOperation": "LoadPunchLog",
        "ReturnRowCount": str(len(rows)),
        "OperationData": data,
    }


def _row(punch: facts.Punch, how: StyleV2) -> Message:
    return {
        "AttendanceType": attendance_type(punch.type),
        "InputType": str(punch.input),
        "UserID": punch.user_id,
        "AttendanceTime": epoch(punch.log_time, punch.offset, how),
    }


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the gateway knows of a device. UTC epoch seconds; `services` maps a name to (activation, expiry)."""

    serial: str
    last_connected: int
    label: str
    model: str
    offset: int
    services: Mapping[str, tuple[int, int]]


def time_zone(offset: int) -> str:
    """`UTC+05:30` for 330 minutes east (V2:116)."""
    hours, minutes = divmod(abs(offset), 60)
    return f"UTC{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"


def info_answer(info: DeviceInfo, reference: str) -> Message:
    """SendDeviceInfo, answered by the gateway itself; its times are true UTC (V2-20)."""
    services = [
        {"ServiceName": name, "ActivationDate": str(start), "ExpiryDate": str(end)}
        for name, (start, end) in info.services.items()
    ]
    data = {
        "SerialNumber": info.serial,
        "LastConnectedTime": str(info.last_connected),
        "DeviceLabelName": info.label,
        "Model": info.model,
        "TimeZone": time_zone(info.offset),
        "Services": services,
    }
    return answer("SendDeviceInfo", StatusV2.DONE, reference, data)
