"""What the knobs of the RESTful side, of encryption there and of single operations show to a client."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress
from typing import Any

import aiohttp
from knob_world import Case, Outcome, Value, World, shows
from running_sim import KEY, NOW, TOKEN

from camsim.protocol import cipher
from camsim.protocol.timestamps import gmt

INFORMATION = {"Load": {"DeviceInformation": "All"}}
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2030-12-31 00:00:00 GMT +0000"}
LOG = {"Load": {"PunchLog": {"Filter": EVER}}}
ENROLL = {"Enroll": {"User": {"UserID": "1", "Type": "Fingerprint"}}}
TEN_S = {"rest.latency": "15s"}


def _delete(user: str = "1") -> dict[str, Any]:
    return {"Delete": {"User": {"UserID": user}}}


def _add(data: str) -> dict[str, Any]:
    template = {"Type": "Fingerprint", "UserID": "9", "Index": "0", "Size": "200", "Data": data}
    return {"Add": {"User": {"UserID": "9"}, "Template": [template]}}


# --- answers (V3:173-190) ---------------------------------------------------------------------------------------------


@shows("rest.http_status", ("always_200", (200, 9)), ("mapped", (404, 9)))
def http_status(world: World, value: Value) -> Outcome:
    """ "RESTful API responses include a numeric StatusCode" (V3:173); of an HTTP status the page says nothing."""
    answer = world.case("rest.http_status", value).rest(_delete("77"))
    return answer.status, answer.code


@shows("rest.status_text", ("label", "User Not Found"), ("enum", "API_RESPONSE_USER_NOT_FOUND"))
def status_text(world: World, value: Value) -> Outcome:
    """The label of V3:185, or the form of live answers."""
    return world.case("rest.status_text", value).rest(_delete("77")).message["Status"]


@shows("rest.mode", ("hold", 5), ("accept", 0))
def mode(world: World, value: Value) -> Outcome:
    """ "The engine queues the command and the device acknowledges" (V3:54): is the answer the device's?"""
    case = world.case("rest.mode", value, online=False)
    call = case.later(INFORMATION)
    case.advance(31)
    return call.result(5).code


@shows("rest.latency", ("15s", (True, False)), (0, (False, False)), ("2m", (True, True)))
def latency(world: World, value: Value) -> Outcome:
    """ "Approximately 15 seconds" (V3:1187): who waits after 1.9 s, and after 28.1 s."""
    case = world.case("rest.latency", value, {"rest.timeout": "1h"})
    call = case.later(INFORMATION)
    case.advance(1.9)
    early = case.waits()
    case.advance(26.2)
    late = case.waits()
    case.advance(1000)
    assert call.result(5).code == 0
    return early, late


@shows("rest.timeout", ("30s", True), ("10s", False))
def timeout(world: World, value: Value) -> Outcome:
    """ "Within the timeout window" (V3:182): who waits for an offline device after 11 s."""
    case = world.case("rest.timeout", value, online=False)
    call = case.later(INFORMATION)
    case.advance(11)
    waits = case.waits()
    case.advance(20)
    assert call.result(5).code == 5
    return waits


@shows("rest.offline_reply", ("after_timeout", True), ("immediate", False))
def offline_reply(world: World, value: Value) -> Outcome:
    """5 "if the device doesn't respond within the timeout window" (V3:1193), or because it is offline (V3:181)."""
    case = world.case("rest.offline_reply", value, online=False)
    call = case.later(INFORMATION)
    waits = case.waits()
    case.advance(31)
    assert call.result(5).code == 5
    return waits


@shows("rest.after_5", ("keep", 9), ("drop", 0))
def after_5(world: World, value: Value) -> Outcome:
    """ "Delivers it automatically when the device reconnects" (V3:1193): the answer to the same deletion afterwards."""
    case = world.case("rest.after_5", value, online=False)
    call = case.later(_delete())
    case.advance(31)
    assert call.result(5).code == 5
    case.do("online")
    case.idle()
    return case.code(_delete())


@shows("rest.after_6", ("executed", {9}), ("dropped", {0}), ("seeded", {0, 9}))
def after_6(world: World, value: Value) -> Outcome:
    """ "The device did not acknowledge" (V3:182): answers to the same deletions afterwards."""
    case = world.case("rest.after_6", value, {"rest.latency": "15s", "rest.timeout": "1s"})
    devices = [case.stgid, *(case.add(f"{case.stgid}-{n}") for n in range(7))]
    calls = [case.later(_delete(), stgid) for stgid in devices]
    case.advance(60)
    assert {call.result(5).code for call in calls} == {6}
    world.api("PATCH", "config", {"rest.latency": 0})
    return {case.code(_delete(), stgid) for stgid in devices}


# --- what is taken (V3:144-149, 177-179) ------------------------------------------------------------------------------


@shows("rest.strictness", ("lenient", (0, 0)), ("doc", (3, 0)), ("strict", (3, 3)))
def strictness(world: World, value: Value) -> Outcome:
    """A member in another spelling than "UserID" (V3:1018), and one that the page does not print at all."""
    case = world.case("rest.strictness", value)
    misspelt = case.code({"Delete": {"User": {"UserId": "1"}}})
    return misspelt, case.code(INFORMATION, Extra="1")


@shows("rest.stgid_alias", (False, 2), (True, 0))
def stgid_alias(world: World, value: Value) -> Outcome:
    """ "Does not match any registered device" (V3:178): the serial number as stgid."""
    serial = f"ALIAS{value}"
    return world.case("rest.stgid_alias", value, serial=serial).code(INFORMATION, serial)


