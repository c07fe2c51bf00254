"""What the knobs of the contents of callbacks show to a receiver, v3 and v2."""

from __future__ import annotations

from base64 import b64decode

from knob_world import Case, Outcome, Value, World, shows
from running_sim import TOKEN

from camsim.protocol.timestamps import parse

AT = "2020-09-13 08:00:00 GMT +0530"
MORNING = parse(AT).epoch_s


def _punched(case: Case, **given: object) -> None:
    case.punch(**given)
    case.idle()


def _ahead(case: Case, key: str = "PunchLog", member: str = "LogTime") -> int:
    """Seconds by which the last event is later than the Time of its callback."""
    frame = case.taken[-1].frame
    return parse(frame[key][member]).epoch_s - parse(frame["Time"]).epoch_s


# --- the frame (V3:142-148) -------------------------------------------------------------------------------------------


@shows("fields.label", ("sample", (True, False)), ("always", (True, True)), ("never", (False, False)))
def label(world: World, value: Value) -> Outcome:
    """LabelName and SerialNumber: printed in #11 (V3:457), not in #1 (V3:205)."""
    case = world.case("fields.label", value)
    _punched(case)
    world.api("DELETE", f"devices/{case.stgid}/users/1")
    case.idle()
    return tuple("LabelName" in item.frame and "SerialNumber" in item.frame for item in case.taken)


@shows("time.precede", (0, 0), (1, 1))
def precede(world: World, value: Value) -> Outcome:
    """Sample #3 has a Time one second before its OperationTime (V3:254, 261)."""
    case = world.case("time.precede", value)
    case.do("users", {"user": "1", "first_name": "New"})
    case.idle()
    return _ahead(case, "UserUpdated", "OperationTime")


@shows("device.clock_offset", (0, 0), (1800, 1800))
def clock_offset(world: World, value: Value) -> Outcome:
    """Seconds of a device's clock ahead of UTC (V3:148)."""
    case = world.case("device.clock_offset", value)
    _punched(case)
    return _ahead(case)


@shows("device.clock_drift", (0, 0), (50, 4))
def clock_drift(world: World, value: Value) -> Outcome:
    """Seconds ahead after a day, of parts in a million."""
    case = world.case("device.clock_drift", value)
    case.advance(86_400)
    _punched(case)
    return _ahead(case)


@shows("opid.share_on_split", (False, 3), (True, 1))
def shared_operation_id(world: World, value: Value) -> Outcome:
    """ "A unique identifier for this operation instance" (V3:147); the samples #4 and #5 share one (V3:284, 308)."""
    case = world.case("opid.share_on_split", value)
    case.do("users", {"user": "1", "first_name": "New", "templates": ["Card", "Password"]})
    case.idle()
    return len({item.frame["OperationID"] for item in case.taken})


@shows("callback.batch", ("off", "RealTime"), ("observed", "PunchLog"))
def batch(world: World, value: Value) -> Outcome:
    """The root of a punch: `RealTime` as printed (V3:455), or the shape of a batch."""
    case = world.case("callback.batch", value)
    _punched(case)
    return next(iter(case.taken[0].message))


@shows(
    "json.style",
    ("documented", ("as printed", False)),
    ("observed", ("sorted", False)),
    ("shuffled", ("as they fall", True)),
)
def json_style(world: World, value: Value) -> Outcome:
    """Order of members (V3:455-468), and whether slashes are escaped; "raw JSON with UTF-8 encoding" (V3:1215)."""
    case = world.case("json.style", value, label="Tür 1/2")
    _punched(case)
    names = list(case.taken[0].frame)
    printed = ["OperationID", "LabelName", "SerialNumber", "PunchLog", "AuthToken", "Time"]
    order = {tuple(printed): "as printed", tuple(sorted(printed)): "sorted"}.get(tuple(names), "as they fall")
    return order, b"\\/" in case.taken[0].body


@shows("callback.wrong_token", (0, True), (1, False))
def wrong_token(world: World, value: Value) -> Outcome:
    """ "Reject any request with a mismatched token" (V3:1206): is it the device's?"""
    case = world.case("callback.wrong_token", value)
    _punched(case)
    return case.taken[0].frame["AuthToken"] == TOKEN


# --- users (V3:156-169, 240-420) --------------------------------------------------------------------------------------


CPFF = ["Card", "Password", {"type": "Fingerprint", "index": 0}, {"type": "Fingerprint", "index": 1}, "Face"]


