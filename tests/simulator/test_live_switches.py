"""The portal's switches and the codes that go with them: what they do, and where they are set."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import NOW, Sim, device
from wire_v2 import form, message, v2_device

from camsim.cli import app as commands
from camsim.cli.serve import settings_of
from camsim.settings import SiteError, load
from camsim.state.journal import Entry

Start = Callable[..., Sim]
V2 = "/external/api2.0/biometric"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
INFORMATION = {"Load": {"DeviceInformation": "All"}}
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}
LOG = {"Load": {"PunchLog": {"Filter": EVER}}}
RESEND = {"Resend": {"PunchLog": {"Filter": EVER}}}


def _last(sim: Sim) -> Entry:
    """The latest entry of the RESTful side; callbacks are noted whenever they end."""
    return [entry for entry in sim.entries if entry.direction == "rest"][-1]


# --- LoadPunchLog (A-REST-30) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [15, 33, 38])
def test_without_load_punch_log_the_log_cannot_be_read(start_sim: Start, code: int) -> None:
    sim = start_sim(device(load_punch_log=False), knobs={"loadlog.switched_off": code})
    assert sim.rest(LOG).code == code
    assert "load_punch_log" in _last(sim).why
    assert (sim.rest(RESEND).code, sim.rest(INFORMATION).code) == (0, 0)


@pytest.mark.parametrize(("profile", "code"), [("documented", 15), ("observed", 33), ("strict", 15), ("hostile", 38)])
def test_its_code_in_each_profile(start_sim: Start, profile: str, code: int) -> None:
    assert start_sim(device(load_punch_log=False), profile=profile).rest(LOG).code == code


def test_a_v2_device_says_8(start_sim: Start) -> None:
    sim = start_sim(v2_device(load_punch_log=False))
    data = {"StartTime": "0", "EndTime": "1600000000", "OffSet": ""}
    answer = sim.post(form(message("LoadPunchLog", OperationData=data)), "", V2, **FORM)
    assert answer.code == 8


# --- the plan, the version, the origin (A-REST-31, A-REST-32, A-REST-34) ----------------------------------------------


@pytest.mark.parametrize("code", [15, 33, 35])
def test_an_operation_that_is_not_in_the_plan(start_sim: Start, code: int) -> None:
    sim = start_sim(device(without_operations=["LoadLog"]), knobs={"rest.not_in_plan": code})
    assert (sim.rest(LOG).code, sim.rest(INFORMATION).code) == (code, 0)


@pytest.mark.parametrize("code", [3, 29])
def test_a_v3_request_to_a_v2_device(start_sim: Start, code: int) -> None:
    assert start_sim(v2_device(), knobs={"rest.wrong_version": code}).rest(LOG).code == code


@pytest.mark.parametrize(("allowed", "code"), [([], 0), (["127.0.0.1"], 0), (["203.0.113.7"], 3)])
def test_a_v3_device_takes_calls_from_its_origins_alone(start_sim: Start, allowed: list[str], code: int) -> None:
    sim = start_sim(device(origin_ips=allowed))
    assert sim.rest(INFORMATION).code == code
    if code:
        assert (_last(sim).field, "127.0.0.1" in _last(sim).why) == ("origin", True)


# --- one call at a time (A-REST-33) -----------------------------------------------------------------------------------


def _two_calls(sim: Sim, second: str) -> list[Any]:
    first = sim.rest_later(INFORMATION)
    other = sim.rest_later(INFORMATION, second)
    sim.advance(60)
    return [first.result(5).code, other.result(5).code]


@pytest.mark.parametrize(("busy", "codes"), [("queue", [0, 0]), (37, [0, 37])])
@pytest.mark.parametrize("second", ["SIM1", "SIM2"])
def test_a_second_call_to_a_group_waits_or_is_37(start_sim: Start, busy: Any, codes: list[int], second: str) -> None:
    pair = (device(group="hall"), device("SIM2", group="hall"))
    sim = start_sim(*pair, knobs={"rest.latency": "15s", "rest.busy": busy})
    assert _two_calls(sim, second) == codes
    assert sim.rest_later(INFORMATION).done() is False  # the group is free again


def test_devices_without_a_group_are_alone(start_sim: Start) -> None:
    sim = start_sim(device(), device("SIM2"), knobs={"rest.latency": "15s", "rest.busy": 37})
    assert _two_calls(sim, "SIM2") == [0, 0]


def test_what_waits_for_an_offline_device_keeps_nobody_out(start_sim: Start) -> None:
    sim = start_sim(knobs={"rest.busy": 37, "rest.offline_reply": "immediate"})
    sim.control("offline")
    assert [sim.rest(INFORMATION).code for _ in range(2)] == [5, 5]


# --- where they are set -----------------------------------------------------------------------------------------------


def test_a_switch_is_set_by_the_control_api_and_shown_there(start_sim: Start) -> None:
    sim = start_sim()
    switches = {"load_punch_log": False, "load_user_data": True, "group": "hall"}
    changed = sim.api("PATCH", "devices/SIM1", {**switches, "origin_ips": ["203.0.113.7"]}).message["changed"]
    assert changed == ["group", "load_punch_log", "load_user_data", "origin_ips"]
    shown = sim.api("GET", "devices/SIM1").message
    assert {name: shown["switches"][name] for name in switches} == switches
    assert sim.rest(LOG).code == 3  # the origin comes first
    sim.api("PATCH", "devices/SIM1", {"origin_ips": []})
    assert sim.rest(LOG).code == 15


def test_a_device_is_made_with_its_switches(start_sim: Start) -> None:
    sim = start_sim()
    sim.api("POST", "devices", {"id": "SIM9", "load_punch_log": False})
    assert sim.rest(LOG, "SIM9").code == 15


def test_a_site_file_has_them(tmp_path: Any) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        '[gateway]\nrest.api1 = "on"\n[[devices]]\nid = "A"\nload_punch_log = false\nload_user_data = true\n'
        'group = "hall"\norigin_ips = ["203.0.113.7"]\n'
    )
    settings = load(site)
    [spec] = settings.devices
    assert (spec.load_punch_log, spec.load_user_data, spec.group) == (False, True, "hall")
    assert settings.knobs == {"rest.api1": "on"}


# --- API 1.0 (A-REST-35) ----------------------------------------------------------------------------------------------

ADD, DELETE = "/external/1.0/user/add", "/external/1.0/user/delete"
ON = {"rest.api1": "on"}


def test_a_user_is_added_and_deleted_by_a_form(start_sim: Start) -> None:
    sim = start_sim(knobs=ON)
    added = sim.post(b"stgid=SIM1&uid=77&uname=Asha+Rao", "", ADD, **FORM)
    assert (added.status, added.body, added.headers["Content-Type"]) == (200, b"OK", "text/plain")
    user = sim.slot().device.users["77"]
    assert (user.first_name, user.last_name, user.user_type) == ("Asha", "Rao", "User")
    assert sim.post(b"stgid=SIM1&uid=77", "", DELETE, **FORM).body == b"OK"
    assert "77" not in sim.slot().device.users


def test_a_slow_device_carries_it_out_later(start_sim: Start) -> None:
    sim = start_sim(knobs={**ON, "rest.latency": "15s"})
    assert sim.post(b"stgid=SIM1&uid=77&uname=Asha", "", ADD, **FORM).body == b"OK"
    assert "77" not in sim.slot().device.users
    sim.advance(30)
    assert "77" in sim.slot().device.users


def test_a_v2_device_is_told_too_and_answers_lazily(start_sim: Start) -> None:
    sim = start_sim(v2_device(), knobs=ON)
    assert sim.post(b"stgid=SIM1&uid=77&uname=Asha", "", ADD, **FORM).body == b"OK"
    sim.idle()
    assert "77" in sim.slot().device.users
    assert len(sim.receiver.received) == 1


@pytest.mark.parametrize(
    ("spec", "body", "words"),
    [
        ({}, b"stgid=SIM404&uid=1", b"INVALID_SERVICE_TAG_ID"),
        ({}, b"uid=1", b"INVALID_SERVICE_TAG_ID"),
        ({}, b"stgid=SIM1&uid=a+b", b"INVALID_REQUEST_DATA"),
        ({}, b"stgid=SIM1&uid=5&uname=" + b"n" * 25, b"INVALID_REQUEST_DATA"),
        ({"licence_end": "2020-01-01"}, b"stgid=SIM1&uid=5", b"INVALID_SERVICE_TAG_ID"),
        ({"origin_ips": ["203.0.113.7"]}, b"stgid=SIM1&uid=5", b"INVALID_REQUEST"),
        ({"restful_api": False}, b"stgid=SIM1&uid=5", b"FEATURE_NOT_SUPPORTED"),
        ({"mode": "db-direct"}, b"stgid=SIM1&uid=5", b"FEATURE_NOT_SUPPORTED"),
    ],
)
def test_a_form_that_cannot_be_is_answered_in_words(start_sim: Start, spec: Any, body: bytes, words: bytes) -> None:
    sim = start_sim(device(**spec), knobs=ON)
    assert sim.post(body, "", ADD, **FORM).body == b"API_RESPONSE_" + words
    assert _last(sim).verdict == "refused"


@pytest.mark.parametrize("profile", ["documented", "observed", "strict", "hostile"])
def test_where_it_is_off_it_is_404_and_the_journal_names_the_knob(start_sim: Start, profile: str) -> None:
    sim = start_sim(profile=profile)
    assert sim.post(b"stgid=SIM1&uid=77", "", ADD, **FORM).status == 404
    assert "rest.api1" in _last(sim).why


def test_it_is_posted_or_it_is_405(start_sim: Start) -> None:
    assert start_sim(knobs=ON).post(b"", "", ADD, "GET").status == 405


def test_it_survives_a_restart_by_the_state_file(start_sim: Start, tmp_path: Any) -> None:
    given = {"state": tmp_path / "state.sqlite", "knobs": {**ON, "rest.latency": "15s"}}
    first = start_sim(**given)
    assert first.post(b"stgid=SIM1&uid=77&uname=Asha", "", ADD, **FORM).body == b"OK"
    first.stop()
    second = start_sim(**given)
    second.advance(30)
    assert "77" in second.slot().device.users


# --- the vendor's v2 samples (V2-32) ----------------------------------------------------------------------------------

SAMPLES = [
    ("AddUser", {"Name": "Asha", "Priority": "User", "Signature": []}, 14),
    ("AddUser", None, 14),
    ("LoadPunchLog", {"StartTime": "1", "EndTime": "0", "OffSet": ""}, 9),
    ("LoadPunchLog", None, 14),
]


@pytest.mark.parametrize("value", ["refuse", "accept"])
@pytest.mark.parametrize(("operation", "data", "code"), SAMPLES)
def test_the_vendors_own_samples(start_sim: Start, value: str, operation: str, data: Any, code: int) -> None:
    sim = start_sim(v2_device(), knobs={"v2.vendor_samples": value})
    sim.punch("1")
    request = message(operation, UserId="77", OperationData=data)
    info = request["ApiRequestInfo"]
    info.pop("OperationTime", None)  # missing in samples; nobody looks at it in a request
    if data is None:
        info.pop("OperationData", None)
    answer = sim.post(form(request), "", V2, **FORM)
    assert answer.code == (0 if value == "accept" else code)
    if value == "accept" and operation == "LoadPunchLog":
        assert answer.message["OperationData"]["ActualRowCount"] == "1"
    elif value == "accept":
        sim.idle()
        assert "77" in sim.slot().device.users


# --- the command line -------------------------------------------------------------------------------------------------


def _flags(**given: Any) -> dict[str, Any]:
    flags = {name: item.default for name, item in inspect.signature(commands.serve).parameters.items()}
    return {**flags, **given}


def test_a_flag_switches_every_device() -> None:
    switches = ["load_user_data=on", "load_punch_log=off", "origin_ips=127.0.0.1,::1", "group=hall"]
    [spec] = settings_of(_flags(devices=1, switch=switches)).devices
    assert (spec.load_user_data, spec.load_punch_log, spec.restful_api) == (True, False, True)
    assert (spec.origin_ips, spec.group) == (["127.0.0.1", "::1"], "hall")


@pytest.mark.parametrize("text", ["127.0.0.01", "localhost", "10.0.0.0/8", "0::1", ""])
def test_an_origin_that_no_call_can_come_from_is_refused(start_sim: Start, text: str) -> None:
    refused = start_sim().api("PATCH", "devices/SIM1", {"origin_ips": ["127.0.0.1", text]})
    assert (refused.status, "127.0.0.1 or ::1" in refused.message["error"]["hint"]) == (422, True)


@pytest.mark.parametrize("text", ["load_user_data", "load_user_data=maybe", "users=on", "nothing=off", "group"])
def test_a_wrong_switch_says_what_there_is(text: str) -> None:
    with pytest.raises(SiteError, match=r"--switch .*load_user_data.*"):
        settings_of(_flags(switch=[text]))


def test_the_time_of_a_request_is_no_reason_to_refuse(start_sim: Start) -> None:
    sim = start_sim(profile="observed")
    body = {**INFORMATION, "OperationID": "x", "AuthToken": sim.slot().config.auth_token}
    for time in (None, "", "17/09/2020", NOW.replace("GMT +0000", "IST")):
        assert sim.post(json.dumps({**body, "Time": time}).encode()).code == 0
