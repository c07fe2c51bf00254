"""What a callback says, in forms that were seen and are not documented."""

from __future__ import annotations

from anomaly import on_request
from running_sim import Sim


def test_attendance_type_can_stand_where_type_does(sim: Sim) -> None:
    on_request(sim, "attendance_type")
    sim.punch("1", type="CheckOut")
    sim.idle()

    (punch,) = sim.receiver.frames("PunchLog")
    assert punch["AttendanceType"] == "CheckOut"
    assert "Type" not in punch


def test_a_user_photo_can_stand_beside_the_templates(sim: Sim) -> None:
    on_request(sim, "user_photo")
    sim.control("put_user", user="1", templates=["UserPhoto"])
    sim.idle()

    (update,) = sim.receiver.frames("UserUpdated")
    data = update["Template"][0]["Data"]
    assert update["Photo"] == {"Type": "Base64", "Size": str(len(data)), "Data": data, "UserId": "1"}


def test_the_batch_form_has_rows_and_no_frame(sim: Sim) -> None:
    on_request(sim, "batch")
    sim.punch("1")
    sim.idle()

    (message,) = sim.receiver.messages
    row = {"UserID": "1", "Type": "CheckIn", "LogTime": "2020-09-13 17:56:40 GMT +0530"}
    assert message == {"PunchLog": {"ReturnRowCount": "1", "Log": [row]}}


def test_an_operation_of_the_future_can_come(sim: Sim) -> None:
    on_request(sim, "unknown_operation")
    sim.punch("1")
    sim.idle()

    frame = sim.receiver.messages[0]["RealTime"]
    assert "PunchLog" not in frame
    assert frame["FutureOperation"]["UserId"] == "1"


def test_keys_can_come_in_another_order(sim: Sim) -> None:
    sim.punch("1")
    on_request(sim, "shuffle_keys")
    sim.punch("2")
    sim.idle()

    plain, shuffled = (message["RealTime"] for message in sim.receiver.messages)
    assert set(plain) == set(shuffled)
    assert list(plain) != list(shuffled) or list(plain["PunchLog"]) != list(shuffled["PunchLog"])


def test_escaped_text_says_the_same(sim: Sim) -> None:
    on_request(sim, "escape")
    sim.control("put_user", user="9", first_name="Žofie", last_name="a/b")
    sim.idle()

    (item,) = sim.receiver.received
    assert item.body.isascii()
    assert b"a\\/b" in item.body
    assert item.message["RealTime"]["UserUpdated"]["FirstName"] == "Žofie"


def test_a_charset_can_follow_the_content_type(sim: Sim) -> None:
    on_request(sim, "charset")
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].headers["Content-Type"] == "application/json; charset=utf-8"
