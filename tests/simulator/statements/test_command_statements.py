"""What the v3 page says of RESTful commands (V3:149 to 190, 473 to 1059), each sentence as it stands there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, NOW, START_MS, TOKEN, Sim, device

from camsim import resources
from camsim.control.devices import PersonSpec
from camsim.protocol import cipher
from camsim.protocol.timestamps import parse
from camsim.protocol.vocabulary import TemplateType

Start = Callable[..., Sim]
PRINTED: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")
SAMPLES = {sample["number"]: sample["request"] for sample in PRINTED}
INFO = {"Load": {"DeviceInformation": "All"}}
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}
ALL_KINDS = list(TemplateType)


def loaded(sim: Sim, start: str = EVER["StartTime"], end: str = EVER["EndTime"]) -> dict[str, Any]:
    """`PunchLog` of a LoadLog answer."""
    answer = sim.rest({"Load": {"PunchLog": {"Filter": {"StartTime": start, "EndTime": end}}}})
    return dict(answer.message["PunchLog"])


def information(sim: Sim) -> dict[str, str]:
    """`DeviceInformation`."""
    return dict(sim.rest(INFO).message["DeviceInformation"])


# --- how they go ------------------------------------------------------------------------------------------------------


def test_a_command_goes_to_the_device_that_stgid_names(start_sim: Start) -> None:
    """V3:54, 60, 149: the Service Tag ID as a query parameter, the body raw JSON."""
    sim = start_sim(device("SIM1"), device("SIM2"))
    body = json.dumps({**SAMPLES[29], "Delete": {"User": {"UserID": "1"}}}).encode()
    assert sim.post(body, "stgid=SIM2").code == 0
    assert ("1" in sim.slot("SIM1").device.users, "1" in sim.slot("SIM2").device.users) == (True, False)
    assert sim.post(body, "").code == sim.post(body, "stgid=NOBODY").code == 2


def test_the_device_acknowledges_within_about_fifteen_seconds(start_sim: Start) -> None:
    """V3:32, 54, 136, 1187: the usual latency; nothing is answered before."""
    sim = start_sim(knobs={"rest.latency": "15s"})
    answers = sim.rest_later(INFO)
    sim.advance(2)
    assert not answers.done()
    sim.advance(43)
    assert answers.result(10).code == 0
    assert sim.entries[-1].at - START_MS <= 45_000


def test_the_answer_repeats_status_operation_id_and_code(sim: Sim) -> None:
    """V3:139, 147, 173: "RESTful responses echo the same OperationID"; a numeric StatusCode."""
    answer = sim.rest({**INFO, "OperationID": "j95xfejt3vr1"}).message
    assert (answer["Status"], answer["OperationID"], answer["StatusCode"]) == ("done", "j95xfejt3vr1", 0)
    refused = sim.rest({"Delete": {"User": {"UserID": "404"}}, "OperationID": "mine"}).message
    assert (refused["OperationID"], refused["StatusCode"], type(refused["StatusCode"])) == ("mine", 9, int)


def test_a_command_for_an_offline_device_waits_until_it_reconnects(sim: Sim) -> None:
    """V3:140, 1193 "queues the command and delivers it automatically when the device reconnects"; 5 meanwhile."""
    sim.control("offline")
    waiting = sim.rest_later({"Delete": {"User": {"UserID": "2"}}})
    sim.idle()
    assert waiting.result(10).code == 5
    assert "2" in sim.slot().device.users
    sim.control("online")
    sim.idle()
    assert "2" not in sim.slot().device.users


def test_bodies_are_encrypted_in_both_directions_with_the_key(start_sim: Start) -> None:
    """V3:1082 to 1086, 1101, 1204: AES/ECB/PKCS5 of the raw JSON in Base64; requests and answers alike."""
    sim = start_sim(device(security_key=KEY))
    body = json.dumps({**INFO, "OperationID": "op1", "AuthToken": TOKEN, "Time": NOW}).encode()
    answer = sim.post(cipher.encrypt(KEY, body))
    assert json.loads(cipher.decrypt(KEY, answer.body))["StatusCode"] == 0
    sim.punch("1")
    sim.idle()
    told = json.loads(cipher.decrypt(KEY, sim.receiver.received[0].body))
    assert told["RealTime"]["PunchLog"]["UserId"] == "1"


# --- Load -------------------------------------------------------------------------------------------------------------


def test_load_log_brings_the_punches_within_the_window(sim: Sim) -> None:
    """V3:481 "within a time window": both ends belong to it, nothing outside comes."""
    for minute in (0, 10, 20, 30):
        sim.punch("1", at=f"2020-09-13 10:{minute:02d}:00 GMT +0000")
    log = loaded(sim, "2020-09-13 10:10:00 GMT +0000", "2020-09-13 15:50:00 GMT +0530")
    assert [row["LogTime"] for row in log["Log"]] == ["2020-09-13 15:40:00 GMT +0530", "2020-09-13 15:50:00 GMT +0530"]
    assert log["ReturnRowCount"] == "2"


def test_a_row_of_the_log_has_the_printed_members(sim: Sim) -> None:
    """V3:504: Type, Temperature, InputType, UserID, LogTime, FaceMask."""
    sim.punch("2", type="CheckOut", input="Face", temperature=36.5, mask=False)
    (row,) = loaded(sim)["Log"]
    assert list(row) == ["Type", "Temperature", "InputType", "UserID", "LogTime", "FaceMask"]
    assert (row["Type"], row["InputType"], row["UserID"], row["FaceMask"]) == ("CheckOut", "Face", "2", False)


def test_thirty_days_are_one_request_and_more_are_consecutive_windows(sim: Sim) -> None:
    """V3:1189 "Recommended max is 30 days per request … multiple requests with consecutive time windows"."""
    for day in (1, 15, 30):
        sim.punch("1", at=f"2020-08-{day:02d} 10:00:00 GMT +0530")
    whole = loaded(sim, "2020-08-01 00:00:00 GMT +0530", "2020-08-31 00:00:00 GMT +0530")["Log"]
    first = loaded(sim, "2020-08-01 00:00:00 GMT +0530", "2020-08-15 23:59:59 GMT +0530")["Log"]
    second = loaded(sim, "2020-08-16 00:00:00 GMT +0530", "2020-08-31 00:00:00 GMT +0530")["Log"]
    assert (len(whole), first + second) == (3, whole)


def test_device_information_counts_what_is_registered(start_sim: Start) -> None:
    """V3:516 "registered user/template counts": what commands add and delete shows at once."""
    sim = start_sim(device(users=0))
    assert [information(sim)[f"Registered{what}"] for what in ("Users", "Faces", "Fingerprints")] == ["0", "0", "0"]
    assert sim.post(json.dumps(SAMPLES[23]).encode()).code == 0  # card, fingerprint and face
    assert [information(sim)[f"Registered{what}"] for what in ("Users", "Faces", "Fingerprints")] == ["1", "1", "1"]
    assert sim.rest(SAMPLES[30] | {"AuthToken": TOKEN}).code == 0
    assert information(sim)["RegisteredUsers"] == "0"


def test_device_information_tells_hardware_capacity_and_licence(start_sim: Start) -> None:
    """V3:516 "hardware details, capacity limits … and license dates", all of them texts (V3:531 to 542)."""
    sim = start_sim(device(licence_start="2020-04-03", licence_end="2021-04-03"))
    told = information(sim)
    assert (told["DeviceModel"], told["Manufacturer"]) == ("Hawking Plus (f38+)", "Dheeram Innovations")
    assert (told["StartDate"], told["EndDate"]) == ("03/04/2020", "03/04/2021")
    limits = [told[f"Maximum{what}Supported"] for what in ("Faces", "Fingerprints", "AttendanceLogs")]
    assert limits == ["5000", "10000", "500000"]
    assert all(isinstance(value, str) for value in told.values())


# --- Add --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(14, 29))
def test_a_printed_add_registers_the_user_with_exactly_its_templates(start_sim: Start, number: int) -> None:
    """V3:551 to 865: what each of the fifteen says it registers is what is on the device, and nothing else."""
    sim = start_sim(device(users=0))
    asked = SAMPLES[number]["Add"]
    assert sim.post(json.dumps(SAMPLES[number]).encode()).code == 0
    (user,) = sim.slot().device.users.values()
    assert (user.user_id, user.first_name, user.last_name) == (asked["User"]["UserID"], "Manu", "Mona")
    stored = {str(template.type): template.data for template in user.templates.values()}
    assert stored == {item["Type"]: item["Data"] for item in asked.get("Template", [])}


def test_an_add_of_a_user_who_exists_is_refused_with_8(sim: Sim) -> None:
    """V3:184."""
    assert sim.rest({"Add": {"User": {"UserID": "1"}}}).code == 8


def test_several_templates_go_in_one_request(sim: Sim) -> None:
    """V3:1191 "The Template array accepts multiple entries": #27 with all six."""
    assert sim.post(json.dumps(SAMPLES[27]).encode()).code == 0
    assert len(sim.slot().device.users["100"].templates) == 6