@shows("rest.max_body", (8_388_608, 200), (1024, 413))
def max_body(world: World, value: Value) -> Outcome:
    """A body of 3,000 bytes; of a limit the page says nothing."""
    case = world.case("rest.max_body", value)
    body = json.dumps({"OperationID": "op1", "AuthToken": TOKEN, "Time": NOW, **INFORMATION}).encode()
    return world.sim.post(body + b" " * 3000, f"stgid={case.stgid}").status


@shows("licence.v3_code", (2, 2), (3, 3), (5, 5), (15, 15), (999, 999), ("no_answer", "closed without an answer"))
def licence_code(world: World, value: Value) -> Outcome:
    """ "No new callbacks or RESTful commands will be processed" (V3:1232)."""
    case = world.case("licence.v3_code", value)
    case.patch(licence_end=gmt(case.now - 1))
    with suppress(aiohttp.ServerDisconnectedError):
        return case.code(INFORMATION)
    return "closed without an answer"


@shows("rest.switched_off", (15, 15), (33, 33))
def switched_off(world: World, value: Value) -> Outcome:
    """ "Not supported by this device model or communication mode" (V3:189), where the switch Restful API is off."""
    return world.case("rest.switched_off", value, restful_api=False).code(INFORMATION)


# --- encryption (V3:1084-1101) ----------------------------------------------------------------------------------------


@shows("enc.errors", ("encrypted", False), ("plain", True))
def errors_in_clear(world: World, value: Value) -> Outcome:
    """ "All raw JSON payloads are encrypted" (V3:1085): is an error in clear?"""
    case = world.case("enc.errors", value, security_key=KEY)
    body = json.dumps({"OperationID": "op1", "AuthToken": TOKEN, "Time": NOW, **_delete("77")}).encode()
    answer = world.sim.post(cipher.encrypt(KEY, body), f"stgid={case.stgid}").body
    plain = answer if answer.startswith(b"{") else cipher.decrypt(KEY, answer)
    assert json.loads(plain)["StatusCode"] == 9
    return plain == answer


@shows("enc.mode_mismatch", (13, 13), (19, 19))
def mode_mismatch(world: World, value: Value) -> Outcome:
    """ "The security key … does not match" (V3:188): a plain request to a device with a key."""
    return world.case("enc.mode_mismatch", value, security_key=KEY).code(INFORMATION)


# --- operations -------------------------------------------------------------------------------------------------------


@shows("loadlog.status_code", ("omit", False), ("include", True))
def loadlog_status_code(world: World, value: Value) -> Outcome:
    """The printed answer of LoadLog has none (V3:498), though "responses include a StatusCode field" (V3:1195)."""
    return "StatusCode" in world.case("loadlog.status_code", value).rest(LOG).message


@shows("loadlog.paging", ("off", ("60", 60, False)), ("offset", ("50", 50, True)))
def loadlog_paging(world: World, value: Value) -> Outcome:
    """The v3 page prints rows without an OffSet (V3:501); live answers have 50 of them."""
    told = world.case("loadlog.paging", value, logs=60).rest(LOG).message["PunchLog"]
    return told["ReturnRowCount"], len(told["Log"]), "OffSet" in told


@shows("devinfo.offline", (5, 5), ("cached", 0))
def devinfo_offline(world: World, value: Value) -> Outcome:
    """ "From the device" (V3:516): what an offline one has to say."""
    case = world.case("devinfo.offline", value, online=False)
    call = case.later(INFORMATION)
    case.advance(31)
    return call.result(5).code


@shows("add.existing", (8, (8, 9)), ("upsert", (0, 0)))
def add_existing(world: World, value: Value) -> Outcome:
    """ "For a UserID that already exists" (V3:184); whether the new card has come shows in a second user's."""
    case = world.case("add.existing", value)
    card = {"Type": "Card", "UserID": "1", "Data": "4711"}
    added = case.code({"Add": {"User": {"UserID": "1", "FirstName": "New"}, "Template": [card]}})
    stored = [user for user in world.api("GET", f"devices/{case.stgid}/users")["users"] if user["first_name"] == "New"]
    return added, 0 if stored else 9


@shows("enroll.person", ("comes", (1, 0)), ("absent", (0, 6)), ("cancels", (0, 0)))
def enroll_person(world: World, value: Value) -> Outcome:
    """ "The user must be physically present" (V3:994): callbacks after 25 s, and the answer to another session."""
    case = world.case("enroll.person", value)
    assert case.code(ENROLL) == 0
    case.advance(25)
    came = len(case.taken)
    again = case.later(ENROLL)
    case.advance(31)
    return came, again.result(5).code


@shows("template.placeholders", ("accept", 0), ("reject", 10))
def placeholders(world: World, value: Value) -> Outcome:
    """A template as the page prints it, shortened by "..." (V3:617)."""
    return world.case("template.placeholders", value).code(_add("TW9TUzIxAAAELC4ECAUHCc7Q..."))


@shows("template.content", ("header", 10), ("any", 0))
def content(world: World, value: Value) -> Outcome:
    """ "Corrupt or in an unsupported format" (V3:186): 200 bytes that are no print."""
    return world.case("template.content", value).code(_add(b64encode(b"\0\1" * 100).decode()))


@shows("device.echo_rest_changes", (False, []), (True, ["UserDeleted"]))
def echo(world: World, value: Value) -> Outcome:
    """ "Manually deleted directly on the device" (V3:200): what a deletion by REST tells."""
    case = world.case("device.echo_rest_changes", value)
    assert case.code(_delete()) == 0
    case.idle()
    return _told(case)


def _told(case: Case) -> list[str]:
    return [next(key for key in item.frame if key in ("UserDeleted", "UserUpdated")) for item in case.taken]
