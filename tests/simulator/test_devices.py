"""Devices: who is let in, what fits, what the log keeps, what a model and a connection mode can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from running_sim import START_MS, Sim, device

from camsim.control.devices import PersonSpec
from camsim.protocol.facts import Punch, Template
from camsim.protocol.vocabulary import ConnectionMode, TemplateType
from camsim.state.device import Device, DeviceClock, User
from camsim.state.models import MODELS, Capacity, Model

Start = Callable[..., Sim]
SMALL = Model("small", "Small", capacity=Capacity(users=3, fingerprints=2, faces=1, palms=1, photos=1, logs=4))
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}


def _window(user: str, start: str, end: str) -> dict[str, Any]:
    return {"Update": {"AccessTime": {"UserID": user, "Start": start, "End": end}}}


def _access(user: str, word: str) -> dict[str, Any]:
    return {"Update": {"User": {"UserID": user, "Access": word}}}


def _add(user: str, *templates: dict[str, str]) -> dict[str, Any]:
    return {"Add": {"User": {"UserID": user}, "Template": [{"UserID": user, **item} for item in templates]}}


# --- who is let in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "let_in"),
    [("09:59:59", False), ("10:00:00", True), ("11:30:00", True), ("12:00:00", True), ("12:00:01", False)],
)
def test_an_access_window_lets_in_from_start_to_end_of_the_devices_wall_clock(sim: Sim, at: str, let_in: bool) -> None:
    assert sim.rest(_window("1", "2020-09-13 10:00:00", "2020-09-13 12:00:00")).code == 0
    assert sim.punch("1", at=f"2020-09-13 {at} GMT +0530")["recorded"] is let_in


def test_a_new_window_replaces_the_former(sim: Sim) -> None:
    sim.rest(_window("1", "2020-09-13 10:00:00", "2020-09-13 12:00:00"))
    sim.rest(_window("1", "2020-09-14 10:00:00", "2020-09-14 12:00:00"))
    assert not sim.punch("1", at="2020-09-13 11:00:00 GMT +0530")["recorded"]
    assert sim.punch("1", at="2020-09-14 11:00:00 GMT +0530")["recorded"]


def test_a_window_written_with_an_offset_is_the_same_moment(sim: Sim) -> None:
    sim.rest(_window("1", "2020-09-13 10:00:00 GMT +0000", "2020-09-13 11:00:00 GMT +0000"))
    assert sim.punch("1", at="2020-09-13 10:30:00 GMT +0000")["recorded"]
    assert not sim.punch("1", at="2020-09-13 10:30:00 GMT +0530")["recorded"]


def test_a_disabled_user_is_denied_until_enabled_and_keeps_templates(start_sim: Start) -> None:
    sim = start_sim(device(templates=["Card"]))
    assert sim.rest(_access("1", "disable")).code == 0
    assert (sim.punch("1")["recorded"], len(sim.slot().device.users["1"].templates)) == (False, 1)
    assert sim.rest(_access("1", "Enable")).code == 0
    assert sim.punch("1")["recorded"]


def test_enabling_does_not_lift_a_window(sim: Sim) -> None:
    sim.rest(_window("1", "2020-01-01 00:00:00", "2020-01-02 00:00:00"))
    sim.rest(_access("1", "enable"))
    assert not sim.punch("1")["recorded"]


@pytest.mark.parametrize("user", ["99", "1 ", "01"])
def test_a_stranger_makes_no_log_and_no_callback(sim: Sim, user: str) -> None:
    assert not sim.punch(user)["recorded"]
    sim.idle()
    assert (sim.slot().device.log_count, sim.receiver.received) == (0, [])
    assert [entry.verdict for entry in sim.entries] == ["denied"]


@pytest.mark.parametrize(("key", "model"), MODELS.items())
def test_a_model_reads_only_what_it_has_hardware_for(start_sim: Start, key: str, model: Model) -> None:
    sim = start_sim(device(model=key))
    for kind in ("Card", "Password", "Fingerprint", "Face", "Palm"):
        assert sim.punch("1", input=kind)["recorded"] is (kind in model.templates)


def test_a_repeat_within_the_reverify_time_is_denied(start_sim: Start) -> None:
    sim = start_sim(device(reverify=30))
    times = ["10:00:00", "10:00:29", "10:00:30"]
    assert [sim.punch("1", at=f"2020-09-13 {at} GMT +0530")["recorded"] for at in times] == [True, False, True]


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        ("actual", ["CheckIn", "BreakOut", "CheckIn"]),
        ("first_in_rest_out", ["CheckIn", "CheckOut", "CheckOut"]),
        ("zigzag", ["CheckIn", "CheckOut", "CheckIn"]),
        ("always_in", ["CheckIn", "CheckIn", "CheckIn"]),
        ("always_out", ["CheckOut", "CheckOut", "CheckOut"]),
    ],
)
def test_the_direction_follows_the_rule(start_sim: Start, rule: str, kinds: list[str]) -> None:
    sim = start_sim(device(direction=rule))
    for pressed in ("CheckIn", "BreakOut", "CheckIn"):
        sim.punch("1", type=pressed)
    sim.idle()
    assert [punch["Type"] for punch in sim.receiver.frames("PunchLog")] == kinds


def test_nobody_punches_twice_in_one_second(sim: Sim) -> None:
    times = [sim.punch("1")["log_time"] for _ in range(3)]
    assert len(set(times)) == 3


# --- what fits --------------------------------------------------------------------------------------------------------


def _prints(user: str, count: int) -> dict[str, Any]:
    item = {"Type": "Fingerprint", "Size": "1176", "Data": "TW9TUzIxAAAELC4ECAUHCc7Q..."}
    return _add(user, *({**item, "Index": str(n)} for n in range(count)))


@pytest.fixture
def small(start_sim: Start) -> Sim:
    """A device that holds 3 users, 2 prints and 4 log rows."""
    return start_sim(device(model="small", users=1), models={"small": SMALL})


def test_one_user_too_many_is_answered_11(small: Sim) -> None:
    assert [small.rest(_add(name)).code for name in ("7", "8", "9")] == [0, 0, 11]


def test_an_addition_that_does_not_fit_whole_changes_nothing(small: Sim) -> None:
    before = small.digest()
    assert (small.rest(_prints("7", 3)).code, small.digest()) == (11, before)
    assert small.rest(_prints("7", 2)).code == 0


def test_deleting_makes_room_again(small: Sim) -> None:
    assert [small.rest(_prints("7", 2)).code, small.rest(_prints("8", 1)).code] == [0, 11]
    assert [small.rest({"Delete": {"User": {"UserID": "7"}}}).code, small.rest(_prints("8", 1)).code] == [0, 0]


def test_a_template_that_is_replaced_needs_no_room() -> None:
    held = Device("x", SMALL, "s", "m")
    user = User("1")
    held.put_user(user)
    for data in ("1", "2", "3"):
        held.put_template(user, Template(TemplateType.FACE, data, "0"))
    assert held.count(TemplateType.FACE) == 1


def test_a_full_log_overwrites_its_oldest_row(small: Sim) -> None:
    small.control("punches", punches=[{"user": "1", "count": 6, "every": "1m"}])
    rows = list(small.slot().device.rows())
    assert [row.number for row in rows] == [3, 4, 5, 6]
    assert (small.slot().device.row(2), small.slot().device.row(5)) == (None, rows[2])


def test_what_a_full_log_overwrites_before_upload_is_lost_by_name(small: Sim) -> None:
    small.control("offline")
    small.control("punches", punches=[{"user": "1", "count": 6, "every": "1m"}])
    small.control("online")
    small.idle()
    ledger = small.host.runtime.kernel.state.ledger
    assert [record.cause for _, record in ledger.rows()] == ["overwritten in the full log"] * 2 + [""] * 4
    assert ledger.summary()["acknowledged"] == 4


def test_the_log_ring_gives_its_memory_back() -> None:
    held = Device("x", Model("m", "M", capacity=Capacity(logs=10)), "s", "m")
    for n in range(5000):
        held.record(Punch("1", n, 0, "CheckIn", "Card"))
    assert (held.log_count, held.next_number) == (10, 5001)
    assert len(held.log.tail) < 2500


def test_who_has_ten_fingers_enrols_the_first_anew(start_sim: Start) -> None:
    """11 is "its maximum user or template capacity" (V3:187), which one person's ten prints are not (R-35)."""
    sim = start_sim()
    assert sim.rest(_prints("7", 10)).code == 0
    before = sim.slot().device.users["7"].templates["Fingerprint:0"]
    assert sim.rest({"Enroll": {"User": {"UserID": "7", "Type": "Fingerprint"}}}).code == 0
    sim.idle()
    (told,) = sim.receiver.frames("UserUpdated")
    assert (told["Template"][0]["Index"], told["Template"][0]["Data"] != before.data) == ("0", True)
    assert len(sim.slot().device.users["7"].templates) == 10