@shows(
    "split",
    ("per_template", {(1, 1, 1, 1, 1)}),
    ("grouped", {(2, 1, 1, 1)}),
    ("by_type", {(1, 1, 2, 1)}),
    ("all", {(5,)}),
    ("seeded", {(1, 1, 1, 1, 1), (2, 1, 1, 1), (1, 1, 2, 1), (5,)}),
)
def split(world: World, value: Value) -> Outcome:
    """ "One at a time or in groups, across multiple callbacks" (V3:156): templates in each, of twelve people."""
    case = world.case("split", value, users=12)
    shapes = set()
    for user in range(1, 13):
        before = len(case.taken)
        case.do("users", {"user": str(user), "templates": CPFF})
        case.idle()
        shapes.add(tuple(len(item.frame["UserUpdated"]["Template"]) for item in case.taken[before:]))
    return shapes


@shows("face.format", ("jpeg", True), ("binary", False))
def face_format(world: World, value: Value) -> Outcome:
    """ "Base64-encoded JPEG or proprietary face binary" (V3:348): has it the header of a JPEG?"""
    case = world.case("face.format", value)
    case.do("users", {"user": "1", "templates": ["Face"]})
    case.idle()
    data = case.frames("UserUpdated")[-1]["Template"][0]["Data"]
    return b64decode(data).startswith(b"\xff\xd8\xff")


@shows("photo.observed_shape", (False, False), (True, True))
def photo_shape(world: World, value: Value) -> Outcome:
    """A photo in Template (V3:401-416), and beside it as live gateways send it."""
    case = world.case("photo.observed_shape", value)
    case.do("users", {"user": "1", "templates": ["UserPhoto"]})
    case.idle()
    return "Photo" in case.frames("UserUpdated")[-1]


@shows("reconnect.announce_users", (False, 0), (True, 3))
def announce_users(world: World, value: Value) -> Outcome:
    """Updates after a reconnect at which nobody changed anything."""
    case = world.case("reconnect.announce_users", value)
    case.do("offline")
    case.do("online")
    case.idle()
    return len(case.frames("UserUpdated"))


# --- punches (V3:420-470, 1176-1178) ----------------------------------------------------------------------------------


@shows("photo.order", ("after", ["PunchLog", "Log"]), ("before", ["Log", "PunchLog"]), ("alone", ["Log"]))
def photo_order(world: World, value: Value) -> Outcome:
    """ "This is separate from the punch log callback (#11)" (V3:1176)."""
    case = world.case("photo.order", value)
    _punched(case, photo=True)
    return [next(key for key in item.frame if key in ("PunchLog", "Log")) for item in case.taken]


@shows("temperature", ("string", "36.8"), ("number", 36.8), ("absent", None), ("empty", ""))
def temperature(world: World, value: Value) -> Outcome:
    """ "36.8" in the sample (V3:461)."""
    case = world.case("temperature", value)
    _punched(case, temperature=36.84)
    return case.frames("PunchLog")[0].get("Temperature")


@shows("facemask", ("bool", True), ("string", "true"), ("absent", None))
def facemask(world: World, value: Value) -> Outcome:
    """ "FaceMask (boolean)" (V3:1178)."""
    case = world.case("facemask", value)
    _punched(case, mask=True)
    return case.frames("PunchLog")[0].get("FaceMask")


# --- v2 ---------------------------------------------------------------------------------------------------------------


@shows("v2.epoch", ("local_as_utc", 19_800), ("true_utc", 0))
def epoch(world: World, value: Value) -> Outcome:
    """ "Already timezone adjusted" (V2:44): seconds from UTC to OperationTime, at +0530."""
    case = world.case("v2.epoch", value, protocol="v2")
    _punched(case, at=AT)
    return int(case.infos()[0]["OperationTime"]) - MORNING


@shows("v2.photo_key", ("AttendancePhoto", ["AttendancePhoto"]), ("AttendancePhotoe", ["AttendancePhotoe"]))
def photo_key(world: World, value: Value) -> Outcome:
    """`AttendancePhotoe` in the structure (V2:79), `AttendancePhoto` in the text (V2:82)."""
    case = world.case("v2.photo_key", value, protocol="v2")
    _punched(case, photo=True)
    return list(case.infos()[1]["OperationData"])


@shows("v2.lazy", ("on", [{"StatusCode": 0, "Status": "done"}]), ("off", []))
def lazy(world: World, value: Value) -> Outcome:
    """ "Two is Lazy Response" (V2:51)."""
    case = world.case("v2.lazy", value, protocol="v2")
    assert case.v2("DeleteUser", "1")["StatusCode"] == 0
    case.advance(61)
    return [info["OperationData"] for info in case.infos()]


@shows("v2.operation_time_ex", (False, None), (True, AT))
def operation_time_ex(world: World, value: Value) -> Outcome:
    """A second time beside OperationTime, only seen in the field."""
    case = world.case("v2.operation_time_ex", value, protocol="v2")
    _punched(case, at=AT)
    return case.infos()[0].get("OperationTimeEx")