# --- Delete -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(start_sim: Start) -> Sim:
    """A device with two people, all their templates, two punches and a photo."""
    sim = start_sim(device(users=[PersonSpec("User123"), PersonSpec("7")], templates=ALL_KINDS))
    sim.punch("7", photo=True)
    sim.punch("User123")
    sim.idle()
    return sim


def test_delete_user_takes_one_user_with_all_templates(full: Sim) -> None:
    """V3:884 "Deletes a specific user and all their biometric templates"."""
    before = information(full)
    assert full.post(json.dumps(SAMPLES[29]).encode()).code == 0
    after = information(full)
    assert list(full.slot().device.users) == ["7"]
    for what in ("Users", "Faces", "Fingerprints"):
        assert int(after[f"Registered{what}"]) == int(before[f"Registered{what}"]) - 1


def test_delete_all_user_takes_every_user(full: Sim) -> None:
    """V3:901, 903 "All enrolled users and templates will be permanently erased"."""
    assert full.post(json.dumps(SAMPLES[30]).encode()).code == 0
    assert full.slot().device.users == {}
    assert {information(full)[f"Registered{what}"] for what in ("Users", "Faces", "Fingerprints")} == {"0"}


def test_delete_log_clears_punches_and_nothing_else(full: Sim) -> None:
    """V3:919 "User records and templates are not affected." """
    users = {name: dict(user.templates) for name, user in full.slot().device.users.items()}
    assert len(loaded(full)["Log"]) == 2
    assert full.post(json.dumps(SAMPLES[31]).encode()).code == 0
    assert loaded(full)["Log"] == []
    assert {name: dict(user.templates) for name, user in full.slot().device.users.items()} == users