# --- what it says about itself ----------------------------------------------------------------------------------------


def _counts(sim: Sim) -> list[str]:
    told = sim.rest({"Load": {"DeviceInformation": "All"}}).message["DeviceInformation"]
    return [told[f"Registered{what}"] for what in ("Users", "Faces", "Fingerprints")]


def test_device_information_always_equals_the_real_counts(start_sim: Start) -> None:
    sim = start_sim(device(users=2, templates=["Fingerprint", "Face"]))
    assert _counts(sim) == ["2", "2", "2"]
    sim.rest(_prints("7", 3))
    assert _counts(sim) == ["3", "2", "5"]
    sim.rest({"Delete": {"User": {"UserID": "1"}}})
    assert _counts(sim) == ["2", "1", "4"]
    sim.control("put_user", user="7", templates=[{"type": "Fingerprint", "index": 0}, "Face"])
    assert _counts(sim) == ["2", "2", "4"]
    sim.rest({"Enroll": {"User": {"UserID": "7", "Type": "Fingerprint"}}})
    sim.idle()
    assert _counts(sim) == ["2", "2", "5"]
    sim.control("delete_user", user="7")
    sim.rest({"Delete": {"User": "All"}})
    assert _counts(sim) == ["0", "0", "0"]


@pytest.mark.parametrize(("key", "model"), MODELS.items())
def test_device_information_prints_the_capacities_of_the_model(start_sim: Start, key: str, model: Model) -> None:
    told = start_sim(device(model=key)).rest({"Load": {"DeviceInformation": "All"}}).message["DeviceInformation"]
    assert told["DeviceModel"] == model.name
    assert told["MaximumAttendanceLogsSupported"] == str(model.capacity.logs)
    assert told["MaximumFacesSupported"] == str(model.capacity.faces if model.face else 0)


