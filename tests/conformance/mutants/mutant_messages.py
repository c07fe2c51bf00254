"""The callbacks that are said to every variant, v3 and v2: printed ones, and one for each thing to get wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from camsim import resources

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
V2_TOKEN = "k3wgUszWcH4EjXM7sUWI38yJPkXhmvao"
BASE = datetime(2024, 5, 6, 9, 0, 0, tzinfo=UTC)


def v3(**frame: Any) -> dict[str, Any]:
    head = {"OperationID": f"op{len(json.dumps(frame))}", "LabelName": "Gate/1", "SerialNumber": "SN1"}
    return {
        "RealTime": head | frame | {"AuthToken": frame.get("AuthToken", TOKEN), "Time": "2024-05-06 04:00:00 GMT +0000"}
    }


def stamp(minutes: float, offset: str = "+0530") -> str:
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:])) * (-1 if offset[0] == "-" else 1)
    return f"{BASE + timedelta(minutes=minutes) + shift:%Y-%m-%d %H:%M:%S} GMT {offset}"


def punch(user: str, minutes: float = 0, offset: str = "+0530", **item: Any) -> dict[str, Any]:
    base = {"Type": "CheckIn", "InputType": "Face", "UserId": user, "LogTime": stamp(minutes, offset)}
    return {"PunchLog": base | item}


def update(user: str | None, *templates: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"UserID": user, "FirstName": "Asha", "LastName": "Rao"} if user else {}
    return {"UserUpdated": told | {"Template": list(templates)} | more}


def template(kind: str, index: str | None, data: str, user: str = "") -> dict[str, Any]:
    return {"Type": kind, "Data": data} | ({"Index": index} if index else {}) | ({"UserID": user} if user else {})


def v3_messages() -> Iterator[dict[str, Any]]:
    """Callbacks of v3: printed ones, then one for each thing a receiver can get wrong."""
    yield from (sample["request"] for sample in resources.load("fixtures", "vendor", "v3.json")[:11])
    for kind in ("CheckOut", "BreakOut", "BreakIn", "OverTimeIn", "OverTimeOut", "MealIn", "MealOut", "Siesta"):
        yield v3(**punch("types", len(kind) * 100 + ord(kind[0]), Type=kind))
    for method in ("Card", "Password", "Palm"):
        yield v3(**punch("inputs", ord(method[1]), InputType=method))
    for user in ("007", "7", "E1a", "e1a", "a-b", "a_b", "O'Brien"):
        yield v3(**punch(user))
    for n, offset in enumerate(("-0330", "+0545", "+1400", "+0000", "+0100")):
        yield v3(**punch(f"20{n}", 5, offset))
    for minutes in (600, 0, 0.1, 0.75, 30, -1440, 30, 601):
        yield v3(**punch("order", minutes))
    yield v3(**punch("zones", 0, "+0530"))
    yield v3(**punch("zones", 30, "+0000"))
    yield from (v3(**punch("day", n * 20, Type="CheckOut" if n % 2 else "CheckIn")) for n in range(12))
    for again in ({}, {"OperationID": "other"}, {"OperationID": "third", "Note": 1}):
        yield v3(**punch("dup"), **again)
    yield v3(**punch("dup", 60))
    yield v3(**punch("dup"))
    late = v3(**punch("dup"))
    late["RealTime"]["Time"] = "2024-05-06 05:00:00 GMT +0000"
    yield late
    yield from (v3(**punch("two-doors", n), SerialNumber=f"SN{n}") for n in range(2))
    for health in ({"Temperature": 37.25, "FaceMask": True}, {"Temperature": "36.8"}, {"FaceMask": False}):
        yield v3(**punch(f"health{len(str(health))}", **health))
    bare = v3(**punch("bare", InputType=None))
    del bare["RealTime"]["LabelName"], bare["RealTime"]["SerialNumber"]
    yield bare
    yield v3(**punch("odd", LogTime="soon"))
    yield from _photos()
    yield from _users()
    yield v3(AuthToken="wrong", **punch("forged"))
    yield v3(AuthToken=TOKEN[:-1], **punch("forged", 1))
    yield v3(AuthToken=TOKEN.swapcase(), **punch("forged", 2))
    yield v3(AuthToken="", **punch("forged", 3))
    yield v3(AuthToken="wrong", **update("forged", template("Card", None, "1")))
    yield v3(DoorOpened={"At": 1})


def _photos() -> Iterator[dict[str, Any]]:
    for user, minutes in (("photo", 0), ("photo", 0), ("photo", 9)):
        yield v3(Log={"UserID": user, "LogPhoto": "A" * 12_000, "LogTime": stamp(minutes)})
    yield v3(**punch("photo"))


def _users() -> Iterator[dict[str, Any]]:
    yield v3(**update(None, template("Fingerprint", "0", "AAAA", "new")))
    yield v3(**update("new"))
    yield v3(
        **update("u", template("Fingerprint", "0", "AAAA"), template("Palm", "0", "AAAB"), template("Card", None, "1"))
    )
    yield v3(**update("u", template("Fingerprint", "0", "AAAC")))
    yield v3(**update("u", template("Fingerprint", "1", "AAAD")))
    yield v3(**update("u", template("Face", "0", "B" * 40_000)))
    yield v3(**update("u", template("Card", None, "1"), FirstName="", LastName=""))
    yield v3(**update("u2", FirstName="Müller", LastName="小明"))
    shared = {"OperationID": "shared"}
    yield v3(**update("u", template("Password", None, "0042"), FirstName="", LastName=""), **shared)
    yield v3(**update("u", template("UserPhoto", None, "AAAA")), **shared)
    yield v3(**update("stays", template("Card", None, "2")))
    yield v3(**update("u", FirstName="O'Hara"))
    yield v3(**update("gone", template("Card", None, "3")))
    yield v3(**punch("gone"))
    yield v3(UserDeleted={"UserID": "gone"})
    yield v3(UserDeleted={"UserID": "gone"})


def v2(operation: str, user: str, data: Any = "", *, tag: str = "ST-1", **info: Any) -> dict[str, Any]:
    base = {"AuthToken": V2_TOKEN, "Operation": operation, "UserId": user, "OperationTime": "1714986000"}
    return {"ServiceTagId": tag, "ApiRequestInfo": base | {"OperationReferenceId": "", "OperationData": data} | info}


def signature(kind: str, part: str, data: str = "AAAA") -> dict[str, str]:
    return {"Template": data, "Type": kind, "AdditionalData1": part, "AdditionalData2": ""}


def v2_user(*items: dict[str, str], name: str = "") -> dict[str, Any]:
    return {"Name": name, "FirstName": "", "LastName": "", "Priority": "", "Signature": list(items)}


def v2_messages() -> Iterator[dict[str, Any]]:
    """Callbacks of v2, in the same spirit."""
    for n, kind in enumerate(("CheckIn", "CheckOut", "BreakOut", "OverTimeIn", "MealStart", "MealEnd", "None")):
        data = {"AttendanceType": kind, "InputType": "Card", "Temperature": "36.8", "FaceMask": "true"}
        yield v2("RealTimePunchLog", "types", data, OperationTime=str(1714986000 + n * 900))
    plain = {"AttendanceType": "CheckIn", "InputType": "Face"}
    for tag in ("ST-1", "ST-1", "ST-2"):
        yield v2("RealTimePunchLog", "dup", plain, tag=tag)
    yield v2("RealTimePunchLog", "007", plain)
    yield from (v2("RealTimePunchLog", "order", plain, OperationTime=str(1714986000 + n)) for n in (90000, 0, 30, 3600))
    yield from (v2("RealTimePunchLog", "day", plain, OperationTime=str(1714986000 + n * 1200)) for n in range(12))
    yield v2("RealTimePunchLog", "forged", plain, AuthToken="wrong")
    yield v2("RealTimePunchLog", "odd", plain, OperationTime="soon")
    yield v2("SendAttendancePhoto", "photo", {"AttendancePhoto": "A" * 20_000})
    card, pin = signature("Card", "", "17"), signature("Password", "", "0042")
    yield v2("ManuallyUserUpdated", "u", v2_user(card, pin, name="Asha Müller"))
    yield from (v2("ManuallyUserUpdated", "u", v2_user(signature("Face", str(part)))) for part in range(1, 14))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("Fingerprint", "6"), name="Garbage"))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("Fingerprint", "6", "AAAB")))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("Fingerprint", "3")))
    yield v2("ManuallyUserUpdated", "new", v2_user(signature("Palm", "1")))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("UserPhoto", "")))
    yield v2("ManuallyUserUpdated", "u2", v2_user(name="Ravi"))
    yield v2("ManuallyUserUpdated", "u2", v2_user(name="Rajiv"))
    yield v2("ManuallyUserUpdated", "gone", v2_user(card, name="Ravi"))
    yield v2("RealTimePunchLog", "gone", plain)
    yield v2("ManuallyUserDeleted", "gone")
    yield v2("ManuallyDateModified", "")
    for operation in ("AddUser", "DeleteUser", "ClearLog"):
        yield v2(operation, "u", {"StatusCode": "0", "Status": "done"}, OperationReferenceId="ref1")
    yield v2("AddUser", "stranger", {"StatusCode": "0", "Status": "done"}, OperationReferenceId="ref2")
    yield v2("RealTimePunchLog", "new-id", plain, OperationReferenceId=None)


def people(messages: list[dict[str, Any]]) -> list[str]:
    """Every user id that is mentioned, as it stands and as careless receivers change it."""
    text = json.dumps(messages)
    ids = {"1", "2", "3", "5", "8", "types", "inputs", "7", "E1a", "e1a", "a-b", "a_b", "ab", "O'Brien", "007", ""}
    ids |= {
        "order",
        "zones",
        "day",
        "dup",
        "two-doors",
        "bare",
        "odd",
        "photo",
        "new",
        "u",
        "u2",
        "stays",
        "gone",
        "forged",
        "new-id",
    }
    return sorted(
        ids | {f"20{n}" for n in range(5)} | {f"health{n}" for n in range(10, 60) if f"health{n}" in text} | {"race"}
    )
