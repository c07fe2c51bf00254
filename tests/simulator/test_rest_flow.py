"""How a command travels: held, queued, carried out late, lost; and what a device sends because of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from typing import Any

import pytest
from running_sim import KEY, START_MS, Answer, Sim, device

from camsim.control.devices import PersonSpec
from camsim.protocol import cipher

Start = Callable[..., Sim]
INFORMATION = {"Load": {"DeviceInformation": "All"}}
SLOW = {"rest.latency": "15s"}
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}
LOG = {"Load": {"PunchLog": {"Filter": EVER}}}
RESEND = {"Resend": {"PunchLog": {"Filter": EVER}}}


def _enrol(user: str) -> dict[str, Any]:
    return {"Enroll": {"User": {"UserID": user, "Type": "Fingerprint", "FirstName": "Rajesh"}}}


def _delete(user: str) -> dict[str, Any]:
    return {"Delete": {"User": {"UserID": user}}}


def _answers(sim: Sim) -> list[tuple[str, int | None, float]]:
    """Operation, code and virtual second of each answered command."""
    return [(e.operation, e.code, (e.at - START_MS) / 1000) for e in sim.entries if e.verdict == "answered"]


@pytest.fixture
def slow(start_sim: Start) -> Sim:
    """A device that takes about 15 seconds for a command."""
    return start_sim(knobs=SLOW)


# --- held -------------------------------------------------------------------------------------------------------------


def test_the_http_call_is_held_until_the_device_acknowledges(slow: Sim) -> None:
    call = slow.rest_later(INFORMATION)
    slow.advance(1.9)
    assert not call.done()
    slow.advance(26.1)
    assert call.result(5).code == 0


def test_commands_of_one_device_run_one_after_another_in_order(slow: Sim) -> None:
    messages = [INFORMATION, _delete("1"), _delete("2")]
    calls = [slow.rest_later(message) for message in messages]
    slow.advance(120)
    assert [call.result(5).code for call in calls] == [0, 0, 0]
    answered = _answers(slow)
    assert [name for name, _, _ in answered] == ["LoadDeviceInformation", "DeleteUser", "DeleteUser"]
    times = [0.0, *(at for _, _, at in answered)]
    assert all(2 <= later - earlier <= 28 for earlier, later in pairwise(times))


def test_waiting_behind_other_commands_does_not_count_for_the_window(slow: Sim) -> None:
    calls = [slow.rest_later(INFORMATION) for _ in range(6)]
    slow.advance(180)
    assert {call.result(5).code for call in calls} == {0}
    assert _answers(slow)[-1][2] > 30


def test_devices_work_in_parallel(start_sim: Start) -> None:
    sim = start_sim(device(), device("SIM2"), knobs=SLOW)
    calls = [sim.rest_later(INFORMATION, name) for name in ("SIM1", "SIM2")]
    sim.advance(28)
    assert [call.result(5).code for call in calls] == [0, 0]


def test_with_mode_accept_the_call_is_answered_at_once_and_the_command_runs_later(start_sim: Start) -> None:
    sim = start_sim(knobs={**SLOW, "rest.mode": "accept"})
    assert sim.rest(_delete("1")).code == 0
    assert "1" in sim.slot().device.users
    sim.advance(28)
    assert "1" not in sim.slot().device.users


def test_the_same_operation_id_twice_is_executed_twice(sim: Sim) -> None:
    add = {"Add": {"User": {"UserID": "9"}}, "OperationID": "same"}
    assert [sim.rest(add).code, sim.rest(add).code] == [0, 8]


# --- offline: 5 -------------------------------------------------------------------------------------------------------


def test_a_device_offline_for_the_whole_window_is_answered_5_when_it_ends(sim: Sim) -> None:
    sim.control("offline")
    call = sim.rest_later(_delete("1"))
    sim.advance(29.9)
    assert not call.done()
    sim.advance(0.1)
    assert call.result(5).code == 5


def test_after_5_the_command_runs_when_the_device_reconnects(sim: Sim) -> None:
    sim.control("offline")
    call = sim.rest_later(_delete("1"))
    sim.advance(3600)
    assert (call.result(5).code, "1" in sim.slot().device.users) == (5, True)
    sim.control("online")
    sim.idle()
    assert "1" not in sim.slot().device.users
    assert [(e.verdict, e.code) for e in sim.entries if e.operation == "DeleteUser"] == [
        ("answered", 5),
        ("executed late", 0),
    ]


def test_with_after_5_drop_the_command_is_gone(start_sim: Start) -> None:
    sim = start_sim(knobs={"rest.after_5": "drop"})
    sim.control("offline")
    call = sim.rest_later(_delete("1"))
    sim.advance(30)
    sim.control("online")
    sim.idle()
    assert (call.result(5).code, "1" in sim.slot().device.users) == (5, True)


def test_with_offline_reply_immediate_nobody_waits(start_sim: Start) -> None:
    sim = start_sim(knobs={"rest.offline_reply": "immediate"})
    sim.control("offline")
    assert sim.rest(INFORMATION).code == 5


def test_a_device_that_reconnects_within_the_window_answers_normally(slow: Sim) -> None:
    slow.control("offline")
    call = slow.rest_later(INFORMATION)
    slow.advance(1)
    slow.control("online")
    slow.advance(28)
    assert call.result(5).code == 0


def test_a_command_waiting_behind_another_is_answered_when_the_device_goes_offline(slow: Sim) -> None:
    first, second = slow.rest_later(INFORMATION), slow.rest_later(_delete("1"))
    slow.advance(1)
    slow.control("offline")
    slow.advance(30)
    assert (first.result(5).code, second.result(5).code) == (6, 5)
    slow.control("online")
    slow.idle()
    assert "1" not in slow.slot().device.users


# --- no acknowledgement: 6 --------------------------------------------------------------------------------------------


def test_a_device_that_drops_in_mid_execution_has_executed_but_is_answered_6(slow: Sim) -> None:
    call = slow.rest_later(_delete("1"))
    slow.advance(1)
    slow.control("offline")
    slow.advance(28)
    assert ("1" in slow.slot().device.users, call.done()) == (False, False)
    slow.advance(1)
    assert call.result(5).code == 6


def test_a_retried_delete_after_6_is_answered_9(slow: Sim) -> None:
    call = slow.rest_later(_delete("1"))
    slow.control("offline")
    slow.advance(31)
    slow.control("online")
    again = slow.rest_later(_delete("1"))
    slow.advance(31)
    assert (call.result(5).code, again.result(5).code) == (6, 9)


@pytest.mark.parametrize(("knob", "left"), [("executed", False), ("dropped", True)])
def test_after_6_the_command_is_executed_late_unless_dropped(start_sim: Start, knob: str, left: bool) -> None:
    sim = start_sim(knobs={"rest.latency": "2m", "rest.after_6": knob})
    call = sim.rest_later(_delete("1"))
    sim.advance(30)
    assert (call.result(5).code, "1" in sim.slot().device.users) == (6, True)
    sim.idle()
    assert ("1" in sim.slot().device.users) is left


# --- enrolment --------------------------------------------------------------------------------------------------------


def test_an_enrolment_answers_at_once_then_a_person_brings_a_finger(sim: Sim) -> None:
    assert sim.rest(_enrol("7")).code == 0
    sim.idle()
    (update,) = sim.receiver.frames("UserUpdated")
    assert list(update) == ["OperationTime", "Template"]
    assert [(t["Type"], t["UserID"], t["Index"]) for t in update["Template"]] == [("Fingerprint", "7", "0")]
    assert 10 <= (sim.now - START_MS) / 1000 <= 20
    assert sim.slot().device.users["7"].first_name == "Rajesh"


def test_the_finger_goes_to_the_lowest_free_index(start_sim: Start) -> None:
    sim = start_sim()
    sim.control(
        "put_user", user="1", templates=[{"type": "Fingerprint", "index": n} for n in (0, 1, 3)], announce=False
    )
    sim.rest(_enrol("1"))
    sim.idle()
    assert sim.receiver.frames("UserUpdated")[0]["Template"][0]["Index"] == "2"


def test_an_enrolment_keeps_the_names_of_a_user_who_is_there(start_sim: Start) -> None:
    sim = start_sim(device(users=[PersonSpec("1", "Manu", "Mona")]))
    sim.rest(_enrol("1"))
    assert sim.slot().device.users["1"].first_name == "Manu"


def test_a_second_enrolment_meanwhile_is_answered_6(sim: Sim) -> None:
    first, second = sim.rest(_enrol("1")), sim.rest_later(_enrol("2"))
    sim.advance(30)
    assert (first.code, second.result(5).code) == (0, 6)
    assert sim.idle()["waiting"]["commands"] == 0
    assert "2" in sim.slot().device.users  # user 2 was there; only the session was refused


def test_when_nobody_comes_the_session_ends_after_a_minute_without_a_callback(start_sim: Start) -> None:
    sim = start_sim(knobs={"enroll.person": "absent"})
    sim.rest(_enrol("1"))
    sim.advance(59)
    assert sim.slot().device.enrolment is not None
    sim.advance(1)
    assert (sim.slot().device.enrolment, sim.receiver.received) == (None, [])
    assert sim.rest(_enrol("1")).code == 0


def test_a_person_can_bring_the_finger_earlier(sim: Sim) -> None:
    sim.rest(_enrol("1"))
    sim.control("enrol_finger")
    sim.idle()
    assert len(sim.receiver.frames("UserUpdated")) == 1


def test_an_enrolment_that_finds_another_open_when_it_runs_late_leaves_nothing_behind(start_sim: Start) -> None:
    sim = start_sim(knobs={"enroll.person": "absent"})
    sim.control("offline")
    calls = [sim.rest_later(_enrol("1")), sim.rest_later(_enrol("2"))]
    sim.advance(60)
    sim.control("online")
    assert [call.result(5).code for call in calls] == [5, 5]
    assert sim.idle()["waiting"]["commands"] == 0


# --- sent again -------------------------------------------------------------------------------------------------------


def test_resend_attendance_delivers_the_same_punches_with_new_numbers_and_the_present_time(sim: Sim) -> None:
    sim.control("punches", punches=[{"user": "1", "count": 3, "photo": True}])
    sim.idle()
    before = [m["RealTime"] for m in sim.receiver.messages if "PunchLog" in m["RealTime"]]
    sim.receiver.received.clear()
    sim.advance(600)
    assert sim.rest(RESEND).code == 0
    sim.idle()
    after = [m["RealTime"] for m in sim.receiver.messages]
    assert [frame["PunchLog"] for frame in after] == [frame["PunchLog"] for frame in before]
    assert {frame["OperationID"] for frame in after}.isdisjoint(frame["OperationID"] for frame in before)
    assert {frame["Time"] for frame in after} == {"2020-09-13 12:36:40 GMT +0000"}


def test_resend_attendance_takes_both_ends_of_the_range(sim: Sim) -> None:
    for second in (9, 10, 11, 12):
        sim.punch("1", at=f"2020-09-13 10:00:{second:02d} GMT +0000")
    sim.idle()
    sim.receiver.received.clear()
    ends = {"StartTime": "2020-09-13 15:30:10 GMT +0530", "EndTime": "2020-09-13 15:30:11 GMT +0530"}
    assert sim.rest({"Resend": {"PunchLog": {"Filter": ends}}}).code == 0
    sim.idle()
    assert len(sim.receiver.received) == 2


def test_deleted_logs_cannot_be_resent(sim: Sim) -> None:
    sim.punch("1")
    sim.idle()
    sim.receiver.received.clear()
    assert [sim.rest({"Delete": {"Log": "All"}}).code, sim.rest(RESEND).code] == [0, 0]
    sim.idle()
    assert sim.receiver.received == []


def test_resend_all_user_tells_names_first_then_each_template_users_in_device_order(start_sim: Start) -> None:
    people = [PersonSpec("2", "Ann", "Lee"), PersonSpec("1", "Bob", "Ray")]
    sim = start_sim(device(users=people, templates=["Card", "Fingerprint"]))
    sim.rest({"Update": {"User": {"UserID": "2", "Access": "disable"}}})
    assert sim.rest({"Resend": {"User": "All"}}).code == 0
    sim.idle()
    told = [
        (
            update.get("UserID") or update["Template"][0]["UserID"],
            update.get("FirstName"),
            [t["Type"] for t in update["Template"]],
        )
        for update in sim.receiver.frames("UserUpdated")
    ]
    assert told == [
        ("2", "Ann", []),
        ("2", "", ["Card"]),
        ("2", None, ["Fingerprint"]),
        ("1", "Bob", []),
        ("1", "", ["Card"]),
        ("1", None, ["Fingerprint"]),
    ]


# --- the log ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, KEY])
def test_load_log_brings_many_rows_in_device_order_plain_and_encrypted(start_sim: Start, key: str | None) -> None:
    sim = start_sim(device(logs=20_000, security_key=key), device("SIM2"))
    body = json.dumps({**LOG, "OperationID": "o", "AuthToken": sim.slot().config.auth_token}).encode()
    call = sim.post_later(body if key is None else cipher.encrypt(key, body))
    assert sim.rest(INFORMATION, "SIM2").code == 0  # another device is served meanwhile
    answer = call.result(30)
    message = json.loads(answer.body if key is None else cipher.decrypt(key, answer.body))
    assert list(message) == ["Status", "OperationID", "PunchLog"]
    rows = message["PunchLog"]["Log"]
    assert message["PunchLog"]["ReturnRowCount"] == str(len(rows)) == "20000"
    kept = [row.punch for row in sim.slot().device.rows()]
    assert [row["UserID"] for row in rows] == [punch.user_id for punch in kept]
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_an_empty_range_has_no_rows(sim: Sim) -> None:
    assert sim.rest(LOG).message["PunchLog"] == {"ReturnRowCount": "0", "Log": []}


def test_times_without_offset_are_read_at_the_devices_own(sim: Sim) -> None:
    sim.punch("1", at="2020-09-13 10:00:00 GMT +0530")
    for hour, rows in ((10, 1), (4, 0)):
        ends = {"StartTime": f"2020-09-13 {hour:02d}:00:00", "EndTime": f"2020-09-13 {hour:02d}:00:00"}
        assert len(sim.rest({"Load": {"PunchLog": {"Filter": ends}}}).message["PunchLog"]["Log"]) == rows
    assert any("no UTC offset" in note for note in sim.entries[-1].lint)


def test_with_paging_rows_come_fifty_at_a_time_as_live_gateways_send_them(start_sim: Start) -> None:
    sim = start_sim(device(logs=120), knobs={"loadlog.paging": "offset"})
    pages, offset = [], ""
    while True:
        page = sim.rest({"Load": {"PunchLog": {"Filter": {**EVER, "OffSet": offset}}}}).message["PunchLog"]
        pages.append((page["ReturnRowCount"], page["ActualRowCount"], len(page["Log"])))
        offset = page["OffSet"]
        if not offset:
            break
    assert pages == [("50", "120", 50), ("50", "120", 50), ("20", "120", 20)]


def test_clearing_the_log_leaves_queued_callbacks_alone(sim: Sim) -> None:
    sim.receiver.fail(1)
    sim.control("punches", punches=[{"user": "1", "count": 2}])
    assert sim.rest({"Delete": {"Log": "All"}}).code == 0
    sim.idle()
    assert len(sim.receiver.frames("PunchLog")) == 3  # one of them twice
    assert sim.rest(LOG).message["PunchLog"]["Log"] == []


def test_clearing_the_log_loses_what_the_device_had_not_uploaded_and_says_so(start_sim: Start) -> None:
    sim = start_sim()
    sim.control("offline")
    sim.punch("1")
    sim.rest_later({"Delete": {"Log": "All"}})
    sim.advance(31)
    sim.punch("2")
    sim.control("online")  # the cached punches flow before the command runs
    sim.idle()
    summary = sim.host.runtime.kernel.state.ledger.summary()
    assert (summary["acknowledged"], summary["lost"]) == (2, 0)


# --- encryption -------------------------------------------------------------------------------------------------------


def _sealed(sim: Sim, message: dict[str, Any], stgid: str = "SIM1") -> Answer:
    frame = {"OperationID": "op1", "AuthToken": sim.slot().config.auth_token, **message}
    return sim.post(cipher.encrypt(KEY, json.dumps(frame).encode()), f"stgid={stgid}")


@pytest.fixture
def locked(start_sim: Start) -> Sim:
    """A device with a security key."""
    return start_sim(device(security_key=KEY))


@pytest.mark.parametrize(
    ("message", "code"),
    [(INFORMATION, 0), ({"OperationID": 1, **INFORMATION}, 1), ({}, 3), ({"AuthToken": "x"}, 7), (_delete("77"), 9)],
)
def test_an_encrypted_device_answers_encrypted_errors_too(locked: Sim, message: dict[str, Any], code: int) -> None:
    answer = _sealed(locked, {**INFORMATION, **message} if code == 7 else message)
    assert json.loads(cipher.decrypt(KEY, answer.body))["StatusCode"] == code


def test_what_no_key_can_be_trusted_for_is_answered_in_clear(locked: Sim) -> None:
    broken = cipher.encrypt(KEY[::-1], b"{}")
    answers = [_sealed(locked, INFORMATION, "nobody"), locked.post(broken), locked.post(b"{}")]
    assert [answer.code for answer in answers] == [2, 4, 13]


def test_callbacks_of_an_encrypted_device_are_bare_base64_and_either_ack_counts(locked: Sim) -> None:
    answers = [b'{"status":"done"}', cipher.encrypt(KEY, b'{"status":"done"}')]
    locked.receiver.answer = lambda _: (200, answers.pop())
    locked.control("punches", punches=[{"user": "1"}, {"user": "2"}])
    assert locked.idle()["waiting"]["callbacks"] == 0
    users = [
        json.loads(cipher.decrypt(KEY, item.body))["RealTime"]["PunchLog"]["UserId"]
        for item in locked.receiver.received
    ]
    assert users == ["1", "2"]
    assert {item.headers["Content-Type"] for item in locked.receiver.received} == {"application/json"}


def test_after_a_change_of_key_the_backlog_is_encrypted_with_the_new_one(locked: Sim) -> None:
    locked.control("uplink", up=False)
    locked.punch("1")
    locked.control("patch_device", security_key=KEY[::-1])
    locked.control("uplink", up=True)
    locked.idle()
    assert b"RealTime" in cipher.decrypt(KEY[::-1], locked.receiver.received[0].body)


# --- licence ----------------------------------------------------------------------------------------------------------


def test_an_expired_licence_stops_both_directions_and_a_new_one_resumes_them(start_sim: Start) -> None:
    sim = start_sim(device(licence_start="2020-09-01 00:00:00", licence_end="2020-09-13 18:00:00"))  # 12:30 UTC
    sim.advance(200)
    assert sim.punch("1")["recorded"]
    assert (sim.idle()["waiting"]["callbacks"], sim.receiver.received) == (1, [])
    assert sim.rest(INFORMATION).code == 2
    sim.control("patch_device", licence_end="2021-09-13 00:00:00")
    sim.idle()
    assert (len(sim.receiver.received), sim.rest(INFORMATION).code) == (1, 0)


def test_a_licence_that_begins_lets_the_queue_go_at_that_moment(start_sim: Start) -> None:
    sim = start_sim(device(licence_start="2020-09-13 18:00:00"))
    sim.punch("1")
    sim.advance(199)
    assert sim.receiver.received == []
    sim.advance(3600)
    (entry,) = [entry for entry in sim.entries if entry.direction == "callback"]
    assert (entry.at - START_MS) / 1000 == 200


# --- which device -----------------------------------------------------------------------------------------------------


def test_the_first_of_several_tags_counts(sim: Sim) -> None:
    body = json.dumps({**INFORMATION, "OperationID": "o", "AuthToken": sim.slot().config.auth_token}).encode()
    assert [sim.post(body, query).message["StatusCode"] for query in ("stgid=SIM1&stgid=x", "stgid=x&stgid=SIM1")] == [
        0,
        2,
    ]


@pytest.mark.parametrize(("profile", "code"), [("documented", 2), ("observed", 0)])
def test_the_serial_number_is_a_tag_only_where_it_was_observed(start_sim: Start, profile: str, code: int) -> None:
    sim = start_sim(profile=profile)
    body = json.dumps({**INFORMATION, "OperationID": "o", "AuthToken": sim.slot().config.auth_token}).encode()
    assert sim.post(body, f"stgid={sim.slot().config.serial}").code == code


def test_both_v3_paths_lead_to_the_device(sim: Sim) -> None:
    body = json.dumps({**INFORMATION, "OperationID": "o", "AuthToken": sim.slot().config.auth_token}).encode()
    assert [sim.post(body, path=path).code for path in ("/", "/external/api3.0/biometric")] == [0, 0]


def test_a_removed_device_answers_the_calls_that_waited_for_it(start_sim: Start) -> None:
    sim = start_sim(knobs=SLOW)
    call: Future[Answer] = sim.rest_later(INFORMATION)
    sim.control("remove_device")
    assert call.result(5).code == 2