def test_last_connected_is_when_an_offline_device_was_last_seen(start_sim: Start) -> None:
    sim = start_sim(knobs={"rest.latency": 0})
    sim.advance(60)
    sim.control("offline")
    sim.advance(3600)
    sim.control("online")
    told = sim.rest({"Load": {"DeviceInformation": "All"}}).message["DeviceInformation"]
    assert told["LastConnectedTime"] == "13-09-2020 18:57:40 GMT +0530"


# --- features of the model: 15 ----------------------------------------------------------------------------------------

_DATA = {
    "Card": {"Data": "102836"},
    "Password": {"Data": "123456"},
    "Face": {"Size": "25072", "Index": "0", "Data": "/9j/4AAQSkZJRgABAQAAAQABAAD..."},
    "Fingerprint": {"Size": "1176", "Index": "0", "Data": "TW9TUzIxAAAELC4ECAUHCc7Q..."},
    "Palm": {"Index": "0", "Data": "apUBEOAHv98IAAwAAc/qAgzWDlDL..."},
    "UserPhoto": {"Data": "/9j/4AAQSkZJRgABAQAAAQABAAD..."},
}


@pytest.mark.parametrize(("key", "model"), MODELS.items())
def test_a_template_that_a_model_cannot_store_is_answered_15(start_sim: Start, key: str, model: Model) -> None:
    sim = start_sim(device(model=key))
    for number, (kind, item) in enumerate(_DATA.items()):
        answer = sim.rest(_add(f"9{number}", {"Type": kind, **item}))
        assert answer.code == (0 if kind in model.templates else 15), kind


