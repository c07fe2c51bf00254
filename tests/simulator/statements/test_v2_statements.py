"""What the v2 page says, each sentence as it stands there."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from running_sim import KEY, START_MS, TOKEN, Sim
from wire_v2 import call, callbacks, lazy, told, v2_device

Start = Callable[..., Sim]
EVER = {"StartTime": "0", "EndTime": "9999999999", "OffSet": ""}
LOCAL_S = START_MS // 1000 + 5 * 3600 + 1800  # the wall clock of +0530, as if it were UTC
CARD = {"Template": "102836", "Type": "Card", "AdditionalData1": "", "AdditionalData2": ""}
KINDS = ["Card", "Password", "Fingerprint", "Face", "Palm", "UserPhoto"]


@pytest.fixture
def v2(start_sim: Start) -> Sim:
    """A v2 device SIM1."""
    return start_sim(v2_device())


def updated(sim: Sim, **change: Any) -> list[dict[str, Any]]:
    """What `ManuallyUserUpdated` tells of a change in the menu, message by message."""
    sim.control("put_user", **change)
    sim.idle()
    return callbacks(sim, "ManuallyUserUpdated")


# --- the frame --------------------------------------------------------------------------------------------------------


def test_a_callback_is_json_in_the_form_field_request_data(v2: Sim) -> None:
    """V2:33, 34 "passed in POST Body parameter with the key name as request_data"."""
    v2.punch("1")
    v2.idle()
    fields = parse_qs(v2.receiver.received[0].body.decode(), strict_parsing=True)
    assert list(fields) == ["request_data"]
    message = json.loads(fields["request_data"][0])
    assert set(message) == {"ServiceTagId", "ApiRequestInfo"}
    members = {"AuthToken", "Operation", "UserId", "OperationTime", "OperationReferenceId", "OperationData"}
    assert set(message["ApiRequestInfo"]) == members


def test_a_callback_names_device_token_operation_and_user(v2: Sim) -> None:
    """V2:36 the device id, V2:37 its token, V2:38 the operation, V2:43 the user."""
    v2.punch("2")
    v2.idle()
    message = told(v2.receiver.received[0])
    info = message["ApiRequestInfo"]
    assert (message["ServiceTagId"], info["AuthToken"]) == ("SIM1", TOKEN)
    assert (info["Operation"], info["UserId"]) == ("RealTimePunchLog", "2")


def test_operation_time_is_epoch_of_the_devices_display(v2: Sim) -> None:
    """V2:44 "EPOCH/unix timestamp format … the time displaying on the device is already timezone adjusted"."""
    v2.punch("1")
    v2.idle()
    assert callbacks(v2)[0]["OperationTime"] == str(LOCAL_S)


def test_the_reference_is_nothing_in_a_callback_and_that_of_the_call_in_a_lazy_response(v2: Sim) -> None:
    """V2:45, 52."""
    v2.punch("1")
    call(v2, "DeleteUser", "2", reference="Ab9")
    v2.idle()
    references = {info["Operation"]: info["OperationReferenceId"] for info in callbacks(v2)}
    assert not references["RealTimePunchLog"]
    assert references["DeleteUser"] == "Ab9"


@pytest.mark.parametrize("reference", ["", "0", "a7", "Z" * 32])
def test_a_reference_may_be_empty_or_any_alphanumeric(v2: Sim, reference: str) -> None:
    """V2:52 "This is can empty or any alphanumeric value. The same will be returned"."""
    assert call(v2, "DeleteUser", "2", reference=reference)["OperationReferenceId"] == reference
    v2.idle()
    assert lazy(v2) == [("DeleteUser", reference, 0)]


@pytest.mark.parametrize("answer", [b'{"status":"ok"}', b"{}", b"thanks", b'{"status":"fail"}'])
def test_anything_but_done_brings_the_same_data_again_and_again(v2: Sim, answer: bytes) -> None:
    """V2:48 "the same request data will be passed again and again till your server send this response"."""
    v2.receiver.answer = (200, answer)
    v2.punch("1")
    v2.advance(600)
    bodies = [item.body for item in v2.receiver.received]
    assert len(bodies) > 3
    assert len(set(bodies)) == 1
    v2.receiver.answer = (200, b'{"status":"done"}')
    v2.idle()
    assert len(v2.slot().outbox) == 0


# --- the two responses ------------------------------------------------------------------------------------------------


def test_a_call_has_a_response_at_once_and_a_lazy_one_by_callback(v2: Sim) -> None:
    """V2:51, 74: one immediately after the request, one through the CallBack API once the device has answered."""
    at_once = call(v2, "DeleteUser", "2", reference="r1")
    assert (at_once["Status"], at_once["StatusCode"], v2.receiver.received) == ("done", 0, [])
    v2.idle()
    assert lazy(v2) == [("DeleteUser", "r1", 0)]


def test_the_response_says_status_code_operation_and_reference(v2: Sim) -> None:
    """V2:54 "Status will be done and StatusCode will be 0 for successful calls"."""
    answer = call(v2, "ClearLog", reference="r1")
    assert set(answer) == {"StatusCode", "Status", "RequestedOperation", "OperationReferenceId", "OperationData"}
    assert (answer["RequestedOperation"], answer["OperationReferenceId"]) == ("ClearLog", "r1")


def test_operation_data_of_a_response_is_empty_unless_something_is_asked(v2: Sim) -> None:
    """V2:72."""
    assert call(v2, "ClearLog")["OperationData"] in ("", {}, None)
    assert call(v2, "SendDeviceInfo")["OperationData"]


def test_the_lazy_response_takes_30_to_60_seconds(start_sim: Start) -> None:
    """V2:28 "The time latency may vary from 30 secs to 60 secs"."""
    sim = start_sim(v2_device(), knobs={"rest.latency": "15s"})
    call(sim, "DeleteUser", "2")
    sim.advance(29)
    assert lazy(sim) == []
    sim.advance(31)
    assert lazy(sim) == [("DeleteUser", "ref1", 0)]


def test_a_callback_is_real_time(v2: Sim) -> None:
    """V2:27 "there will not be any time latency", V2:135 "posted to your server by real time"."""
    v2.punch("1")
    v2.advance(0)
    assert (len(v2.receiver.received), v2.now) == (1, START_MS)


# --- attendance -------------------------------------------------------------------------------------------------------


def test_a_punch_is_told_with_its_data(v2: Sim) -> None:
    """V2:76, 78, 81, 82: RealTimePunchLog with AttendanceType, InputType, Temperature and FaceMask."""
    v2.punch("1", type="CheckOut", input="Face", temperature=36.8, mask=True)
    v2.idle()
    (info,) = callbacks(v2, "RealTimePunchLog")
    data = info["OperationData"]
    assert (data["AttendanceType"], data["InputType"], str(data["Temperature"])) == ("CheckOut", "Face", "36.8")
    assert str(data["FaceMask"]).lower() == "true"


@pytest.mark.parametrize("method", ["Password", "Card", "Fingerprint", "Face", "Palm"])
def test_each_input_type_of_the_page_is_told(start_sim: Start, method: str) -> None:
    """V2:80."""
    sim = start_sim(v2_device(templates=["Password", "Card", "Fingerprint", "Face", "Palm"]))
    sim.punch("1", input=method)
    sim.idle()
    assert callbacks(sim)[0]["OperationData"]["InputType"] == method


def test_a_punch_photo_is_a_base64_jpeg(v2: Sim) -> None:
    """V2:79, 82 "It is base64 jpg image"."""
    v2.punch("1", photo=True)
    v2.idle()
    (photo,) = [info for info in callbacks(v2) if "InputType" not in info["OperationData"]]
    (data,) = photo["OperationData"].values()
    assert b64decode(data, validate=True).startswith(b"\xff\xd8\xff")


def test_what_was_recorded_offline_comes_one_by_one_when_the_device_is_online(v2: Sim) -> None:
    """V2:136."""
    v2.control("offline")
    for user in ("1", "2", "3"):
        v2.punch(user)
    v2.idle()
    assert v2.receiver.received == []
    v2.control("online")
    v2.idle()
    assert sorted(info["UserId"] for info in callbacks(v2)) == ["1", "2", "3"]


# --- users ------------------------------------------------------------------------------------------------------------


def test_a_user_is_told_with_name_priority_and_signatures(v2: Sim) -> None:
    """V2:85, 86, 87, 89: the printed structure; one item of the array a template."""
    (info,) = updated(v2, user="9", first_name="Manu", last_name="Mona", templates=["Card"])
    data = info["OperationData"]
    assert {"Name", "FirstName", "LastName", "Priority", "Signature"} == set(data)
    assert data["Name"] == "Manu Mona"
    (item,) = data["Signature"]
    assert set(item) == {"Template", "Type", "AdditionalData1", "AdditionalData2"}


@pytest.mark.parametrize(("kind", "priority"), [("User", "0"), ("Admin", "16")])
def test_priority_tells_users_from_admins(v2: Sim, kind: str, priority: str) -> None:
    """V2:88 "0 means registered user is a regular user, 16 means admin user"."""
    infos = updated(v2, user="9", first_name="Manu", user_type=kind, templates=["Card"])
    assert {str(info["OperationData"]["Priority"]) for info in infos} == {priority}


def test_card_and_password_come_together_and_the_rest_apart_without_a_name(v2: Sim) -> None:
    """V2:89 "card and password can come together … Rest of the templates … will be coming in separate requests"."""
    infos = updated(v2, user="9", first_name="Manu", templates=KINDS)
    for info in infos:
        data = info["OperationData"]
        kinds = {item["Type"] for item in data["Signature"]}
        if kinds & {"Card", "Password"}:
            assert kinds == {"Card", "Password"}
            assert data["Name"].strip() == "Manu"
        elif kinds:
            assert len(data["Signature"]) == 1
            assert (data["Name"], data["Priority"]) == ("", "")
    assert sum({"Card", "Password"} == {i["Type"] for i in info["OperationData"]["Signature"]} for info in infos) == 1


def test_a_face_comes_in_5_to_20_templates_numbered_from_1(v2: Sim) -> None:
    """V2:89 "A single face/palm may send you 5-20 templates with AdditionalData1 between 1 and 20"."""
    infos = updated(v2, user="1", templates=["Face"])
    numbers = [int(item["AdditionalData1"]) for info in infos for item in info["OperationData"]["Signature"]]
    assert 5 <= len(numbers) <= 20
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_additional_data_is_the_template_id_where_there_is_one(v2: Sim) -> None:
    """V2:99 "template id of the finger, face,or palm. On other cases, it is empty", V2:100 reserved."""
    infos = updated(v2, user="9", templates=KINDS)
    items = [item for info in infos for item in info["OperationData"]["Signature"]]
    assert {item["Type"] for item in items} >= set(KINDS)
    for item in items:
        numbered = item["Type"] in ("Fingerprint", "Face", "Palm")
        assert bool(item["AdditionalData1"]) is numbered, item["Type"]
        assert not item["AdditionalData2"]


def test_what_was_told_of_a_user_adds_them_to_another_device(start_sim: Start) -> None:
    """V2:90, 101 "Pass the OperationData which should be same as the one received … merge all into single JSON"."""
    sim = start_sim(v2_device(), v2_device("SIM2", users=0, callback_url=None))
    sim.slot("SIM2").config.callback_url = sim.receiver.url
    infos = updated(sim, user="9", first_name="Manu", last_name="Mona", templates=KINDS)
    named = next(info["OperationData"] for info in infos if info["OperationData"]["Name"])
    signature = [item for info in infos for item in info["OperationData"]["Signature"]]
    answer = call(sim, "AddUser", "9", {**named, "Signature": signature}, tag="SIM2")
    sim.idle()
    assert answer["StatusCode"] == 0
    first, second = sim.slot("SIM1").device.users["9"], sim.slot("SIM2").device.users["9"]
    assert {key: one.data for key, one in first.templates.items()} == {
        key: one.data for key, one in second.templates.items()
    }


def test_a_user_deleted_and_a_date_changed_by_hand_are_told(v2: Sim) -> None:
    """V2:20, 21."""
    v2.control("delete_user", user="2")
    v2.control("date", by="+60s")
    v2.idle()
    assert [info["Operation"] for info in callbacks(v2)] == ["ManuallyUserDeleted", "ManuallyDateModified"]
    assert callbacks(v2)[0]["UserId"] == "2"


# --- commands ---------------------------------------------------------------------------------------------------------


def test_add_user_adds_and_delete_user_with_an_empty_text_deletes(v2: Sim) -> None:
    """V2:13, 14, 102 "Pass empty string in OperationData"."""
    data = {"Name": "Manu Mona", "FirstName": "", "LastName": "", "Priority": "0", "Signature": [CARD]}
    assert call(v2, "AddUser", "77", data)["StatusCode"] == 0
    v2.idle()
    assert [str(one.type) for one in v2.slot().device.users["77"].templates.values()] == ["Card"]
    assert call(v2, "DeleteUser", "77", "")["StatusCode"] == 0
    v2.idle()
    assert "77" not in v2.slot().device.users


def test_enroll_fingerprint_opens_a_session_on_the_device(v2: Sim) -> None:
    """V2:15, 103 "popup the enroll the fingerprint screen on the device. Pass empty string"."""
    assert call(v2, "EnrollFingerprint", "2", "")["StatusCode"] == 0
    v2.idle()
    assert ("EnrollFingerprint", "ref1", 0) in lazy(v2)
    told_kinds = [
        i["Type"] for info in callbacks(v2, "ManuallyUserUpdated") for i in info["OperationData"]["Signature"]
    ]
    assert told_kinds in ([], ["Fingerprint"])


def test_a_load_returns_fifty_rows_and_the_offset_of_the_next(start_sim: Start) -> None:
    """V2:104, 105, 108 "maximum no. of rows returned in single response is 50 … pass this Offset in next call"."""
    sim = start_sim(v2_device(logs=120))
    offset, sizes, seen = "", list[int](), list[tuple[str, str]]()
    for _ in range(3):
        answer = call(sim, "LoadPunchLog", data={**EVER, "OffSet": offset})
        data = answer["OperationData"]
        assert str(answer["ReturnRowCount"]) == str(len(data["Punch"]))
        sizes.append(len(data["Punch"]))
        seen += [(row["UserID"], row["AttendanceTime"]) for row in data["Punch"]]
        offset = data["OffSet"]
    assert (sizes, offset, len(set(seen))) == ([50, 50, 20], "", 120)


def test_a_load_keeps_to_its_start_and_end_in_epoch(v2: Sim) -> None:
    """V2:104, 106, 107."""
    for minute in (0, 10, 20):
        v2.punch("1", at=f"2020-09-13 10:{minute:02d}:00 GMT +0530")
    begin = 1_599_991_500  # 2020-09-13 10:05:00 of the device's display
    window = {"StartTime": str(begin), "EndTime": str(begin + 600), "OffSet": ""}
    (row,) = call(v2, "LoadPunchLog", data=window)["OperationData"]["Punch"]
    assert row["AttendanceTime"] == str(begin + 300)


def test_a_loaded_row_and_its_answer_have_the_printed_members(v2: Sim) -> None:
    """V2:109."""
    v2.punch("1", type="CheckIn", input="Card")
    answer = call(v2, "LoadPunchLog", data=EVER)
    assert answer["RequestedOperation"] == "LoadPunchLog"
    assert set(answer) == {
        "StatusCode", "Status", "OperationReferenceId", "RequestedOperation", "ReturnRowCount", "OperationData",
    }  # fmt: skip
    assert set(answer["OperationData"]) == {"OffSet", "ActualRowCount", "Punch"}
    assert set(answer["OperationData"]["Punch"][0]) == {"AttendanceType", "InputType", "UserID", "AttendanceTime"}


def test_device_info_tells_device_and_subscriptions(start_sim: Start) -> None:
    """V2:23, 110 to 120: serial, last connection in epoch, label, model, time zone, services with their dates."""
    services = dict.fromkeys(("AttendanceAPI", "ManagementAPI"), (1_500_000_000, 1_900_000_000))
    sim = start_sim(v2_device(serial="ZX1", label="Gate", services=services))
    data = call(sim, "SendDeviceInfo")["OperationData"]
    assert (data["SerialNumber"], data["DeviceLabelName"], data["TimeZone"]) == ("ZX1", "Gate", "UTC+05:30")
    assert set(data) == {"SerialNumber", "LastConnectedTime", "DeviceLabelName", "Model", "TimeZone", "Services"}
    assert data["LastConnectedTime"].isdigit()
    shown = [(one["ServiceName"], one["ActivationDate"], one["ExpiryDate"]) for one in data["Services"]]
    assert shown == [(name, "1500000000", "1900000000") for name in services]


def test_clear_log_clears_every_log(v2: Sim) -> None:
    """V2:24, 122 "clear all the attendance log from the device. OperationData will be empty"."""
    v2.punch("1")
    assert call(v2, "ClearLog", data="")["StatusCode"] == 0
    v2.idle()
    assert call(v2, "LoadPunchLog", data=EVER)["OperationData"]["Punch"] == []


def test_trigger_user_detail_sends_every_user_by_callback(start_sim: Start) -> None:
    """V2:25, 121 "In the callback, the operation name would be ManuallyUserUpdated"."""
    sim = start_sim(v2_device(users=2, templates=["Card", "Fingerprint"]))
    assert call(sim, "TriggerUserDetail", data="")["StatusCode"] == 0
    sim.idle()
    told_types = {
        (info["UserId"], item["Type"])
        for info in callbacks(sim, "ManuallyUserUpdated")
        for item in info["OperationData"]["Signature"]
    }
    assert told_types == {(user, kind) for user in ("1", "2") for kind in ("Card", "Fingerprint")}


def test_send_attendance_photo_makes_punches_send_the_photo(v2: Sim) -> None:
    """V2:18."""
    call(v2, "SendAttendancePhoto", "1")
    v2.idle()
    v2.punch("1")
    v2.idle()
    assert len(callbacks(v2)) == 3  # the lazy response, the photo, the punch


def test_a_message_shows_at_the_punches_of_its_user_until_it_is_disabled(v2: Sim) -> None:
    """V2:16, 17, 124, 125 "displays a short message on the device when the given user punches in"."""
    call(v2, "EnableMessage", "1", "Welcome")
    v2.idle()
    assert (v2.punch("1").get("message"), v2.punch("2").get("message")) == ("Welcome", None)
    call(v2, "DisableMessage", "1")
    v2.idle()
    assert v2.punch("1").get("message") is None


def test_messages_are_of_the_x_level(start_sim: Start) -> None:
    """V2:123 "XLevel API Please inform CAMS for availing this API"."""
    sim = start_sim(v2_device(x_level=False))
    assert [call(sim, name, "1", "hi")["StatusCode"] for name in ("EnableMessage", "DisableMessage")] == [8, 8]


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_only_the_request_info_is_encrypted(start_sim: Start) -> None:
    """V2:129 "Whole request_data will/should not be encrypted as ServiceTagId is mandatorily visible"."""
    sim = start_sim(v2_device(security_key=KEY))
    sim.punch("1")
    sim.idle()
    message = json.loads(parse_qs(sim.receiver.received[0].body.decode())["request_data"][0])
    assert (message["ServiceTagId"], type(message["ApiRequestInfo"])) == ("SIM1", str)
    assert told(sim.receiver.received[0], KEY)["ApiRequestInfo"]["UserId"] == "1"
    assert call(sim, "ClearLog", key=KEY)["StatusCode"] == 0


def test_the_intranet_loads_its_logs_without_a_url(start_sim: Start) -> None:
    """V2:140 "with the help of LoadPunchLog API you can load the attendance logs … ensure that device is online"."""
    sim = start_sim(v2_device(callback_url=None))
    sim.punch("1")
    assert len(call(sim, "LoadPunchLog", data=EVER)["OperationData"]["Punch"]) == 1


def test_services_are_named_as_on_the_page(start_sim: Start) -> None:
    """V2:118 "Possible values are AttendanceAPI, ManagementAPI, ScannerAPI, and CloudService"."""
    names = ["AttendanceAPI", "ManagementAPI", "ScannerAPI", "CloudService"]
    sim = start_sim(v2_device(services=dict.fromkeys(names, (1_500_000_000, 1_900_000_000))))
    told_names = [service["ServiceName"] for service in call(sim, "SendDeviceInfo")["OperationData"]["Services"]]
    assert sorted(told_names) == sorted(names)
