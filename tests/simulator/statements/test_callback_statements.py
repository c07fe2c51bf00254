"""What the v3 page says of callbacks (V3:144 to 471), each sentence as it stands there."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import START_MS, TOKEN, Sim, device

from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people

Start = Callable[..., Sim]
WIRE_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT [+-]\d{4}")
TYPES = ["CheckIn", "CheckOut", "BreakOut", "BreakIn", "OverTimeIn", "OverTimeOut", "MealIn", "MealOut"]  # V3:451
INPUTS = ["Fingerprint", "Face", "Palm", "Card", "Password"]
KINDS = ["Card", "Password", "Fingerprint", "Face", "Palm", "UserPhoto"]


def everything(sim: Sim) -> list[dict[str, Any]]:
    """One of each callback; the messages that arrived."""
    sim.punch("1", photo=True)
    sim.control("put_user", user="1", first_name="jency")
    sim.control("put_user", user="9", first_name="Manu", templates=KINDS)
    sim.control("date", by="-3h")
    sim.control("delete_user", user="2")
    sim.idle()
    return [dict(message) for message in sim.receiver.messages]


def updated(sim: Sim, **change: Any) -> list[dict[str, Any]]:
    """`UserUpdated` of what somebody does in the menu."""
    sim.control("put_user", **change)
    sim.idle()
    return [dict(frame) for frame in sim.receiver.frames("UserUpdated")]


# --- how they come ----------------------------------------------------------------------------------------------------


def test_a_punch_is_posted_at_once(sim: Sim) -> None:
    """V3:31 "Real-time / zero latency", V3:44: it arrives before any virtual time has passed."""
    sim.punch("1")
    sim.advance(0)
    assert (len(sim.receiver.received), sim.now) == (1, START_MS)


def test_a_callback_is_raw_json_without_parameters(sim: Sim) -> None:
    """V3:48 and 59 "Raw JSON body; no parameters", V3:1215 UTF-8, `Content-Type: application/json`, no form."""
    sim.control("put_user", user="1", first_name="Zoë", last_name="李")
    sim.idle()
    (one,) = sim.receiver.received
    assert (one.path, one.query) == ("/callback", "")
    assert one.headers["Content-Type"].split(";")[0] == "application/json"
    assert "李" in json.dumps(json.loads(one.body.decode("utf-8")), ensure_ascii=False)


def test_every_callback_carries_the_token_of_its_device(start_sim: Start) -> None:
    """V3:146 "identifies and authenticates requests from a specific device", V3:1206 "Every callback"."""
    sim = start_sim(device(), device("SIM2", auth_token="of the other one"))
    frames = [message["RealTime"] for message in everything(sim)]
    assert (
        len(frames) == len(KINDS) + 6
    )  # a photo, a punch, a rename, a new user with each template, a date, a deletion
    assert {frame["AuthToken"] for frame in frames} == {TOKEN}
    sim.receiver.received.clear()
    sim.punch("1", device="SIM2")
    sim.idle()
    assert sim.receiver.messages[0]["RealTime"]["AuthToken"] == "of the other one"


def test_every_callback_has_a_unique_operation_id(sim: Sim) -> None:
    """V3:147 "A unique identifier for this operation instance"; V3:1223 the gateway makes it."""
    numbers = [message["RealTime"]["OperationID"] for message in everything(sim)]
    assert len(set(numbers)) == len(numbers)
    assert all(isinstance(number, str) and number for number in numbers)


def test_time_is_when_it_was_processed_in_utc_and_payloads_tell_device_time(sim: Sim) -> None:
    """V3:148, 1217: `YYYY-MM-DD HH:mm:ss GMT +0000`; inside, the device's own offset."""
    sim.punch("1")
    sim.idle()
    frame = sim.receiver.messages[0]["RealTime"]
    assert frame["Time"] == "2020-09-13 12:26:40 GMT +0000"
    assert frame["PunchLog"]["LogTime"] == "2020-09-13 17:56:40 GMT +0530"


