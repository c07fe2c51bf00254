"""Builders of v3 messages: the same keys, order and types as the printed samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from camsim.protocol import facts
from camsim.protocol.catalogue import CALLBACK_KEY, Direction, Family, Operation, named
from camsim.protocol.timestamps import gmt
from camsim.protocol.vocabulary import TemplateType

Message = dict[str, Any]

ACK: Mapping[str, str] = {"status": "done"}

# #6-#8 print neither UserID nor names at UserUpdated level; #4 and #5 print empty names (register, section 1).
_BIOMETRIC = frozenset({TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM})
_NAMELESS = frozenset({TemplateType.CARD, TemplateType.PASSWORD})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: the device as the API Monitor knows it."""

    auth_token: str
    label: str = ""
    serial: str = ""
    stgid: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """Deviations from the printed samples, each a knob of the register."""

    label: str = "sample"  # A-CB-15: sample | always | never
    temperature: str = "string"  # C-11: string | number | absent | empty
    facemask: str = "bool"  # C-11: bool | string | absent
    type_key: str = "Type"  # field notes: Type | AttendanceType
    photo_observed: bool = False  # C-09: UserUpdated.Photo beside Template


DOCUMENTED = Style()


def template_item(user_id: str, template: facts.Template) -> Message:
    """One item of a `Template` array, keys as the samples order them."""
    item: Message = {"Type": str(template.type), "UserID": user_id}
    if template.size is not None:
        item["Size"] = template.size
    if template.index is not None:
        item["Index"] = template.index
    item["Data"] = template.data
    return item


def _punch_body(fact: facts.Punch, style: Style) -> Message:
    body: Message = {style.type_key: fact.type}
    if fact.temperature is not None and style.temperature != "absent":
        body["Temperature"] = _TEMPERATURES[style.temperature](fact.temperature)
    if fact.mask is not None and style.facemask != "absent":
        body["FaceMask"] = fact.mask if style.facemask == "bool" else str(fact.mask).lower()
    body["InputType"] = fact.input
    body["UserId"] = fact.user_id
    body["LogTime"] = gmt(fact.log_time, fact.offset)
    return body


_TEMPERATURES: Mapping[str, Callable[[float], str | float]] = {
    "string": lambda value: f"{value:.1f}",
    "number": lambda value: value,
    "empty": lambda value: "",
}


def _photo_body(fact: facts.AttendancePhoto, style: Style) -> Message:
    return {"UserID": fact.user_id, "LogPhoto": fact.photo, "LogTime": gmt(fact.log_time, fact.offset)}


def _deleted_body(fact: facts.UserDeleted, style: Style) -> Message:
    return {"UserID": fact.user_id, "OperationTime": gmt(fact.at, fact.offset)}


def _date_body(fact: facts.DateModified, style: Style) -> Message:
    return {"ModifiedTo": gmt(fact.modified_to, fact.modified_offset), "OperationTime": gmt(fact.at, fact.offset)}


def _updated_body(fact: facts.UserUpdated, style: Style) -> Message:
    kinds = {template.type for template in fact.templates}
    body: Message = {}
    if not kinds or not kinds <= _BIOMETRIC:
        body["UserID"] = fact.user_id
        body["FirstName"] = body["LastName"] = ""
        if not kinds or not kinds <= (_NAMELESS | _BIOMETRIC):
            body["FirstName"], body["LastName"] = fact.first_name, fact.last_name
        body["UserType"] = fact.user_type
    body["OperationTime"] = gmt(fact.at, fact.offset)
    body["Template"] = [template_item(fact.user_id, template) for template in fact.templates]
    if style.photo_observed:
        _observed_photo(body, fact)
    return body


def _observed_photo(body: Message, fact: facts.UserUpdated) -> None:
    for template in fact.templates:
        if template.type is TemplateType.USER_PHOTO:
            body["Photo"] = {
                "Type": "Base64",
                "Size": str(len(template.data)),
                "Data": template.data,
                "UserId": fact.user_id,
            }


@dataclass(frozen=True, slots=True)
class _Form:
    """How a fact is framed: which family, whether label and serial are printed, and the order of the frame's keys."""

    family: Family
    body: Callable[[Any, Style], Message]
    labelled: bool
    order: tuple[str, ...]  # "body" and "label" stand for the inner object and the two label keys


_FORMS: Mapping[type, _Form] = {
    facts.UserDeleted: _Form(
        Family.USER_DELETED, _deleted_body, False, ("OperationID", "AuthToken", "Time", "body", "label")
    ),
    facts.DateModified: _Form(
        Family.DATE_MODIFIED, _date_body, False, ("OperationID", "AuthToken", "Time", "body", "label")
    ),
    facts.UserUpdated: _Form(
        Family.USER_UPDATED, _updated_body, True, ("body", "label", "OperationID", "AuthToken", "Time")
    ),
    facts.AttendancePhoto: _Form(
        Family.ATTENDANCE_PHOTO, _photo_body, False, ("body", "label", "OperationID", "AuthToken", "Time")
    ),
    facts.Punch: _Form(Family.PUNCH_LOG, _punch_body, True, ("OperationID", "label", "body", "AuthToken", "Time")),
}