def test_delete_attendance_photo_clears_photos_and_nothing_else(full: Sim) -> None:
    """V3:936 "Deletes all punch photos stored on the device." """
    assert full.api("GET", "devices/SIM1/photos").message["count"] == 1
    assert full.post(json.dumps(SAMPLES[32]).encode()).code == 0
    assert full.api("GET", "devices/SIM1/photos").message["count"] == 0
    assert (len(loaded(full)["Log"]), len(full.slot().device.users)) == (2, 2)


def test_punch_photos_are_of_devices_with_a_camera(start_sim: Start) -> None:
    """V3:936 "Applies to devices with photo capture capability": without it the command is not supported (15)."""
    sim = start_sim(device(model="rsp10f1"))
    assert sim.post(json.dumps(SAMPLES[32]).encode()).code == 15


# --- Resend -----------------------------------------------------------------------------------------------------------


def test_resend_attendance_pushes_the_range_again_by_callback(sim: Sim) -> None:
    """V3:953 "re-push attendance logs within a time range to your server via Callback"."""
    for minute in (0, 10, 20):
        sim.punch("1", at=f"2020-09-13 10:{minute:02d}:00 GMT +0000")
    sim.idle()
    sim.receiver.received.clear()
    window = {"StartTime": "2020-09-13 10:05:00 GMT +0000", "EndTime": "2020-09-13 10:20:00 GMT +0000"}
    assert sim.rest({"Resend": {"PunchLog": {"Filter": window}}}).code == 0
    sim.idle()
    times = [log["LogTime"] for log in sim.receiver.frames("PunchLog")]
    assert times == ["2020-09-13 15:40:00 GMT +0530", "2020-09-13 15:50:00 GMT +0530"]


