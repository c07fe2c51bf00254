"""Faults that change what a callback says: the bytes they make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from camsim import chance
from camsim.protocol.timestamps import gmt


def _retold(message: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    frame = message["RealTime"]
    frame["OperationID"], frame["Time"] = facts["operation_id"], gmt(facts["now_s"], 0)
    return message


def _token(message: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    frame = message.get("RealTime") or message.get("ApiRequestInfo") or {}
    frame["AuthToken"] = facts["token"]
    return message


def _attendance_type(message: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    punch = message.get("RealTime", {}).get("PunchLog")
    if punch and "Type" in punch:
        message["RealTime"]["PunchLog"] = {("AttendanceType" if k == "Type" else k): v for k, v in punch.items()}
    return message


def _user_photo(message: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    body = message.get("RealTime", {}).get("UserUpdated")
    for item in body.get("Template", []) if body else []:
        if item.get("Type") == "UserPhoto":
            data = item["Data"]
            body["Photo"] = {"Type": "Base64", "Size": str(len(data)), "Data": data, "UserId": item["UserID"]}
    return message


def _batch(message: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    punch = message.get("RealTime", {}).get("PunchLog")
    if not punch:
        return message
    row = {"UserID": punch["UserId"], "Type": punch.get("Type", ""), "LogTime": punch["LogTime"]}
    return {"PunchLog": {"ReturnRowCount": "1", "Log": [row]}}


def _unknown_operation(message: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    frame = message.get("RealTime")
    if frame is None:
        message.get("ApiRequestInfo", {})["Operation"] = "FutureOperation"
        return message
    known = ("PunchLog", "UserUpdated", "UserDeleted", "DateModified", "Log")
    return {"RealTime": {("FutureOperation" if key in known else key): value for key, value in frame.items()}}


def _shuffle_keys(message: Any, facts: Mapping[str, Any]) -> Any:
    if isinstance(message, dict):
        keys = chance.shuffled(list(message), facts["seed"], facts["device"], "shuffle_keys", facts["n"])
        return {key: _shuffle_keys(message[key], facts) for key in keys}
    if isinstance(message, list):
        return [_shuffle_keys(item, facts) for item in message]
    return message


_REWRITES: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any]], Any]] = {
    "duplicate_new": _retold,
    "wrong_token": _token,
    "old_token": _token,
    "attendance_type": _attendance_type,
    "user_photo": _user_photo,
    "batch": _batch,
    "unknown_operation": _unknown_operation,
    "shuffle_keys": _shuffle_keys,
}


def rewrite(plain: bytes, do: str, facts: Mapping[str, Any]) -> bytes:
    """The bytes a fault makes of a callback; the same bytes when it concerns only how they are sent."""
    if do == "escape":
        text = plain.decode().replace("/", "\\/")
        return "".join(c if ord(c) < 128 else _escaped(c) for c in text).encode()
    change = _REWRITES.get(do)
    if change is None:
        return plain
    return msgspec.json.encode(change(msgspec.json.decode(plain), facts))


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
