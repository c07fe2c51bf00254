"""What live systems serve and the page does not print: each knob's values, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, NOW, TOKEN, Answer, Sim, device
from wire_v2 import form, message, post, v2_device

from camsim.control.devices import PersonSpec
from camsim.protocol import cipher
from camsim.protocol.live import SYNC_WORDS, form_fields
from camsim.state.journal import Entry

Start = Callable[..., Sim]
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}
LOG = {"Load": {"PunchLog": {"Filter": EVER}}}
USERS = {"Load": {"UserInfo": "All"}}
WORDS = ("Sync", "DeviceSync", "ReloadLog", "FetchLog", "UploadLog")


def _last(sim: Sim) -> Entry:
    """The latest entry of the RESTful side; callbacks are noted whenever they end."""
    return [entry for entry in sim.entries if entry.direction == "rest"][-1]


def _why(sim: Sim) -> str:
    return _last(sim).why


def _bare(sim: Sim, message: dict[str, Any]) -> Answer:
    """A request with nothing around the operation but the token."""
    return sim.post(json.dumps({**message, "AuthToken": TOKEN}).encode())


# --- OperationID (A-REST-27) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"OperationID": None}, {"OperationID": ""}], ids=["none", "null", "empty"])
def test_a_command_without_operation_id_is_served_with_an_empty_echo(start_sim: Start, more: dict[str, Any]) -> None:
    sim = start_sim(profile="observed")
    sim.punch("1")
    answer = _bare(sim, {**LOG, **more})
    assert (answer.message["Status"], answer.message["OperationID"]) == ("done", "")
    assert len(answer.message["PunchLog"]["Log"]) == 1
    assert any("A-REST-27" in note for note in _last(sim).lint)


def test_every_command_is_served_without_it(start_sim: Start) -> None:
    sim = start_sim(profile="observed")
    assert _bare(sim, {"Delete": {"User": {"UserID": "1"}}}).message == {
        "Status": "done",
        "OperationID": "",
        "StatusCode": 0,
    }
    assert set(sim.slot().device.users) == {"2", "3"}


@pytest.mark.parametrize("profile", ["documented", "strict", "hostile"])
def test_elsewhere_it_is_3_and_the_journal_names_the_knob(start_sim: Start, profile: str) -> None:
    sim = start_sim(profile=profile)
    answer = _bare(sim, {**LOG, "Time": NOW})
    assert (answer.code, answer.message["OperationID"]) == (3, "")
    assert "rest.missing_operation_id" in _why(sim)


# --- StatusCode and UserID of LoadLog (A-REST-26, R-12-KEY) -----------------------------------------------------------


def test_observed_answers_of_load_log_have_a_status_code(start_sim: Start) -> None:
    assert start_sim(profile="observed").rest(LOG).message["StatusCode"] == 0
    assert "StatusCode" not in start_sim().rest(LOG).message


@pytest.mark.parametrize(("value", "other"), [("UserID", "UserId"), ("UserId", "UserID")])
def test_rows_of_load_log_spell_the_user_as_the_knob_says(start_sim: Start, value: str, other: str) -> None:
    sim = start_sim(knobs={"loadlog.user_key": value})
    sim.punch("2")
    [row] = sim.rest(LOG).message["PunchLog"]["Log"]
    assert (row[value], other in row) == ("2", False)


# --- only what no callback has delivered (R-12-NEW) -------------------------------------------------------------------


def _loaded(sim: Sim) -> list[str]:
    return [row["UserID"] for row in sim.rest(LOG).message["PunchLog"]["Log"]]


@pytest.mark.parametrize(("value", "rows"), [(False, ["1", "2"]), (True, ["2"])])
def test_a_delivered_punch_is_left_out_where_the_knob_says_so(start_sim: Start, value: bool, rows: list[str]) -> None:
    sim = start_sim(knobs={"loadlog.only_undelivered": value})
    sim.punch("1")
    sim.idle()
    sim.receiver.answer = (500, b"no")
    sim.punch("2")
    assert _loaded(sim) == rows


def test_what_a_device_brings_from_before_counts_as_delivered(start_sim: Start) -> None:
    sim = start_sim(device(logs=3), knobs={"loadlog.only_undelivered": True})
    assert _loaded(sim) == []


def test_a_punch_that_is_still_on_an_offline_device_is_loaded_after_its_return(start_sim: Start) -> None:
    sim = start_sim(device(callback_url=None), knobs={"loadlog.only_undelivered": True})
    sim.control("offline")
    sim.punch("3")
    sim.control("online")
    assert _loaded(sim) == ["3"]


# --- Load.UserInfo (A-REST-28) ----------------------------------------------------------------------------------------


def _person(**more: Any) -> PersonSpec:
    return PersonSpec("7", "Asha", "Rao", "Admin", templates=["Card"], **more)


@pytest.mark.parametrize("asked", ["All", {}, {"UserID": "7"}])
def test_users_come_back_under_load_user_info(start_sim: Start, asked: Any) -> None:
    sim = start_sim(device(users=[_person()], load_user_data=True), profile="observed")
    answer = sim.rest({"Load": {"UserInfo": asked}}).message
    assert (answer["StatusCode"], answer["OperationID"]) == (0, "op1")
    [user] = answer["Load"]["UserInfo"]
    [card] = user.pop("Template")
    assert user == {"UserID": "7", "FirstName": "Asha", "LastName": "Rao", "UserType": "Admin"}
    assert (card["Type"], card["UserID"], "Data" in card) == ("Card", "7", True)
    sim.idle()
    assert sim.receiver.messages == []  # told to the callback URL with `both` alone


def test_with_the_switch_off_it_is_33(start_sim: Start) -> None:
    answer = start_sim(profile="observed").rest(USERS)
    assert (answer.code, answer.message["Status"]) == (33, "API_RESPONSE_FEATURE_NOT_ENABLED")


@pytest.mark.parametrize("profile", ["documented", "strict"])
def test_by_the_page_it_is_3_and_the_journal_names_the_knob(start_sim: Start, profile: str) -> None:
    sim = start_sim(device(load_user_data=True), profile=profile)
    assert (sim.rest(USERS).code, "load.user_info" in _why(sim)) == (3, True)


@pytest.mark.parametrize(("asked", "code"), [("all", 3), ([], 3), ({"UserID": "99"}, 9), ({"UserID": ""}, 1)])
def test_users_that_cannot_be_asked_for(start_sim: Start, asked: Any, code: int) -> None:
    sim = start_sim(device(load_user_data=True), profile="observed")
    assert sim.rest({"Load": {"UserInfo": asked}}).code == code


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_both_tells_the_users_to_the_callback_url_too(start_sim: Start, key: str | None) -> None:
    knobs = {"load.user_info": "both"}
    sim = start_sim(device(users=[_person()], load_user_data=True, security_key=key), knobs=knobs)
    body = json.dumps({**USERS, "OperationID": "op1", "AuthToken": TOKEN, "Time": NOW}).encode()
    answer = sim.post(cipher.encrypt(key, body) if key else body).body
    if key:
        answer = cipher.decrypt(key, answer)
    sim.idle()
    [told] = sim.receiver.received
    frame = json.loads(cipher.decrypt(key, told.body) if key else told.body)
    assert list(frame) == ["Load"]
    assert frame["Load"]["UserInfo"] == json.loads(answer)["Load"]["UserInfo"]
    assert (frame["Load"]["AuthToken"], frame["Load"]["Time"]) == (TOKEN, NOW)


def test_push_user_data_off_keeps_that_callback_back(start_sim: Start) -> None:
    sim = start_sim(device(load_user_data=True, push_user_data=False), knobs={"load.user_info": "both"})
    assert len(sim.rest(USERS).message["Load"]["UserInfo"]) == 3
    sim.idle()
    assert (sim.receiver.received, [e.verdict for e in sim.entries if e.direction == "callback"]) == (
        [],
        ["not pushed"],
    )


def test_a_duplicate_of_that_callback_has_a_new_operation_id(start_sim: Start) -> None:
    knobs = {"load.user_info": "both", "dup.new_p": 1}
    sim = start_sim(device(load_user_data=True), knobs=knobs)
    sim.rest(USERS)
    sim.idle()
    first, second = (message["Load"] for message in sim.receiver.messages)
    assert first["OperationID"] != second["OperationID"]
    assert first["UserInfo"] == second["UserInfo"]


# --- words (A-REST-29) ------------------------------------------------------------------------------------------------


def test_the_words_are_those_that_were_seen() -> None:
    assert tuple(SYNC_WORDS) == WORDS


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("value", ["All", {}, {"PunchLog": "All"}, True], ids=["text", "empty", "object", "true"])
def test_a_word_is_acknowledged_whatever_stands_under_it(start_sim: Start, word: str, value: Any) -> None:
    sim = start_sim(profile="observed")
    assert sim.rest({word: value}).message == {"Status": "done", "OperationID": "op1", "StatusCode": 0}
    assert word in [entry.operation for entry in sim.entries]


@pytest.mark.parametrize("word", WORDS)
def test_by_the_page_a_word_is_3_and_the_journal_names_the_knob(start_sim: Start, word: str) -> None:
    sim = start_sim()
    assert (sim.rest({word: "All"}).code, "rest.sync_words" in _why(sim)) == (3, True)


@pytest.mark.parametrize("message", [{"Sync": {}, "FetchLog": {}}, {"Sync": {}, "Delete": {"Users": "All"}}])
def test_two_words_are_no_operation(start_sim: Start, message: dict[str, Any]) -> None:
    assert start_sim(profile="observed").rest(message).code == 3


@pytest.mark.parametrize("word", ["ReloadLog", "FetchLog", "UploadLog"])
def test_the_log_is_uploaded_again(start_sim: Start, word: str) -> None:
    sim = start_sim(knobs={"rest.sync_words": "serve"})
    sim.punch("1")
    sim.punch("2", at="2020-09-13 18:00:00 GMT +0530")
    sim.idle()
    sim.rest({word: "All"})
    sim.idle()
    assert [punch["UserId"] for punch in sim.receiver.frames("PunchLog")] == ["1", "2", "1", "2"]
    numbers = [message["RealTime"]["OperationID"] for message in sim.receiver.messages]
    assert len(set(numbers)) == 4


@pytest.mark.parametrize("word", ["Sync", "DeviceSync"])
def test_a_queue_on_hold_goes_on_at_once(start_sim: Start, word: str) -> None:
    sim = start_sim(knobs={"rest.sync_words": "serve", "retry.schedule": [3600]})
    sim.receiver.fail(1)
    sim.punch("1")
    sim.advance(1)
    assert (len(sim.receiver.received), sim.slot().outbox.pushed) == (1, 0)
    sim.rest({word: {}})
    sim.advance(1)
    assert (len(sim.receiver.received), sim.slot().outbox.pushed) == (2, 1)


def test_what_still_waits_on_the_device_flows_with_it(start_sim: Start) -> None:
    sim = start_sim(knobs={"rest.sync_words": "serve"})
    sim.control("offline")
    for user in ("1", "2", "3"):
        sim.punch(user)
    sim.control("online", pace="1h")
    sim.advance(1)
    before = sim.slot().last_connected
    assert len(sim.slot().device.pending) == 2
    sim.rest({"Sync": {}})
    sim.advance(1)
    assert (len(sim.receiver.received), sim.slot().last_connected > before) == (3, True)


def test_users_are_announced_as_at_any_reconnect(start_sim: Start) -> None:
    sim = start_sim(profile="observed", knobs={"dup.p": 0})
    sim.rest({"Sync": {}})
    sim.idle()
    assert [user["UserID"] for user in sim.receiver.frames("UserUpdated")] == ["1", "2", "3"]


def test_a_word_waits_for_an_offline_device_like_any_command(start_sim: Start) -> None:
    sim = start_sim(knobs={"rest.sync_words": "serve", "rest.offline_reply": "immediate"})
    sim.control("offline")
    assert sim.rest({"DeviceSync": {}}).code == 5


# --- lenient sides of rows that were there (A-DEV-02, A-REST-13, R-14) ------------------------------------------------

LONG = "Venkatanarasimharajuvaripeta"
ADD = {"Add": {"User": {"UserID": "2", "FirstName": LONG, "LastName": "", "UserType": "User"}}}


def test_observed_takes_long_names_numbers_and_a_second_add(start_sim: Start) -> None:
    sim = start_sim(profile="observed")
    answer = sim.rest({**ADD, "OperationID": 1599978400})
    assert answer.message == {"Status": "done", "OperationID": "1599978400", "StatusCode": 0}
    assert sim.slot().device.users["2"].first_name == LONG
    assert any("A-DEV-02" in note for note in _last(sim).lint)


@pytest.mark.parametrize("profile", ["documented", "strict", "hostile"])
def test_other_profiles_refuse_each_of_them(start_sim: Start, profile: str) -> None:
    sim = start_sim(profile=profile)
    assert sim.rest(ADD).code == 1
    assert sim.rest({**LOG, "OperationID": 7}).code == 1
    assert sim.rest({"Add": {"User": {**ADD["Add"]["User"], "FirstName": "Venkata"}}}).code == 8


def test_a_v2_name_may_be_long_too(start_sim: Start) -> None:
    added = message("AddUser", "77", {"Name": LONG, "Priority": "0", "Signature": []})
    codes = {}
    for profile in ("documented", "observed"):
        codes[profile] = post(start_sim(v2_device(), profile=profile), form(added)).code
    assert codes == {"documented": 14, "observed": 0}


# --- forms of API 1.0 (A-REST-35) -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"stgid=SIM1&uid=7&uname=Asha+R%C3%A3o", {"stgid": "SIM1", "uid": "7", "uname": "Asha R\u00e3o"}),
        (b"uid=1&uid=2", {"uid": "1"}),
        (b"uname=%ff", {"uname": "\ufffd"}),
        (b"", {"": ""}),
    ],
)
def test_fields_of_a_form(body: bytes, fields: dict[str, str]) -> None:
    assert form_fields(body) == fields
