"""The client of the management API and of a device's RESTful API, against a running simulator."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from camsim.client import ApiError, Client, DeviceHandle, RestClient
from camsim.host import Host
from camsim.protocol.catalogue import COMMANDS, Family
from camsim.pytest_plugin.background import Background
from camsim.receiver import Running
from camsim.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
RANGE = {"start": "2020-01-01 00:00:00 GMT +0530", "end": "2040-01-01 00:00:00 GMT +0530"}


@pytest.fixture
def door(cams_gateway: Client, cams_receiver: Running) -> DeviceHandle:
    return cams_gateway.device("SIM1", callback_url=cams_receiver.url, users=3)


# --- errors ---------------------------------------------------------------------------------------------------------


def test_a_refused_call_raises_code_message_and_hint(cams_gateway: Client) -> None:
    with pytest.raises(ApiError) as caught:
        cams_gateway.find("NOBODY").info()
    assert (caught.value.http, caught.value.code) == (404, "unknown_device")
    assert "NOBODY" in caught.value.message
    assert caught.value.hint


def test_a_simulator_that_is_not_there_is_named() -> None:
    with pytest.raises(ApiError, match=r"127\.0\.0\.1:1/") as caught:
        Client("http://127.0.0.1:1").health()
    assert caught.value.code == "unreachable"


def test_a_gateway_url_in_place_of_the_management_url_is_recognised(cams_gateway: Client) -> None:
    with pytest.raises(ApiError, match="management port"), Client(cams_gateway.gateway_url) as wrong:
        wrong.health()


def test_a_url_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="localhost:8125"):
        Client("localhost:8125")


def test_the_management_token_is_sent() -> None:
    settings = Settings(clock="manual", management_token="open sesame")
    with Background(lambda: Host.start(settings), Host.stop, "host") as running:
        url = running.service.management_url
        with Client(url) as nobody, pytest.raises(ApiError, match="bearer"):
            nobody.health()
        with Client(url, "open sesame") as known:
            assert known.health().status == "ok"


# --- the simulator --------------------------------------------------------------------------------------------------


def test_health_says_seed_clock_and_where_the_gateway_is(cams_gateway: Client) -> None:
    health = cams_gateway.health()
    assert (health.status, health.clock, health.devices) == ("ok", "manual", 0)
    assert health.gateway_url == cams_gateway.gateway_url
    assert cams_gateway.version()
    assert "camsim_devices 0" in cams_gateway.metrics()


def test_a_knob_is_in_force_after_patch_config(cams_gateway: Client) -> None:
    cams_gateway.patch_config(**{"rest.latency": "3s"})
    assert cams_gateway.config.knobs["rest.latency"] == "3s"
    rows = [row for row in cams_gateway.register if "rest.latency" in row["in_force"]]
    assert [row["in_force"]["rest.latency"] for row in rows] == ["3s"]


def test_a_profile_brings_its_knobs(cams_gateway: Client) -> None:
    before = cams_gateway.config.knobs
    assert cams_gateway.patch_config("hostile").profile == "hostile"
    assert cams_gateway.config.knobs != before


def test_reset_forgets_devices_and_their_tokens(cams_gateway: Client) -> None:
    cams_gateway.device("SIM1")
    cams_gateway.reset()
    assert cams_gateway.devices() == []
    with pytest.raises(ApiError, match="SIM1"):
        _ = cams_gateway.find("SIM1").auth_token


def test_reset_starts_a_standing_clock_anew(cams_gateway: Client) -> None:
    began = cams_gateway.clock.now
    cams_gateway.advance("40h")
    cams_gateway.reset()
    assert cams_gateway.clock.now == began


def test_reset_answers_a_command_that_was_waiting(cams_gateway: Client) -> None:
    rest = cams_gateway.rest(cams_gateway.device("SIM1").stgid)
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(rest.call("LoadDeviceInformation").http))
    waiting.start()
    deadline = time.monotonic() + 10
    while not cams_gateway.commands() and time.monotonic() < deadline:
        continue
    cams_gateway.reset()
    waiting.join(10)
    assert answers == [503]


def test_equal_worlds_have_equal_journals(cams_gateway: Client, cams_receiver: Running) -> None:
    def world() -> bytes:
        cams_gateway.reset()
        cams_gateway.fault("callback.answer", "drop", when={"p": 0.5})
        one = cams_gateway.device("SIM1", callback_url=cams_receiver.url, users=3)
        one.punches(user="2", count=30, every="1m")
        cams_gateway.run_until_idle()
        return cams_gateway.journal_canonical()

    first = world()
    assert b"drop" in first
    assert world() == first


# --- devices --------------------------------------------------------------------------------------------------------


def test_devices_are_made_in_bulk(cams_gateway: Client) -> None:
    made = cams_gateway.add_devices(id="BULK{:03d}", count=3, users=1)
    assert [device.stgid for device in made] == ["BULK001", "BULK002", "BULK003"]
    assert [row.stgid for row in cams_gateway.devices()] == ["BULK001", "BULK002", "BULK003"]


def test_device_finds_one_that_is_there(cams_gateway: Client) -> None:
    token = cams_gateway.device("SIM1", users=3).auth_token
    assert cams_gateway.device("SIM1").auth_token == token
    assert cams_gateway.device("SIM1").info().users == 3


def test_device_with_a_description_must_be_new(cams_gateway: Client) -> None:
    cams_gateway.device("SIM1")
    with pytest.raises(ApiError, match="exists already"):
        cams_gateway.device("SIM1", users=3)


def test_a_stranger_is_told_that_the_token_is_masked(cams_gateway: Client) -> None:
    cams_gateway.device("SIM1")
    with Client(cams_gateway.url) as stranger, pytest.raises(ApiError, match="masked"):
        stranger.rest("SIM1")


def test_patch_changes_the_token_the_handle_knows(door: DeviceHandle) -> None:
    assert door.patch(auth_token="a-new-token", security_key=KEY) == ["auth_token", "security_key"]
    assert (door.auth_token, door.security_key) == ("a-new-token", KEY)


def test_a_removed_device_is_gone(cams_gateway: Client, door: DeviceHandle) -> None:
    door.remove()
    assert cams_gateway.devices() == []


def test_an_id_with_a_slash_cannot_escape_its_path(cams_gateway: Client) -> None:
    with pytest.raises(ApiError, match=r"\.\./x"):
        cams_gateway.find("../x").info()


def test_offline_records_stay_on_the_device_until_it_is_online(cams_gateway: Client, door: DeviceHandle) -> None:
    assert door.offline().online is False
    door.punches(user="2", every="1m", count=5)
    cams_gateway.run_until_idle()
    assert door.queue.cached_on_device == 5
    assert door.online(order="lifo", pace="1s").cached == 5
    cams_gateway.run_until_idle()
    assert cams_gateway.ledger.summary().acknowledged == 5


def test_a_power_cycle_keeps_the_log(door: DeviceHandle) -> None:
    door.punch("2")
    assert door.power_cycle().online is True
    assert len(door.logs()) == 1


def test_a_punch_says_what_was_recorded(door: DeviceHandle) -> None:
    punched = door.punch("2", "CheckOut", at="2026-01-05T09:00:00+05:30", photo=True)
    assert (punched.recorded, punched.log_time) == (True, "2026-01-05 09:00:00 GMT +0530")
    assert door.logs(start="2026-01-05 00:00:00 GMT +0530")[0].type == "CheckOut"
    assert door.photos() == [punched.number]


def test_a_stranger_is_not_recorded(door: DeviceHandle) -> None:
    punched = door.punch("77")
    assert (punched.recorded, "77" in punched.why) == (False, True)


def test_punches_takes_a_list(door: DeviceHandle) -> None:
    assert [one.user for one in door.punches([{"user": "1"}, {"user": "2", "type": "BreakOut"}])] == ["1", "2"]


def test_punches_takes_a_list_or_a_user(door: DeviceHandle) -> None:
    with pytest.raises(TypeError, match="list of punches"):
        door.punches()
    with pytest.raises(TypeError, match="list of punches"):
        door.punches([{"user": "1"}], user="2")


def test_a_user_is_added_with_templates_and_deleted(door: DeviceHandle) -> None:
    edited = door.add_user("9", first_name="Asha", templates=["Card", "Fingerprint"], split="per_template")
    assert edited.new
    assert edited.callbacks >= 2
    assert [user.first_name for user in door.users() if user.user == "9"] == ["Asha"]
    door.delete_user("9")
    assert "9" not in [user.user for user in door.users()]


def test_a_finger_is_enrolled_for_a_user(door: DeviceHandle) -> None:
    assert door.enrol_finger("2").index == "1"


def test_the_date_goes_back_by_a_step(door: DeviceHandle) -> None:
    dated = door.set_date(by="-13d")
    assert dated.told
    assert dated.before > dated.now
    assert door.set_date(true=True, announce=False).now == dated.before


def test_the_queue_is_held_and_resumed(cams_gateway: Client, door: DeviceHandle) -> None:
    door.hold()
    door.punch("2")
    cams_gateway.run_until_idle()
    assert (door.queue.state, door.queue.queued) == ("held", 1)
    door.resume()
    cams_gateway.run_until_idle()
    assert door.queue.pushed == 1


def test_a_queue_that_waits_says_why_and_is_retried_or_reset(cams_gateway: Client, door: DeviceHandle) -> None:
    door.patch(callback_url="http://127.0.0.1:1/nobody")
    door.punches(user="2", count=2)
    cams_gateway.advance(0)
    assert door.queue.attempts == 1
    assert door.queue.why
    door.retry_now()
    cams_gateway.advance(0)
    assert door.queue.attempts == 2
    assert door.reset_queue() == 2


def test_access_and_digest_follow_a_command(cams_gateway: Client, door: DeviceHandle) -> None:
    before = door.digest()
    with cams_gateway.auto():
        cams_gateway.rest("SIM1").call("DisableUser", user_id="2")
    assert door.digest() != before
    assert [row.enabled for row in door.access() if row.user == "2"] == [False]


# --- time, faults, journal, ledger ----------------------------------------------------------------------------------


def test_auto_lasts_as_long_as_its_block(cams_gateway: Client) -> None:
    with cams_gateway.auto():
        assert cams_gateway.clock.mode == "auto"
    assert cams_gateway.clock.mode == "manual"


def test_advance_moves_time_by_that_much(cams_gateway: Client) -> None:
    before = cams_gateway.clock.now
    assert cams_gateway.advance("2m").now == before + 120


def test_a_fault_counts_its_hits_until_it_is_cleared(cams_gateway: Client, door: DeviceHandle) -> None:
    fault = cams_gateway.fault("callback.answer", "drop", match={"device": "SIM1"}, when={"next": 1})
    door.punch("2")
    cams_gateway.run_until_idle()
    assert [(one.id, one.hits) for one in cams_gateway.faults] == [(fault.id, 1)]
    assert cams_gateway.clear_faults(fault.id) == 1
    assert cams_gateway.faults == []


def test_a_fault_takes_options(cams_gateway: Client) -> None:
    assert cams_gateway.fault("rest.answer", "code", code=37).options == {"code": 37}
    assert "drop" in cams_gateway.fault_catalogue()["rest.answer"]
    assert cams_gateway.clear_faults() == 1


def test_the_uplink_holds_callbacks_back(cams_gateway: Client, door: DeviceHandle) -> None:
    cams_gateway.uplink(False)
    door.punch("2")
    assert cams_gateway.run_until_idle().deliveries == 0
    cams_gateway.uplink(True)
    cams_gateway.run_until_idle()
    assert cams_gateway.ledger.all_acknowledged()


def test_the_journal_is_filtered(cams_gateway: Client, door: DeviceHandle) -> None:
    door.punch("2")
    door.punch("3")
    cams_gateway.run_until_idle()
    (entry,) = cams_gateway.journal(operation="RealTimePunchLog", user="3")
    assert (entry.verdict, entry.request.body["RealTime"]["PunchLog"]["UserId"]) == ("acknowledged", "3")
    assert cams_gateway.journal_count(operation="RealTimePunchLog") == 2
    assert cams_gateway.wait_for(2, operation="RealTimePunchLog") == 2
    cams_gateway.clear_journal()
    assert cams_gateway.journal() == []


def test_waiting_in_vain_says_how_much_there_is(cams_gateway: Client) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        cams_gateway.wait_for(operation="RealTimePunchLog", timeout=0)


def test_nothing_recorded_is_not_all_acknowledged(cams_gateway: Client) -> None:
    judged = cams_gateway.ledger.all_acknowledged()
    assert not judged
    assert "no punch" in repr(judged)


def test_a_missing_acknowledgement_is_named(cams_gateway: Client, door: DeviceHandle) -> None:
    door.hold()
    door.punch("2")
    judged = cams_gateway.ledger.all_acknowledged()
    assert not judged
    assert "SIM1 #1 user 2" in repr(judged)


def test_the_ledger_has_rows_and_csv(cams_gateway: Client, door: DeviceHandle) -> None:
    door.punches([{"user": "2"}, {"user": "3"}])
    cams_gateway.run_until_idle()
    assert [(row.user, row.acks) for row in cams_gateway.ledger.rows(user="3")] == [("3", 1)]
    assert len(cams_gateway.ledger.csv().splitlines()) == 3


# --- the RESTful API ------------------------------------------------------------------------------------------------


@pytest.fixture(params=[None, KEY], ids=["plain", "encrypted"])
def rest(request: pytest.FixtureRequest, cams_gateway: Client) -> Iterator[RestClient]:
    cams_gateway.device("SIM1", users=3, security_key=request.param)
    with cams_gateway.auto():
        yield cams_gateway.rest("SIM1")


def test_every_operation_is_carried_out_by_its_name(rest: RestClient) -> None:
    refused = {}
    for number, operation in enumerate(sorted(COMMANDS, key=lambda row: row.literal == "All")):
        user = f"new{number}" if operation.family is Family.ADD_USER else "2"
        answer = rest.call(operation.name, user_id=user, **RANGE)
        if not answer.ok and operation.name != "DeleteUser":
            refused[operation.name] = answer.body
        if operation.name == "DeleteUser":
            assert answer.ok
            rest.call("AddUserWithoutTemplate", user_id="2")
    assert refused == {}


def test_an_unknown_operation_names_those_there_are(rest: RestClient) -> None:
    with pytest.raises(ValueError, match=r"RealTimePunchLog.*LoadLog"):
        rest.call("RealTimePunchLog")


def test_a_missing_field_is_named(rest: RestClient) -> None:
    with pytest.raises(ValueError, match="LoadLog needs start="):
        rest.call("LoadLog")


def test_the_answer_repeats_the_operation_id(rest: RestClient) -> None:
    assert rest.call("DeleteUser", user_id="nobody", operation_id="mine1").body["OperationID"] == "mine1"


def test_a_damaged_answer_has_no_body(cams_gateway: Client, rest: RestClient) -> None:
    cams_gateway.fault("rest.answer", "garbage")
    answer = rest.call("LoadDeviceInformation")
    assert (answer.body, answer.ok) == ({}, False)


def test_commands_on_their_way_are_listed(cams_gateway: Client) -> None:
    door = cams_gateway.device("SIM1")
    door.offline()
    with cams_gateway.auto():
        cams_gateway.rest("SIM1").call("LoadDeviceInformation")
    assert [command.operation for command in cams_gateway.commands()] == ["LoadDeviceInformation"]


# --- its weight -----------------------------------------------------------------------------------------------------


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = {"aiohttp", "asyncio", "http.client", "cryptography", "faker"}
    script = f"import sys, camsim.client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
