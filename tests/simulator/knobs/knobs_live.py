"""What the knobs of live systems show to a client: what no page prints, and public programs were seen to rely on."""

from __future__ import annotations

from typing import Any

from knob_world import Case, Outcome, Value, World, shows
from knobs_rest import INFORMATION, LOG
from wire_v2 import FORM

USERS = {"Load": {"UserInfo": "All"}}


@shows("rest.missing_operation_id", ("refuse", (1, "")), ("serve", (0, "")))
def missing_operation_id(world: World, value: Value) -> Outcome:
    """An OperationID that is the empty text; where it is absent `refuse` answers 3 (V3:144)."""
    answer = world.case("rest.missing_operation_id", value).rest(INFORMATION, OperationID="").message
    return answer["StatusCode"], answer["OperationID"]


@shows("load.user_info", ("off", (3, 0, [])), ("answer", (0, 3, [])), ("both", (0, 3, ["Load"])))
def user_info(world: World, value: Value) -> Outcome:
    """The code, how many users come back, and the roots of the callbacks that follow."""
    case = world.case("load.user_info", value, load_user_data=True)
    answer = case.rest(USERS).message
    case.idle()
    return answer["StatusCode"], len(answer.get("Load", {}).get("UserInfo", [])), _roots(case)


def _roots(case: Case) -> list[str]:
    return [root for item in case.taken for root in item.message]


@shows("rest.sync_words", ("refuse", (3, 1)), ("serve", (0, 2)))
def sync_words(world: World, value: Value) -> Outcome:
    """ReloadLog: the code, and how often a punch has been told then."""
    case = world.case("rest.sync_words", value)
    case.punch()
    case.idle()
    code = case.code({"ReloadLog": "All"})
    case.idle()
    return code, len(case.frames("PunchLog"))


@shows("loadlog.switched_off", (15, 15), (33, 33), (38, 38))
def log_switched_off(world: World, value: Value) -> Outcome:
    """LoadLog while the switch LoadPunchLog is off."""
    return world.case("loadlog.switched_off", value, load_punch_log=False).code(LOG)


@shows("rest.not_in_plan", (15, 15), (33, 33), (35, 35))
def not_in_plan(world: World, value: Value) -> Outcome:
    """An operation that the plan does not have."""
    return world.case("rest.not_in_plan", value, without_operations=["LoadLog"]).code(LOG)


@shows("rest.wrong_version", (3, 3), (29, 29))
def wrong_version(world: World, value: Value) -> Outcome:
    """A v3 request to a v2 device."""
    return world.case("rest.wrong_version", value, protocol="v2").code(INFORMATION)


@shows("rest.busy", ("queue", [0, 0]), (37, [0, 37]))
def busy(world: World, value: Value) -> Outcome:
    """Two calls at once: to a device, and to another of its group."""
    case = world.case("rest.busy", value, {"rest.latency": "15s"}, group="hall")
    calls = [case.later(INFORMATION), case.later(INFORMATION, case.add(f"{case.stgid}-2", group="hall"))]
    case.advance(60)
    return [call.result(5).code for call in calls]


@shows("rest.api1", ("off", (404, False)), ("on", (200, True)))
def api_1(world: World, value: Value) -> Outcome:
    """A form to API 1.0: the HTTP status, and whether the user is on the device then."""
    case = world.case("rest.api1", value)
    form = f"stgid={case.stgid}&uid=77&uname=Asha".encode()
    status = world.sim.post(form, "", "/external/1.0/user/add", Content_Type=FORM).status
    users = world.api("GET", f"devices/{case.stgid}/users")["users"]
    return status, "77" in [user["user"] for user in users]


def _rows(case: Case) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = case.rest(LOG).message["PunchLog"]["Log"]
    return rows


@shows("loadlog.user_key", ("UserID", ["UserID"]), ("UserId", ["UserId"]))
def user_key(world: World, value: Value) -> Outcome:
    """How a row of LoadLog spells the user (V3:502)."""
    case = world.case("loadlog.user_key", value)
    case.punch()
    return [key for key in _rows(case)[0] if key.lower() == "userid"]


@shows("loadlog.only_undelivered", (False, 1), (True, 0))
def only_undelivered(world: World, value: Value) -> Outcome:
    """Rows of LoadLog after their callback was acknowledged."""
    case = world.case("loadlog.only_undelivered", value)
    case.punch()
    case.idle()
    return len(_rows(case))


@shows("v2.vendor_samples", ("refuse", 9), ("accept", 0))
def vendor_samples(world: World, value: Value) -> Outcome:
    """EndTime "0" of the vendor's v2 samples."""
    case = world.case("v2.vendor_samples", value, protocol="v2")
    return case.v2("LoadPunchLog", data={"StartTime": "1", "EndTime": "0", "OffSet": ""})["StatusCode"]