def callback(fact: facts.Fact, sender: Sender, operation_id: str, time_s: int, style: Style = DOCUMENTED) -> Message:
    """One callback. `time_s` is when the event was processed, UTC epoch seconds (v3, Common Fields; A-CB-16)."""
    form = _FORMS[type(fact)]
    frame: Message = {}
    for key in form.order:
        if key == "body":
            frame[CALLBACK_KEY[form.family]] = form.body(fact, style)
        elif key == "OperationID":
            frame[key] = operation_id
        elif key == "AuthToken":
            frame[key] = sender.auth_token
        elif key == "Time":
            frame[key] = gmt(time_s, 0)
        elif style.label == "always" or (form.labelled and style.label == "sample"):
            frame["LabelName"] = sender.label
            frame["SerialNumber"] = sender.serial
    return {"RealTime": frame}


def callback_name(fact: facts.Fact) -> str:
    """The operation a fact is told by: a catalogue name, or `ManuallyUserUpdated[Card+Password]` for a group."""
    if isinstance(fact, facts.UserUpdated):
        return named(Family.USER_UPDATED, Direction.CALLBACK, frozenset(t.type for t in fact.templates)).name
    return _PLAIN_NAMES[type(fact)]


_PLAIN_NAMES: Mapping[type, str] = {
    facts.Punch: "RealTimePunchLog",
    facts.AttendancePhoto: "RealTimeAttendancePhoto",
    facts.UserDeleted: "ManuallyUserDeleted",
    facts.DateModified: "ManuallyDateModified",
}


def split(templates: Iterable[facts.Template], how: str) -> list[tuple[facts.Template, ...]]:
    """Portions in which templates are told: `per_template`, `by_type`, `grouped` (card with PIN), `all`."""
    items = list(templates)
    if how == "all":
        return [tuple(items)] if items else []
    keyed: dict[object, list[facts.Template]] = {}
    for number, item in enumerate(items):
        keyed.setdefault(_SPLIT_KEYS[how](number, item), []).append(item)
    return [tuple(portion) for portion in keyed.values()]


_SPLIT_KEYS: Mapping[str, Callable[[int, facts.Template], object]] = {
    "per_template": lambda number, item: number,
    "by_type": lambda number, item: item.type,
    "grouped": lambda number, item: "credentials" if item.type in _NAMELESS else number,
}


# --- RESTful requests, as a client writes them -------------------------------------------------------------------


def command(operation: Operation, operation_id: str, auth_token: str, time_text: str, **fields: Any) -> Message:
    """A RESTful request. Fields by family: user_id, first_name, last_name, user_type, templates, start, end."""
    head, body = _COMMAND_BODIES[operation.family](operation, fields)
    tail: Message = {"OperationID": operation_id, "AuthToken": auth_token, "Time": time_text}
    return {head: body, **tail}


def _range(fields: Mapping[str, Any]) -> Message:
    return {"PunchLog": {"Filter": {"StartTime": fields["start"], "EndTime": fields["end"]}}}


def _add(operation: Operation, fields: Mapping[str, Any]) -> tuple[str, Message]:
    user = {
        "UserID": fields["user_id"],
        "FirstName": fields.get("first_name", ""),
        "LastName": fields.get("last_name", ""),
        "UserType": fields.get("user_type", "User"),
    }
    body: Message = {"User": user}
    items = [template_item(fields["user_id"], template) for template in fields.get("templates", ())]
    if items:  # #28 prints no Template at all, not an empty one
        body["Template"] = items
    return "Add", body


def _enroll(operation: Operation, fields: Mapping[str, Any]) -> tuple[str, Message]:
    user = {"UserID": fields["user_id"], "Type": "Fingerprint"}
    for key, name in (("FirstName", "first_name"), ("LastName", "last_name")):
        if name in fields:
            user[key] = fields[name]
    return "Enroll", {"User": user}


def _access_time(operation: Operation, fields: Mapping[str, Any]) -> tuple[str, Message]:
    return "Update", {"AccessTime": {"UserID": fields["user_id"], "Start": fields["start"], "End": fields["end"]}}


_COMMAND_BODIES: Mapping[Family, Callable[[Operation, Mapping[str, Any]], tuple[str, Message]]] = {
    Family.LOAD_LOG: lambda op, f: ("Load", _range(f)),
    Family.LOAD_DEVICE_INFORMATION: lambda op, f: ("Load", {"DeviceInformation": "All"}),
    Family.ADD_USER: _add,
    Family.DELETE_USER: lambda op, f: ("Delete", {"User": {"UserID": f["user_id"]}}),
    Family.DELETE_ALL_USER: lambda op, f: ("Delete", {"User": "All"}),
    Family.DELETE_LOG_ALL: lambda op, f: ("Delete", {"Log": "All"}),
    Family.DELETE_ATTENDANCE_PHOTO: lambda op, f: ("Delete", {"PunchPhoto": "All"}),
    Family.RESEND_ATTENDANCE: lambda op, f: ("Resend", _range(f)),
    Family.RESEND_ALL_USER: lambda op, f: ("Resend", {"User": "All"}),
    Family.ENROLL: _enroll,
    Family.UPDATE_ACCESS_TIME: _access_time,
    Family.UPDATE_USER_ACCESS: lambda op, f: ("Update", {"User": {"UserID": f["user_id"], "Access": op.literal}}),
}
