"""Callbacks under the conditions of some variants: odd moments, frames, ids, tokens, and what changes what stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mutant_messages import TOKEN, V2_TOKEN, punch, signature, stamp, template, update, v2, v2_user, v3

IDS = ("1234567890", "123456789", "99999999999", "2147483647")
QUOTED = "x' OR UserId='u"
SMILE = "Ana \U0001f600 Rao"
LONG = "Wilhelmina-Alexandrina-Maria"
# Tokens and types of one moment: a forgery, the truth, and a forgery of what stands by then.
WRONG = {"AuthToken": "wrong"}
CHECKED: tuple[tuple[dict[str, str], str], ...] = ((WRONG, "CheckIn"), ({}, "CheckIn"), (WRONG, "CheckOut"))
PEOPLE = (
    *("second", "label", "midnight", "alone", "walls", "snap", "named", "back", "late", "card", "like"),
    *("crowd", "gone", "checked", "feedback", *IDS, QUOTED),
)
PATTERNS: tuple[Any, ...] = ("%", ".*", {"$ne": ""}, [TOKEN])


def v3_conditions() -> Iterator[dict[str, Any]]:
    """Of v3."""
    yield v3(**punch("second"), AuthToken=V2_TOKEN, SerialNumber="SN9")
    yield from _v3_beside()
    yield v3(**punch("label"), LabelName="Tür")
    yield v3(**punch("midnight", LogTime="2024-05-06 00:00:00 GMT +0530"))
    yield v3(**punch("alone", LogTime="2024-05-06 06:00:00 GMT +0530", Type="CheckOut"))
    for minutes, offset in ((330, "+0530"), (0, "+0530"), (270, "+0100")):
        yield v3(**punch("walls", minutes, offset))
    yield v3(**punch("snap", Type="CheckOut", FaceMask=True))
    yield v3(Log={"UserID": "snap", "LogPhoto": "AAAA", "LogTime": stamp(0)})
    yield from (v3(**punch(user)) for user in (*IDS, QUOTED))
    yield v3(**update("named", LastName="Lin"))
    yield v3(**update(None, template("Fingerprint", "0", "AAAA", "named"), template("Card", None, "0017", "named")))
    yield v3(**punch("named"))
    yield v3(**update("named", FirstName="Ana", LastName="Lee"))
    yield v3(UserDeleted={"UserID": "named"})
    yield v3(**punch("named", -600))
    yield v3(**update("back", template("Fingerprint", "1", "AAAA")))
    yield v3(UserDeleted={"UserID": "back"})
    yield v3(**update("back", template("Card", None, "0017")))
    yield v3(**update("card", template("Fingerprint", "2", "AAAA"), template("Card", None, "0017"), FirstName=SMILE))
    yield v3(**update("late", LastName=LONG))
    yield v3(**update(None, template("Face", "0", "AAAA", "card")))
    yield v3(UserDeleted={"UserID": "alone"})
    yield v3(**punch("alone", -700))
    for token in PATTERNS:
        yield v3(AuthToken=token, **punch("like"))
    yield v3(AuthToken="wrong", **update(None, template("Face", "0", "AAAA", "like")))
    yield from (v3(**punch("full", n * 11)) for n in (*range(60), 0))
    for seconds, type_, degrees in _crowd():
        yield v3(**punch("crowd", seconds / 60, Type=type_, Temperature=degrees))
    yield v3(**punch("crowd", -3000), SerialNumber="SN9")
    yield v3(**update("gone"))
    yield v3(**punch("gone", 60))
    yield v3(UserDeleted={"UserID": "gone", "OperationTime": stamp(0)})


def _v3_beside() -> Iterator[dict[str, Any]]:
    """Truth and forgery of one moment and person; then somebody with much who changes, and changes back."""
    for token, type_ in CHECKED:
        yield v3(**token, **punch("checked", Type=type_))
    yield v3(**update("checked", template("Fingerprint", "0", "AAAA")))
    yield v3(AuthToken="wrong", UserDeleted={"UserID": "checked"})
    fingers = [template("Fingerprint", str(n), "AAAA") for n in range(3)]
    much = update("feedback", *fingers, FirstName="Ina", UserType="Admin")
    yield v3(**update("feedback", template("Face", "0", "AAAA"), template("Password", None, "0042")))
    yield v3(**much)
    yield v3(**update("feedback", FirstName="Ana"))
    yield v3(**much)


def _crowd() -> Iterator[tuple[int, str, str]]:
    """Seconds, Type and Temperature of what one person punches: quick pairs, three in a minute, a fever, noon, many."""
    yield from ((0, "CheckIn", "36.8"), (4, "CheckOut", "36.8"), (6, "CheckIn", "36.8"))
    yield from ((3600, "BreakOut", "36.8"), (3630, "BreakIn", "36.8"), (7200, "None", "38.4"))
    yield from ((n * 1200 - 86400, "CheckIn", "36.8") for n in range(72))


def v2_conditions() -> Iterator[dict[str, Any]]:
    """Of v2."""
    plain = {"AttendanceType": "CheckIn", "InputType": "Face"}
    out = plain | {"AttendanceType": "CheckOut", "FaceMask": "true"}
    yield v2("RealTimePunchLog", "second", plain, tag="SN1")
    yield from _v2_beside()
    # 06 May 2024: nought o'clock, and six in the morning.
    yield v2("RealTimePunchLog", "midnight", plain, OperationTime="1714953600")
    yield v2("RealTimePunchLog", "alone", out, OperationTime="1714975200")
    yield v2("RealTimePunchLog", "snap", out)
    yield v2("SendAttendancePhoto", "snap", {"AttendancePhoto": "AAAA"})
    yield v2("SendAttendancePhoto", "walls", {"AttendancePhoto": "AAAA"})
    yield v2("RealTimePunchLog", "walls", plain)
    yield v2("RealTimePunchLog", "label", {"AttendancePhoto": "AAAA"})
    yield from (v2("RealTimePunchLog", user, plain) for user in (*IDS, QUOTED))
    yield v2("ManuallyUserUpdated", "named", v2_user(name="Ina"))
    yield v2("ManuallyUserUpdated", "named", v2_user(signature("Card", "", "0017")))
    yield v2("RealTimePunchLog", "named", plain)
    yield v2("AddUser", "named", {"StatusCode": "0", "Status": "done"}, OperationReferenceId="ref9")
    yield v2("RealTimePunchLog", "named", plain, OperationTime="1714986660")
    yield v2("ManuallyUserUpdated", "named", v2_user(name="Ana"))
    yield v2("ManuallyUserUpdated", "back", v2_user(signature("Fingerprint", "1")))
    yield v2("ManuallyUserDeleted", "back")
    yield v2("ManuallyUserUpdated", "back", v2_user(name="Back"))
    yield v2("ManuallyUserUpdated", "card", v2_user(signature("Card", "", "0018"), name=f"O'Brien {SMILE}"))
    yield v2("ManuallyUserUpdated", "label", v2_user(name=LONG))
    yield v2("ManuallyUserDeleted", "late")
    yield v2("RealTimePunchLog", "late", plain, OperationTime="1714900000")
    for token in PATTERNS:
        yield v2("RealTimePunchLog", "like", plain, AuthToken=token)
    yield v2("ManuallyUserUpdated", "like", v2_user(signature("Fingerprint", "1")), AuthToken="wrong")
    yield from (v2("RealTimePunchLog", "full", plain, OperationTime=str(1714986000 + n * 660)) for n in range(60))
    for seconds, type_, degrees in _crowd():
        told = plain | {"AttendanceType": type_, "Temperature": degrees}
        yield v2("RealTimePunchLog", "crowd", told, OperationTime=str(1714986000 + seconds))
    yield v2("RealTimePunchLog", "crowd", {"AttendancePhoto": "AAAA"}, OperationTime="1714986000")
    yield v2("RealTimePunchLog", "crowd", plain, OperationTime="1714900001", tag="SN1")


def _v2_beside() -> Iterator[dict[str, Any]]:
    """As in v3: truth and forgery, and somebody with much."""
    for token, type_ in CHECKED:
        yield v2("RealTimePunchLog", "checked", {"AttendanceType": type_, "InputType": "Face"}, **token)
    yield v2("ManuallyUserUpdated", "checked", v2_user(signature("Fingerprint", "1")))
    yield v2("ManuallyUserDeleted", "checked", AuthToken="wrong")
    yield v2("ManuallyUserUpdated", "feedback", v2_user(signature("Password", "", "0042"), name="Ina"))
    yield from (v2("ManuallyUserUpdated", "feedback", v2_user(signature("Fingerprint", n))) for n in "123")
    yield v2("ManuallyUserUpdated", "feedback", v2_user(name="Ana"))
    yield v2("ManuallyUserUpdated", "feedback", v2_user(signature("Password", "", "0042"), name="Ina"))