def test_a_request_with_one_template_too_many_for_the_model_stores_nothing(start_sim: Start) -> None:
    sim = start_sim(device(model="rsp10i3"))
    before = sim.digest()
    card, palm = ({"Type": kind, **_DATA[kind]} for kind in ("Card", "Palm"))
    assert (sim.rest(_add("9", card, palm)).code, sim.digest()) == (15, before)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("rsp10i3", {"Enroll": {"User": {"UserID": "1", "Type": "Fingerprint"}}}),
        ("f37", _window("1", "2022-07-11 00:00:00", "2022-07-11 23:59:59")),
        ("rsp10i3", {"Delete": {"PunchPhoto": "All"}}),
        ("f38+", {"Enroll": {"User": {"UserID": "1", "Type": "Palm"}}}),
    ],
)
def test_a_command_without_its_hardware_is_answered_15(start_sim: Start, model: str, message: dict[str, Any]) -> None:
    assert start_sim(device(model=model)).rest(message).code == 15


def test_an_operation_that_is_not_in_the_plan_is_answered_15(start_sim: Start) -> None:
    sim = start_sim(device(without_operations=["LoadLog"]))
    assert sim.rest({"Load": {"PunchLog": {"Filter": EVER}}}).code == 15
    assert sim.rest({"Load": {"DeviceInformation": "All"}}).code == 0


def test_a_device_with_its_restful_api_switched_off_answers_15(start_sim: Start) -> None:
    assert start_sim(device(restful_api=False)).rest({"Load": {"DeviceInformation": "All"}}).code == 15


@pytest.mark.parametrize(("key", "model"), MODELS.items())
def test_a_punch_tells_temperature_and_mask_only_with_the_sensor(start_sim: Start, key: str, model: Model) -> None:
    sim = start_sim(device(model=key))
    sim.punch("1", photo=True)
    sim.idle()
    (punch,) = sim.receiver.frames("PunchLog")
    assert ("Temperature" in punch, "FaceMask" in punch) == (model.temperature_sensor, model.camera)
    assert len(sim.receiver.frames("Log")) == model.camera


# --- connection modes -------------------------------------------------------------------------------------------------

ALL_MODES = [mode for mode in ConnectionMode if mode.startswith(("native", "sdk"))]
PUNCH_MODES = [mode for mode in ConnectionMode if mode not in ALL_MODES]


def _does_everything(sim: Sim) -> list[str]:
    sim.punch("1", photo=True)
    sim.control("put_user", user="2", first_name="New", templates=["Card"])
    sim.control("date", by="1h")
    sim.control("delete_user", user="3")
    sim.idle()
    return sorted({key for m in sim.receiver.messages for key in m["RealTime"]} - {"OperationID", "AuthToken", "Time"})


@pytest.mark.parametrize("mode", ALL_MODES)
def test_native_and_sdk_modes_tell_everything_and_take_commands(start_sim: Start, mode: ConnectionMode) -> None:
    sim = start_sim(device(mode=mode))
    told = ["DateModified", "LabelName", "Log", "PunchLog", "SerialNumber", "UserDeleted", "UserUpdated"]
    assert _does_everything(sim) == told
    assert sim.rest({"Load": {"DeviceInformation": "All"}}).code == 0


@pytest.mark.parametrize("mode", PUNCH_MODES)
def test_database_and_file_modes_tell_punches_only_and_take_no_command(start_sim: Start, mode: ConnectionMode) -> None:
    sim = start_sim(device(mode=mode))
    assert _does_everything(sim) == ["LabelName", "PunchLog", "SerialNumber"]
    assert sim.rest({"Load": {"DeviceInformation": "All"}}).code == 15