def test_every_time_of_every_callback_has_the_one_form(sim: Sim) -> None:
    """V3:1217 `YYYY-MM-DD HH:mm:ss GMT +OFFSET`."""
    keys = ("Time", "LogTime", "OperationTime", "ModifiedTo")
    texts = []
    for message in everything(sim):
        frame = message["RealTime"]
        inner = [part for part in frame.values() if isinstance(part, dict)]
        texts += [part[key] for part in (frame, *inner) for key in keys if key in part]
    assert len(texts) >= 22
    assert [text for text in texts if not WIRE_TIME.fullmatch(text)] == []


@pytest.mark.parametrize(
    ("status", "body", "taken"),
    [
        (200, b'{"status":"done"}', True),
        (500, b'{"status":"done"}', False),
        (200, b'{"status":"error"}', False),
        (200, b"", False),
    ],
)
def test_only_done_with_http_200_acknowledges(sim: Sim, status: int, body: bytes, taken: bool) -> None:
    """V3:61 `{"status":"done"}` (HTTP 200)."""
    sim.receiver.answer = (status, body)
    sim.punch("1")
    sim.advance(1)
    assert len(sim.slot().outbox) == (0 if taken else 1)


def test_what_the_server_missed_is_delivered_once_it_is_back(sim: Sim) -> None:
    """V3:140 and 1168 "delivers them automatically once your server is back online. No data is lost." """
    sim.receiver.answer = (503, b"")
    for _ in range(3):
        sim.punch("1")
    sim.advance(60)
    sim.receiver.received.clear()
    sim.receiver.answer = (200, b'{"status":"done"}')
    sim.idle()
    assert [log["LogTime"][17:19] for log in sim.receiver.frames("PunchLog")] == ["40", "41", "42"]


def test_a_punch_that_was_not_acknowledged_is_sent_again(sim: Sim) -> None:
    """V3:1170 "The same punch may be re-sent during offline recovery or network retries": same UserID and LogTime."""
    sim.receiver.fail(2)
    sim.punch("1")
    sim.idle()
    sent = [(log["UserId"], log["LogTime"]) for log in sim.receiver.frames("PunchLog")]
    assert sent == [("1", "2020-09-13 17:56:40 GMT +0530")] * 3


def test_punches_of_a_device_that_was_offline_come_late_and_out_of_order(sim: Sim) -> None:
    """V3:1219: cached punches are pushed once it is reconnected, old LogTimes after newer ones."""
    sim.api("POST", "devices", {"id": "SIM2", "users": 1, "callback_url": sim.receiver.url})
    sim.api("POST", "devices/SIM1/offline")
    sim.punch("1")
    sim.advance(60)
    sim.punch("1", device="SIM2")
    sim.advance(60)
    assert len(sim.receiver.received) == 1
    sim.api("POST", "devices/SIM1/online")
    sim.idle()
    newer, older = [log["LogTime"] for log in sim.receiver.frames("PunchLog")]
    assert newer > older


# --- what each of them says -------------------------------------------------------------------------------------------


def test_a_deletion_tells_user_and_time(sim: Sim) -> None:
    """V3:200 "Contains the UserID and deletion time." """
    sim.control("delete_user", user="2")
    sim.idle()
    assert sim.receiver.frames("UserDeleted") == [{"UserID": "2", "OperationTime": "2020-09-13 17:56:40 GMT +0530"}]


def test_a_changed_date_tells_the_new_value(sim: Sim) -> None:
    """V3:222 "Reports the new value set." """
    sim.control("date", to="2020-09-20 10:22:24 GMT +0530")
    sim.idle()
    (frame,) = sim.receiver.frames("DateModified")
    assert (frame["ModifiedTo"], set(frame)) == ("2020-09-20 10:22:24 GMT +0530", {"ModifiedTo", "OperationTime"})


def test_a_profile_change_has_an_empty_template_array(sim: Sim) -> None:
    """V3:244 "no biometric change. Template array is empty." """
    (frame,) = updated(sim, user="1", first_name="jency", last_name="mary")
    assert (frame["UserID"], frame["FirstName"], frame["LastName"]) == ("1", "jency", "mary")
    assert (frame["UserType"], frame["Template"]) == ("User", [])


