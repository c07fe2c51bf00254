"""Faults that change what a callback says: the bytes they make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from camsim import chance
from camsim.protocol.timestamps import gmt

Message = dict[str, Any]


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
    frame = message["RealTime"]
    frame["OperationID"], frame["Time"] = by.operation_id, gmt(by.now_s, 0)
    return message


def _change_token(message: Message, by: Rewriting) -> Message:
    frame = message.get("RealTime") or message.get("ApiRequestInfo") or {}
    frame["AuthToken"] = by.token
    return message


def _write_attendance_type(message: Message, by: Rewriting) -> Message:
    """`AttendanceType` for `Type`, as some live gateways write it."""
    punch = message.get("RealTime", {}).get("PunchLog")
    if punch and "Type" in punch:
        message["RealTime"]["PunchLog"] = {("AttendanceType" if k == "Type" else k): v for k, v in punch.items()}
    return message


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
    known = ("PunchLog", "UserUpdated", "UserDeleted", "DateModified", "Log")
    return {"RealTime": {("FutureOperation" if key in known else key): value for key, value in frame.items()}}


def _shuffle_keys(message: Any, by: Rewriting) -> Any:
    if isinstance(message, dict):
        keys = chance.shuffled(list(message), by.seed, by.device, "shuffle_keys", by.n)
        return {key: _shuffle_keys(message[key], by) for key in keys}
    if isinstance(message, list):
        return [_shuffle_keys(item, by) for item in message]
    return message


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
        text = plain.decode().replace("/", "\\/")
        return "".join(c if ord(c) < 128 else _escaped(c) for c in text).encode()
    change = _REWRITES.get(do)
    if change is None:
        return plain
    return msgspec.json.encode(change(msgspec.json.decode(plain), by))


def _escaped(character: str) -> str:
    """`\\uXXXX`, beyond the first plane as the two halves of UTF-16."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
