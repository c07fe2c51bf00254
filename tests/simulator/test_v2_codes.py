"""v2: each of the vendor's 16 named errors over real HTTP, and which of several is told (V2-12, V2-28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, TOKEN, Sim, device
from wire_v2 import FORM, call, dates, form, lazy, message, post, v2_device

from camsim.protocol import schemas
from camsim.protocol.statuses import LABELS_V2, StatusV2
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.synthetic import people

Start = Callable[..., Sim]
RANGE = {"StartTime": "0", "EndTime": "2000000000", "OffSet": ""}
CARD = {"Template": "102836", "Type": "Card", "AdditionalData1": "", "AdditionalData2": ""}


def user(*signature: Any, **more: Any) -> dict[str, Any]:
    """OperationData of AddUser."""
    return {"Name": "Manu Mona", "FirstName": "", "LastName": "", "Priority": "0", "Signature": list(signature), **more}


BAD_TEMPLATE = user({**CARD, "Template": "not digits"})
# code: (what is special about the device, the request's bytes)
CASES: list[tuple[StatusV2, str, dict[str, Any], bytes]] = [
    (StatusV2.INVALID_REQUEST_DATA, "no field", {}, b"other=1"),
    (StatusV2.INVALID_REQUEST_DATA, "no JSON", {}, b"request_data={"),
    (StatusV2.INVALID_REQUEST_DATA, "raw JSON", {}, b'{"ServiceTagId": "SIM1"}'),
    (StatusV2.INVALID_SERVICE_TAG_ID, "unknown tag", {}, form(message("ClearLog", tag="SIM9"))),
    (StatusV2.INVALID_SERVICE_TAG_ID, "no tag", {}, form({"ApiRequestInfo": message("ClearLog")["ApiRequestInfo"]})),
    (StatusV2.INVALID_ORIGIN_IP, "a foreign address", {"origin_ips": ["192.0.2.7"]}, form(message("ClearLog"))),
    (StatusV2.INVALID_ENCRYPTION, "the wrong key", {"security_key": KEY}, form(message("ClearLog"), "1" * 32)),
    (StatusV2.INVALID_SECURITY_KEY, "plain, a key is set", {"security_key": KEY}, form(message("ClearLog"))),
    (StatusV2.INVALID_SECURITY_KEY, "encrypted, no key is set", {}, form(message("ClearLog"), KEY)),
    (StatusV2.INVALID_SUBSCRIPTION, "licence over", {"licence_end": "2020-01-01 00:00:00"}, form(message("ClearLog"))),
    (StatusV2.INVALID_OPERATION, "unknown", {}, form(message("EnrollFingerPrint", "1"))),
    (StatusV2.INVALID_OPERATION, "none", {}, form(message("ClearLog", Operation=None))),
    (StatusV2.INVALID_AUTHTOKEN, "wrong", {}, form(message("ClearLog", AuthToken="x" * 32))),
    (StatusV2.INVALID_AUTHTOKEN, "none", {}, form(message("ClearLog", AuthToken=None))),
    (StatusV2.INVALID_OPERATION_TYPE, "a callback", {}, form(message("RealTimePunchLog", "1"))),
    (StatusV2.INVALID_OPERATION_TYPE, "the short form", {}, form(message("PunchLog", "1"))),
    (StatusV2.INVALID_OPERATION_TYPE, "no X level", {"x_level": False}, form(message("EnableMessage", "1", "hi"))),
    (StatusV2.INVALID_OPERATION_TYPE, "plan", {"without_operations": ["ClearLog"]}, form(message("ClearLog"))),
    (StatusV2.INVALID_OPERATION_TYPE, "REST is off", {"restful_api": False}, form(message("ClearLog"))),
    (StatusV2.INVALID_OPERATION_TYPE, "mode", {"mode": "file-direct"}, form(message("ClearLog"))),
    (StatusV2.INVALID_OPERATION_TYPE, "no sensor", {"model": "f35"}, form(message("EnrollFingerprint", "1"))),
    (StatusV2.INVALID_START_TIME, "no number", {}, form(message("LoadPunchLog", data={**RANGE, "StartTime": "soon"}))),
    (StatusV2.INVALID_START_TIME, "backwards", {}, form(message("LoadPunchLog", data={**RANGE, "EndTime": "-1"}))),
    (StatusV2.INVALID_USERID, "none", {}, form(message("DeleteUser"))),
    (StatusV2.INVALID_USERID, "blanks", {}, form(message("AddUser", "a b", user()))),
    (StatusV2.INVALID_API_CONFIGURATION, "no URL", {"callback_url": None}, form(message("ClearLog"))),
    (StatusV2.INVALID_API_REQUEST_INFO, "missing", {}, form({"ServiceTagId": "SIM1"})),
    (StatusV2.INVALID_API_REQUEST_INFO, "an array", {}, form({"ServiceTagId": "SIM1", "ApiRequestInfo": []})),
    (StatusV2.INVALID_API_REQUEST_INFO, "reference", {}, form(message("ClearLog", reference={"id": 1}))),
    (StatusV2.INVALID_OPERATION_DATA, "a text for AddUser", {}, form(message("AddUser", "9", "Manu"))),
    (StatusV2.INVALID_OPERATION_DATA, "no Name", {}, form(message("AddUser", "9", {"Signature": []}))),
    (StatusV2.INVALID_OPERATION_DATA, "no range", {}, form(message("LoadPunchLog"))),
    (StatusV2.INVALID_OPERATION_DATA, "OffSet", {}, form(message("LoadPunchLog", data={**RANGE, "OffSet": "next"}))),
    (StatusV2.INVALID_OPERATION_DATA, "no text", {}, form(message("EnableMessage", "1"))),
    (StatusV2.INVALID_OPERATION_DATA, "switch", {}, form(message("SendAttendancePhoto", data="maybe"))),
    (StatusV2.INVALID_TEMPLATE, "content", {}, form(message("AddUser", "9", BAD_TEMPLATE))),
    (StatusV2.INVALID_TEMPLATE, "type", {}, form(message("AddUser", "9", user({**CARD, "Type": "Iris"})))),
    (StatusV2.INVALID_TEMPLATE, "hardware", {"model": "rsp10i3"}, form(message("AddUser", "9", user({
        "Template": people.template(1, "9", TemplateType.PALM).data, "Type": "Palm", "AdditionalData1": "1",
    })))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "case", "special", "body"), CASES, ids=[f"{row[0]}: {row[1]}" for row in CASES])
def test_an_error_is_told_with_code_name_and_journal_line(
    start_sim: Start, code: StatusV2, case: str, special: dict[str, Any], body: bytes
) -> None:
    """V2:55-71, V2-12; 200 for every protocol result (V2-25)."""
    sim = start_sim(v2_device(**special))
    before = sim.digest()

    answer = post(sim, body)

    assert (answer.status, answer.code) == (200, int(code))
    assert answer.message["Status"] == LABELS_V2[code]
    assert schemas.validate("DeleteUser", "response", answer.message, Protocol.V2) == []
    line = sim.entries[-1]
    assert (line.verdict, line.code) == ("refused", int(code))
    assert line.field
    assert line.why
    assert sim.digest() == before
    assert sim.slot().commands == []


def test_the_last_named_error_is_that_of_a_device_that_does_not_answer(start_sim: Start) -> None:
    """V2-27: 999 after the window, nothing is queued."""
    sim = start_sim(v2_device(online=False))
    sim.clock("auto")

    assert call(sim, "LoadPunchLog", data=RANGE)["Status"] == "API_RESPONSE_UNKNOWN_ERROR"
    assert sim.slot().commands == []


def test_every_code_of_the_page_is_reached_here() -> None:
    assert {row[0] for row in CASES} == set(StatusV2) - {StatusV2.DONE, StatusV2.UNKNOWN_ERROR}


def test_the_error_echoes_operation_and_reference(start_sim: Start) -> None:
    sim = start_sim(v2_device())

    answer = call(sim, "DeleteUser", reference="abc7")

    assert (answer["RequestedOperation"], answer["OperationReferenceId"]) == ("DeleteUser", "abc7")


# Each request has the faults of its row and of all rows below; the device has them too. The first one is told.
_WRONG: dict[str, Any] = {
    "AuthToken": "x" * 32,
    "UserId": None,
    "OperationData": {"Signature": [{**CARD, "Template": "x"}]},
}
ORDER: list[tuple[int, dict[str, Any], str, dict[str, Any]]] = [
    (3, {"origin_ips": ["192.0.2.7"], "security_key": KEY, "callback_url": None}, "Nope", _WRONG),
    (13, {"security_key": KEY, "licence_end": "2020-01-01 00:00:00", "callback_url": None}, "Nope", _WRONG),
    (5, {"licence_end": "2020-01-01 00:00:00", "without_operations": ["AddUser"]}, "Nope", _WRONG),
    (6, {"without_operations": ["AddUser"], "callback_url": None}, "Nope", _WRONG),
    (7, {"without_operations": ["AddUser"], "callback_url": None}, "AddUser", _WRONG),
    (8, {"without_operations": ["AddUser"], "callback_url": None}, "AddUser", {**_WRONG, "AuthToken": TOKEN}),
    (10, {"callback_url": None}, "AddUser", {**_WRONG, "AuthToken": TOKEN, "OperationReferenceId": []}),
    (11, {"callback_url": None}, "AddUser", {**_WRONG, "AuthToken": TOKEN, "UserId": "9", "OperationReferenceId": []}),
    (12, {}, "AddUser", {**_WRONG, "AuthToken": TOKEN, "UserId": "9", "OperationReferenceId": []}),
    (14, {}, "AddUser", {**_WRONG, "AuthToken": TOKEN, "UserId": "9"}),
    (15, {}, "AddUser", {"UserId": "9", "OperationData": BAD_TEMPLATE}),
]


@pytest.mark.parametrize(("code", "special", "operation", "wrong"), ORDER, ids=[str(row[0]) for row in ORDER])
def test_of_several_errors_the_first_of_the_order_is_told(
    start_sim: Start, code: int, special: dict[str, Any], operation: str, wrong: dict[str, Any]
) -> None:
    sim = start_sim(v2_device(**special))

    assert call(sim, operation, **wrong)["StatusCode"] == code


def test_9_stands_before_10_and_14(start_sim: Start) -> None:
    sim = start_sim(v2_device())
    data = {"StartTime": "9", "EndTime": "1", "OffSet": "x"}

    assert call(sim, "LoadPunchLog", "a b", data)["StatusCode"] == 9


@pytest.mark.parametrize(
    ("services", "code"),
    [
        ({"AttendanceAPI": (0, 60), "ManagementAPI": (-60, 0)}, 5),
        ({"AttendanceAPI": (-60, 0), "ManagementAPI": (-60, 60)}, 0),  # every command is of ManagementAPI (V2:12-25)
        ({"AttendanceAPI": (-60, 60)}, 8),
        ({"AttendanceAPI": (-60, 60), "ManagementAPI": (30, 60)}, 5),
        ({"AttendanceAPI": (-60, 60), "ManagementAPI": (-60, 60), "ScannerAPI": (-60, 0)}, 0),
        ({}, 0),
    ],
)
def test_a_command_needs_its_services(start_sim: Start, services: dict[str, tuple[int, int]], code: int) -> None:
    """Expired is 5, not in the plan is 8; where none is told all are active (V2-12, V2-29)."""
    sim = start_sim(v2_device())
    sim.control("patch_device", services={name: dates(sim, *span) for name, span in services.items()})

    assert call(sim, "ClearLog")["StatusCode"] == code


def test_the_journal_shows_what_was_refused(start_sim: Start) -> None:
    """Readable, masked, with the length of the form that came."""
    sim = start_sim(v2_device())
    body = form(message("ClearLog", tag="SIM9"))
    post(sim, body)

    shown = sim.api("GET", "journal?limit=1").message["entries"][0]["request"]
    assert shown["length"] == len(body)
    assert shown["body"]["ApiRequestInfo"]["Operation"] == "ClearLog"
    assert shown["body"]["ApiRequestInfo"]["AuthToken"] != TOKEN


def test_a_listed_address_may_call(start_sim: Start) -> None:
    sim = start_sim(v2_device(origin_ips=["192.0.2.7", "127.0.0.1"]))

    assert call(sim, "ClearLog")["StatusCode"] == 0


@pytest.mark.parametrize(("path", "code"), [("/external/api3.0/biometric", 3), ("/", 3)])
def test_a_v2_device_answers_3_on_the_v3_path(start_sim: Start, path: str, code: int) -> None:
    """V2-28."""
    sim = start_sim(v2_device())

    assert sim.post(b'{"OperationID": "a1"}', path=path).code == code


def test_a_v3_device_answers_8_on_the_v2_path(start_sim: Start) -> None:
    """V2-28."""
    sim = start_sim(device())

    assert call(sim, "ClearLog")["StatusCode"] == 8


def test_a_number_is_read_as_the_text_it_stands_for(start_sim: Start) -> None:
    sim = start_sim(v2_device())

    assert call(sim, "DeleteUser", 3, reference=17)["OperationReferenceId"] == "17"
    sim.idle()
    assert lazy(sim) == [("DeleteUser", "17", 0)]
    assert any("a number where the page shows a text" in note for note in sim.entries[0].lint)


def test_strict_takes_no_number_for_a_text(start_sim: Start) -> None:
    sim = start_sim(v2_device(), profile="strict")

    assert call(sim, "DeleteUser", 3)["StatusCode"] == 10


def test_the_mapped_http_status_follows_the_code(start_sim: Start) -> None:
    """A-REST-01."""
    sim = start_sim(v2_device(), knobs={"rest.http_status": "mapped"})

    answer = sim.post(form(message("ClearLog", tag="SIM9")), "", "/external/api2.0/biometric", Content_Type=FORM)

    assert (answer.status, answer.code) == (404, 2)