def test_resend_all_user_pushes_profiles_and_templates(full: Sim) -> None:
    """V3:977 "re-push all registered user data (profiles and templates)"."""
    full.receiver.received.clear()
    assert full.post(json.dumps(SAMPLES[34]).encode()).code == 0
    full.idle()
    frames = full.receiver.frames("UserUpdated")
    told = {(item["UserID"], item["Type"]) for frame in frames for item in frame["Template"]}
    assert told == {(user, str(kind)) for user in ("7", "User123") for kind in ALL_KINDS}
    assert {frame["UserID"] for frame in frames if "UserID" in frame} == {"7", "User123"}


# --- Enroll, Update ---------------------------------------------------------------------------------------------------


def test_an_enrolment_needs_the_person_at_the_device(sim: Sim) -> None:
    """V3:994, 1197: the command opens a session; the template exists once somebody puts a finger on the sensor."""
    assert sim.rest({"Enroll": {"User": {"UserID": "3", "Type": "Fingerprint"}}}).code == 0
    assert sim.slot().device.users["3"].templates == {}
    sim.control("enrol_finger", user="3")
    sim.idle()
    (frame,) = sim.receiver.frames("UserUpdated")
    assert [(item["Type"], item["UserID"]) for item in frame["Template"]] == [("Fingerprint", "3")]


def test_an_access_window_admits_only_within_its_range(sim: Sim) -> None:
    """V3:1013 "can only authenticate within the specified start–end range", as V3:1018 prints it."""
    window = {"UserID": "1", "Start": "2022-07-11 00:00:00", "End": "2022-07-11 23:59:59"}
    assert sim.rest({"Update": {"AccessTime": window}}).code == 0
    at = "2022-07-{} GMT +0530".format
    moments = [at("10 23:59:59"), at("11 00:00:00"), at("11 23:59:59"), at("12 00:00:00")]
    assert [sim.punch("1", at=moment)["recorded"] for moment in moments] == [False, True, True, False]
    assert sim.punch("2", at=at("12 00:00:00"))["recorded"]


def test_a_disabled_user_is_kept_and_blocked_until_enabled(start_sim: Start) -> None:
    """V3:1032, 1049 "Record and templates are kept but authentication is blocked until re-enabled." """
    sim = start_sim(device(templates=["Card"]))
    templates = dict(sim.slot().device.users["1"].templates)
    assert sim.post(json.dumps(SAMPLES[38]).encode()).code == 0
    assert not sim.punch("1")["recorded"]
    assert sim.slot().device.users["1"].templates == templates
    assert sim.post(json.dumps(SAMPLES[37]).encode()).code == 0
    assert sim.punch("1")["recorded"]


# --- status codes -----------------------------------------------------------------------------------------------------


def test_0_success(sim: Sim) -> None:
    """V3:176."""
    assert sim.rest(INFO).code == 0


@pytest.mark.parametrize("body", [b"{", b"", b"[]"])
def test_1_malformed_json(sim: Sim, body: bytes) -> None:
    """V3:177 "The JSON body is malformed"."""
    assert sim.post(body).code == 1