@pytest.mark.parametrize(("kind", "data"), [("Card", "9804445"), ("Password", "124445")])
def test_cards_and_pins_are_told_as_they_are(sim: Sim, kind: str, data: str) -> None:
    """V3:272 "Data holds the card number", V3:297 "the numeric PIN string", V3:1225 "plain strings"."""
    (frame,) = updated(sim, user="1", templates=[{"type": kind, "data": data}])
    assert frame["Template"] == [{"Type": kind, "UserID": "1", "Data": data}]


def test_a_fingerprint_has_slot_byte_length_and_base64(sim: Sim) -> None:
    """V3:321 "Index = finger slot 0–9, Size = byte length, Data = Base64 binary." """
    for slot in (0, 9):
        sim.control("put_user", user="1", templates=[{"type": "Fingerprint", "index": slot}])
    sim.idle()
    told = [item for frame in sim.receiver.frames("UserUpdated") for item in frame["Template"]]
    assert [item["Index"] for item in told] == ["0", "9"]
    for item in told:
        assert set(item) == {"Type", "UserID", "Size", "Index", "Data"}
        assert int(item["Size"]) == len(b64decode(item["Data"], validate=True))


@pytest.mark.parametrize("face", ["jpeg", "binary"])
def test_a_face_is_a_jpeg_or_the_devices_binary(start_sim: Start, face: str) -> None:
    """V3:348 "Base64-encoded JPEG or proprietary face binary (device-dependent)"."""
    sim = start_sim(knobs={"face.format": face})
    (frame,) = updated(sim, user="1", templates=["Face"])
    (item,) = frame["Template"]
    data = b64decode(item["Data"], validate=True)
    assert (item["Type"], int(item["Size"]), item["Index"]) == ("Face", len(data), "0")
    assert data.startswith(b"\xff\xd8\xff") is (face == "jpeg")


def test_a_palm_is_base64_with_an_index(sim: Sim) -> None:
    """V3:375 "Base64-encoded palm binary", V3:168 Index and Data."""
    (frame,) = updated(sim, user="1", templates=["Palm"])
    (item,) = frame["Template"]
    assert set(item) == {"Type", "UserID", "Index", "Data"}
    assert b64decode(item["Data"], validate=True)


def test_a_user_photo_is_a_base64_jpeg(sim: Sim) -> None:
    """V3:401 "Data is Base64-encoded JPEG", V3:169 Data alone."""
    (frame,) = updated(sim, user="1", templates=["UserPhoto"])
    (item,) = frame["Template"]
    assert set(item) == {"Type", "UserID", "Data"}
    assert b64decode(item["Data"], validate=True).startswith(b"\xff\xd8\xff")


def test_a_callback_carries_only_what_changed(start_sim: Start) -> None:
    """V3:156, 1174 "it only carries the templates that were added or changed"."""
    sim = start_sim(device(templates=["Card", "Password"]))
    (frame,) = updated(sim, user="1", templates=["Fingerprint"])
    assert [item["Type"] for item in frame["Template"]] == ["Fingerprint"]


@pytest.mark.parametrize(("split", "callbacks"), [("per_template", 6), ("all", 1)])
def test_templates_come_one_at_a_time_or_in_groups(sim: Sim, split: str, callbacks: int) -> None:
    """V3:156 "one at a time or in groups, across multiple callbacks"."""
    sim.control("put_user", user="9", templates=KINDS, split=split)
    sim.idle()
    told = [[item["Type"] for item in frame["Template"]] for frame in sim.receiver.frames("UserUpdated")]
    with_templates = [kinds for kinds in told if kinds]
    assert len(with_templates) == callbacks
    assert sorted(kind for kinds in with_templates for kind in kinds) == sorted(KINDS)


