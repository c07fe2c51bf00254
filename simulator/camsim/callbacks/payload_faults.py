"""Faults that change what a callback says: the bytes they make of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from camsim import chance
from camsim.protocol.timestamps import gmt
from camsim.protocol.v3.messages import Message


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What faults draw by (`seed`, `device`, number `n`) and what they put in; `now_s` in UTC seconds."""

    seed: int
    device: str
    n: int
    token: str = ""
    operation_id: str = ""
    now_s: int = 0


def _retell(message: Message, by: Rewriting) -> Message:
    frame = message.get("RealTime") or message.get("Load") or {}
    frame["OperationID"], frame["Time"] = by.operation_id, gmt(by.now_s, 0)
    return message


def _change_token(message: Message, by: Rewriting) -> Message:
    frame = message.get("RealTime") or message.get("Load") or message.get("ApiRequestInfo") or {}
    frame["AuthToken"] = by.token
    return message


def _write_attendance_type(message: Message, by: Rewriting) -> Message:
    """`AttendanceType` for `Type`, as some live gateways write it."""
    punch = message.get("RealTime", {}).get("PunchLog")
    if punch and "Type" in punch:
        message["RealTime"]["PunchLog"] = _renamed(punch, {"Type": "AttendanceType"})
    return message


def _renamed(message: Message, names: Mapping[str, str]) -> Message:
    """The message with some members by another name, each in its place: receivers may read by position."""
    return {names.get(key, key): value for key, value in message.items()}


def _add_user_photo(message: Message, by: Rewriting) -> Message:
    """`UserUpdated.Photo` beside `Template`, with `UserId` in the spelling of #11."""
    body = message.get("RealTime", {}).get("UserUpdated") or {}
    for item in body.get("Template", []):
        if item.get("Type") == "UserPhoto":
            data = item["Data"]
            body["Photo"] = {"Type": "Base64", "Size": str(len(data)), "Data": data, "UserId": item["UserID"]}
    return message


def _make_batch(message: Message, by: Rewriting) -> Message:
    """A punch in the form of LoadLog's rows, without RealTime, as file and database modes were seen to send."""
    punch = message.get("RealTime", {}).get("PunchLog")
    if not punch:
        return message
    row = {"UserID": punch["UserId"], "Type": punch.get("Type", ""), "LogTime": punch["LogTime"]}
    return {"PunchLog": {"ReturnRowCount": "1", "Log": [row]}}


def _rename_operation(message: Message, by: Rewriting) -> Message:
    frame = message.get("RealTime")
    if frame is None:
        message.get("ApiRequestInfo", {})["Operation"] = "FutureOperation"
        return message
    return {"RealTime": _renamed(frame, dict.fromkeys(_OPERATIONS, "FutureOperation"))}


# A v3 callback says what it is by the one of these that it holds.
_OPERATIONS = ("PunchLog", "UserUpdated", "UserDeleted", "DateModified", "Log")


def _shuffle_keys(message: Message, by: Rewriting) -> Message:
    keys = chance.shuffled(list(message), by.seed, by.device, "shuffle_keys", by.n)
    return {key: _shuffle_within(message[key], by) for key in keys}


def _shuffle_within(value: object, by: Rewriting) -> object:
    if isinstance(value, dict):
        return _shuffle_keys(value, by)
    if isinstance(value, list):
        return [_shuffle_within(item, by) for item in value]
    return value


_REWRITES: Mapping[str, Callable[[Message, Rewriting], Message]] = {
    "duplicate_new": _retell,
    "wrong_token": _change_token,
    "old_token": _change_token,
    "attendance_type": _write_attendance_type,
    "user_photo": _add_user_photo,
    "batch": _make_batch,
    "unknown_operation": _rename_operation,
    "shuffle_keys": _shuffle_keys,
}


def rewrite(plain: bytes, do: str, by: Rewriting) -> bytes:
    """The bytes a fault makes of a callback; the same bytes when it concerns only how they are sent."""
    if do == "escape":
        return _escaped(plain.decode()).encode()
    change = _REWRITES.get(do)
    if change is None:
        return plain
    return msgspec.json.encode(change(msgspec.json.decode(plain), by))


def _escaped(text: str) -> str:
    """What JSON allows and string matching does not survive: `\\/`, and `\\uXXXX` for everything beyond ASCII."""
    return _BEYOND_ASCII.sub(_as_units, text.replace("/", "\\/"))


def _as_units(character: re.Match[str]) -> str:
    """`\\uXXXX`, beyond the first plane as the two halves of UTF-16."""
    digits = character[0].encode("utf-16-be").hex()
    return "".join("\\u" + digits[start : start + 4] for start in range(0, len(digits), 4))


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