def test_1_invalid_values(sim: Sim) -> None:
    """V3:177 "or contains invalid values"."""
    assert sim.rest({"Update": {"User": {"UserID": "1", "Access": "perhaps"}}}).code == 1


def test_2_no_registered_device(sim: Sim) -> None:
    """V3:178."""
    assert sim.post(json.dumps(SAMPLES[13]).encode(), "stgid=ST-OTHER").code == 2


def test_3_another_structure(sim: Sim) -> None:
    """V3:179 "Request structure does not match the expected operation format"."""
    assert sim.rest({"Load": {"Weather": "All"}}).code == 3


def test_4_cannot_be_decrypted(start_sim: Start) -> None:
    """V3:180."""
    sim = start_sim(device(security_key=KEY))
    body = json.dumps(SAMPLES[13]).encode()
    answer = sim.post(cipher.encrypt("f" * 32, body))
    text = answer.body if answer.body[:1] == b"{" else cipher.decrypt(KEY, answer.body)
    assert json.loads(text)["StatusCode"] == 4


def test_5_not_connected(sim: Sim) -> None:
    """V3:181."""
    sim.control("offline")
    waiting = sim.rest_later({"Delete": {"User": {"UserID": "2"}}})
    sim.idle()
    assert waiting.result(10).code == 5


def test_6_not_acknowledged_within_the_window(sim: Sim) -> None:
    """V3:182."""
    sim.control("add_fault", where="rest.request", do="lose_command")
    waiting = sim.rest_later({"Delete": {"User": {"UserID": "2"}}})
    sim.idle()
    assert (waiting.result(10).code, "2" in sim.slot().device.users) == (6, True)


def test_7_another_token(sim: Sim) -> None:
    """V3:183."""
    assert sim.rest({**INFO, "AuthToken": TOKEN[:-1] + "t"}).code == 7


@pytest.mark.parametrize("number", [29, 36, 37, 38])
def test_9_no_such_user(start_sim: Start, number: int) -> None:
    """V3:185 "The specified UserID does not exist on the device." """
    sim = start_sim(device(users=0))
    assert sim.post(json.dumps(SAMPLES[number]).encode()).code == 9


def test_10_corrupt_template(sim: Sim) -> None:
    """V3:186 "corrupt or in an unsupported format"."""
    broken = {"Type": "Fingerprint", "UserID": "9", "Index": "0", "Size": "4", "Data": "%%%"}
    assert sim.rest({"Add": {"User": {"UserID": "9"}, "Template": [broken]}}).code == 10
    assert "9" not in sim.slot().device.users


def test_11_capacity_reached(start_sim: Start) -> None:
    """V3:187 "maximum user or template capacity"."""
    sim = start_sim(device(model="gymbio34", users=3000))
    assert sim.rest({"Add": {"User": {"UserID": "next"}}}).code == 11


def test_15_not_supported(start_sim: Start) -> None:
    """V3:189 "not supported by this device model or communication mode"."""
    reader = start_sim(device(model="rsp10i3"))
    assert reader.rest({"Enroll": {"User": {"UserID": "1", "Type": "Fingerprint"}}}).code == 15
    pulled = start_sim(device(mode="db-direct"))
    assert pulled.rest(INFO).code == 15


def test_13_and_999_can_be_brought_about(sim: Sim) -> None:
    """V3:188, 190: what a portal's wrong key and an unexpected error answer."""
    for code in (13, 999):
        sim.control("add_fault", where="rest.request", do="code", when={"next": 1}, **{"with": {"code": code}})
        assert sim.rest(INFO).code == code


def test_last_connected_time_is_printed_day_first(sim: Sim) -> None:
    """V3:536 `13-11-2025 18:03:48 GMT +0530`."""
    text = information(sim)["LastConnectedTime"]
    assert text == "13-09-2020 17:56:40 GMT +0530"
    assert parse(text).epoch_s * 1000 == START_MS