def test_a_punch_photo_is_a_jpeg_of_the_moment_beside_the_punch(sim: Sim) -> None:
    """V3:426 "LogPhoto is Base64-encoded JPEG", V3:1176 "separate from the punch log callback"."""
    sim.punch("3", photo=True)
    sim.idle()
    (photo,), (punch,) = sim.receiver.frames("Log"), sim.receiver.frames("PunchLog")
    assert (photo["UserID"], photo["LogTime"]) == (punch["UserId"], punch["LogTime"])
    assert b64decode(photo["LogPhoto"], validate=True).startswith(b"\xff\xd8\xff")
    assert "LogPhoto" not in punch


def test_a_device_without_a_camera_takes_no_photo(start_sim: Start) -> None:
    """V3:426 "for devices with photo capture", V3:1176 "available on devices with camera support"."""
    sim = start_sim(device(model="rsp10f1"))
    sim.punch("1", photo=True)
    sim.idle()
    assert (len(sim.receiver.frames("Log")), len(sim.receiver.frames("PunchLog"))) == (0, 1)


def test_every_punch_is_told_with_type_input_temperature_and_mask(sim: Sim) -> None:
    """V3:449 "fires on every punch. Includes type, input method, temperature, and face-mask status." """
    for user in ("1", "2", "3"):
        sim.punch(user, type="CheckOut", input="Fingerprint", temperature=36.8, mask=False)
    sim.idle()
    told = sim.receiver.frames("PunchLog")
    assert [punch["UserId"] for punch in told] == ["1", "2", "3"]
    shown = {key: told[0][key] for key in ("Type", "InputType", "Temperature", "FaceMask")}
    assert shown == {"Type": "CheckOut", "InputType": "Fingerprint", "Temperature": "36.8", "FaceMask": False}


def test_temperature_and_mask_are_told_where_the_device_has_them(start_sim: Start) -> None:
    """V3:1178 "Yes, if the device supports it": a temperature, and a truth value for the mask."""
    plain = start_sim(device(model="rsp10f1"))
    plain.punch("1", temperature=36.8, mask=True)
    plain.idle()
    assert set(plain.receiver.frames("PunchLog")[0]) == {"Type", "InputType", "UserId", "LogTime"}
    sensing = start_sim(device(model="f38+"))
    sensing.punch("1", temperature=36.8, mask=True)
    sensing.idle()
    assert sensing.receiver.frames("PunchLog")[0]["FaceMask"] is True


@pytest.mark.parametrize("kind", TYPES)
def test_each_punch_type_of_the_page_is_told(sim: Sim, kind: str) -> None:
    """V3:451, 1172."""
    sim.punch("1", type=kind)
    sim.idle()
    assert sim.receiver.frames("PunchLog")[0]["Type"] == kind


@pytest.mark.parametrize("method", INPUTS)
def test_each_input_of_the_page_is_told(start_sim: Start, method: str) -> None:
    """V3:451, 1172 "The InputType field shows the biometric method used"."""
    sim = start_sim(device(templates=INPUTS))
    sim.punch("1", input=method)
    sim.idle()
    assert sim.receiver.frames("PunchLog")[0]["InputType"] == method


def test_user_callbacks_and_punches_name_label_and_serial(start_sim: Start) -> None:
    """V3:257, 284, 456: LabelName and SerialNumber beside the body."""
    sim = start_sim(device(label="Burj Khalifa", serial="ZHM11xxxxxxxx"))
    sim.control("put_user", user="1", templates=["Card"])
    sim.punch("1")
    sim.idle()
    names = {(m["RealTime"]["LabelName"], m["RealTime"]["SerialNumber"]) for m in sim.receiver.messages}
    assert names == {("Burj Khalifa", "ZHM11xxxxxxxx")}


def test_synthetic_templates_have_the_size_the_page_prints() -> None:
    """V3:330 a print of 1,176 bytes, V3:357 a face of 28,112: of that order, Size is the decoded length."""
    for kind, low, high in ((TemplateType.FINGERPRINT, 900, 1400), (TemplateType.FACE, 20_000, 40_000)):
        made = people.template(1, "1", kind, 0, 0)
        assert low <= int(made.size or 0) <= high
        assert int(made.size or 0) == len(b64decode(made.data))