def test_an_sdk_that_lacks_operations_answers_15_and_leaves_out_events(start_sim: Start) -> None:
    lacking = Model(
        "sdk",
        "Sdk",
        without_commands=frozenset({"LoadLog"}),
        without_events=frozenset({"ManuallyDateModified"}),
    )
    sim = start_sim(device(mode="sdk-direct", model="sdk"), models={"sdk": lacking})
    assert sim.rest({"Load": {"PunchLog": {"Filter": EVER}}}).code == 15
    assert "DateModified" not in _does_everything(sim)


def test_a_database_is_read_now_and_then_so_punches_come_late_in_bulk(start_sim: Start) -> None:
    sim = start_sim(device(mode="db-direct"))
    sim.punch("1")
    sim.punch("2")
    assert sim.receiver.received == []
    sim.advance(60)
    assert len(sim.receiver.received) == 2
    assert {entry.at for entry in sim.entries if entry.direction == "callback"} != {START_MS}


# --- switches ---------------------------------------------------------------------------------------------------------


def test_push_user_data_off_keeps_user_events_and_lets_punches_through(start_sim: Start) -> None:
    sim = start_sim(device(push_user_data=False))
    told = _does_everything(sim)
    assert ("UserUpdated" in told, "UserDeleted" in told, "PunchLog" in told) == (False, False, True)


def test_push_photo_off_keeps_photos(start_sim: Start) -> None:
    sim = start_sim(device(push_photo=False))
    assert "Log" not in _does_everything(sim)


def test_handle_response_off_lets_a_wrong_answer_go_unnoticed(start_sim: Start) -> None:
    sim = start_sim(device(handle_response=False))
    sim.receiver.answer = (500, b"")
    sim.punch("1")
    assert sim.idle()["waiting"]["callbacks"] == 0
    assert "Handle Response is off" in sim.entries[-1].lint[0]


# --- its own clock ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("-0330", "08:56:40 GMT -0330"), ("+0545", "18:11:40 GMT +0545"), ("+1400", "02:26:40 GMT +1400")],
)
def test_a_punch_is_written_at_the_devices_offset(start_sim: Start, zone: str, shown: str) -> None:
    assert start_sim(device(timezone=zone)).punch("1")["log_time"].endswith(shown)


def test_a_clock_set_by_hand_is_told_and_used(sim: Sim) -> None:
    sim.control("date", to="2020-09-13 10:00:00")
    sim.advance(5)
    assert sim.punch("1")["log_time"] == "2020-09-13 10:00:05 GMT +0530"
    sim.idle()
    told = sim.receiver.frames("DateModified")
    assert told == [{"ModifiedTo": "2020-09-13 10:00:00 GMT +0530", "OperationTime": "2020-09-13 17:56:40 GMT +0530"}]


def test_a_drifting_clock_gains_as_said() -> None:
    clock = DeviceClock(0, 0, 100.0, 0)
    assert [clock.now_s(seconds * 1000) for seconds in (0, 10_000, 100_000)] == [0, 10_001, 100_010]


# --- photos and users -------------------------------------------------------------------------------------------------


def test_deleting_punch_photos_leaves_user_photos(start_sim: Start) -> None:
    sim = start_sim(device(templates=["UserPhoto"]))
    sim.punch("1", photo=True)
    assert (len(sim.slot().device.photos), sim.rest({"Delete": {"PunchPhoto": "All"}}).code) == (1, 0)
    assert (len(sim.slot().device.photos), sim.slot().device.count(TemplateType.USER_PHOTO)) == (0, 3)


def test_deleting_a_user_keeps_the_punch_log(sim: Sim) -> None:
    sim.punch("1")
    sim.rest({"Delete": {"User": {"UserID": "1"}}})
    assert sim.slot().device.log_count == 1


def test_user_ids_are_text_with_their_leading_zeros(start_sim: Start) -> None:
    sim = start_sim(device(users=[PersonSpec("007")]))
    assert [sim.rest(_add(name)).code for name in ("007", "7")] == [8, 0]
