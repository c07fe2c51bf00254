"""v2: what a command is answered at once, what it does, and what the callback URL hears of it later."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import DONE, KEY, TOKEN, Sim
from wire_v2 import call, callbacks, form, lazy, message, opened, post, told, v2_device

from camsim import resources
from camsim.protocol import cipher, schemas
from camsim.protocol.catalogue import V2_COMMANDS, Family
from camsim.protocol.facts import Template
from camsim.protocol.v2 import signatures as signatures_v2
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.synthetic import people

Start = Callable[..., Sim]
SLOW = {"rest.latency": "15s"}
RANGE = {"StartTime": "0", "EndTime": "9999999999", "OffSet": ""}
DATA: dict[str, Any] = {
    "LoadPunchLog": RANGE,
    "EnableMessage": "hello",
    "AddUser": {"Name": "Ann Bell", "Signature": []},
}


@pytest.fixture
def v2(start_sim: Start) -> Sim:
    """A v2 device that carries commands out as soon as time moves."""
    return start_sim(v2_device())


@pytest.fixture
def slow(start_sim: Start) -> Sim:
    """A v2 device that takes its 30 to 60 seconds."""
    return start_sim(v2_device(), knobs=SLOW)


def signature(*templates: Template) -> list[dict[str, str]]:
    """Templates as AddUser tells them."""
    return [row for template in templates for row in signatures_v2.items(template)]


@pytest.mark.parametrize("operation", V2_COMMANDS)
def test_a_command_is_answered_done_with_operation_and_reference(v2: Sim, operation: str) -> None:
    """V2:54, V2-10."""
    answer = call(v2, operation, "1", DATA.get(operation, ""), "a7")

    assert (answer["StatusCode"], answer["Status"]) == (0, "done")
    assert (answer["RequestedOperation"], answer["OperationReferenceId"]) == (operation, "a7")
    assert schemas.validate(V2_COMMANDS[operation].family, "response", answer, Protocol.V2) == []


LAZY = [
    name for name, row in V2_COMMANDS.items() if row.family not in (Family.LOAD_LOG, Family.LOAD_DEVICE_INFORMATION)
]


@pytest.mark.parametrize("operation", LAZY)
def test_the_lazy_reply_echoes_the_reference_through_the_callback_queue(v2: Sim, operation: str) -> None:
    """V2-11: acknowledged like any callback."""
    v2.receiver.fail(2)
    call(v2, operation, "1", DATA.get(operation, ""), "a7")
    v2.idle()

    first = told(v2.receiver.received[0])
    assert lazy(v2)[:3] == [(operation, "a7", 0)] * 3  # two refusals, then done
    assert first["ApiRequestInfo"]["UserId"] == "1"
    assert schemas.validate(Family.LAZY_RESPONSE, "request", first, Protocol.V2) == []


@pytest.mark.parametrize("operation", ["LoadPunchLog", "SendDeviceInfo"])
def test_what_is_answered_at_once_has_no_lazy_reply(v2: Sim, operation: str) -> None:
    call(v2, operation, data=DATA.get(operation, ""))
    v2.idle()

    assert v2.receiver.received == []


def test_the_lazy_reply_comes_30_to_60_seconds_later(slow: Sim) -> None:
    """V2-10."""
    waits = []
    for number in range(12):
        before = slow.now
        call(slow, "ClearLog", reference=f"r{number}")
        slow.idle()
        waits.append((slow.now - before) / 1000)

    assert all(30 <= wait <= 60 for wait in waits)
    assert len(set(waits)) > 6


def test_many_commands_at_once_are_all_told_within_a_minute_in_their_order(slow: Sim) -> None:
    before = slow.now
    for number in range(20):
        call(slow, "DeleteUser", f"u{number}", reference=f"r{number}")
    slow.idle()

    assert [reference for _, reference, _ in lazy(slow)] == [f"r{number}" for number in range(20)]
    assert 30 <= (slow.now - before) / 1000 <= 60


def test_no_lazy_reply_when_the_knob_is_off(start_sim: Start) -> None:
    sim = start_sim(v2_device(), knobs={"v2.lazy": "off"})
    call(sim, "DeleteUser", "1")
    sim.idle()

    assert sim.receiver.received == []
    assert "1" not in sim.slot().device.users


def test_a_lazy_reply_is_encrypted_with_the_key(start_sim: Start) -> None:
    sim = start_sim(v2_device(security_key=KEY))
    answer = post(sim, form(message("ClearLog", reference="a7"), KEY))
    sim.idle()

    assert cipher.decrypt(KEY, answer.body).startswith(b'{"StatusCode":0,"Status":"done"')
    assert lazy(sim, KEY) == [("ClearLog", "a7", 0)]


def test_a_late_answer_is_still_an_answer(v2: Sim) -> None:
    v2.control("add_fault", where="rest.request", do="delay", when={"next": 1}, **{"with": {"ms": 60}})
    began = time.monotonic()

    assert call(v2, "ClearLog")["StatusCode"] == 0
    assert time.monotonic() - began >= 0.06


PRINTED = [row for row in resources.load("fixtures", "vendor", "v2.json")["messages"] if row["direction"] == "rest"]


@pytest.mark.parametrize("row", PRINTED, ids=[f"{row['name']}: {row['case']}" for row in PRINTED])
def test_each_structure_of_the_page_is_recognised_and_accepted(v2: Sim, row: dict[str, Any]) -> None:
    """Also the templates that the page shortens with `...` (A-DEV-07)."""
    info = {**row["request"]["ApiRequestInfo"], "AuthToken": TOKEN}

    answer = opened(post(v2, form({"ServiceTagId": "SIM1", "ApiRequestInfo": info})))

    assert (answer["StatusCode"], answer["RequestedOperation"]) == (0, row["name"])
    assert set(answer) == set(row["response"])


# --- offline ----------------------------------------------------------------------------------------------------------


def test_a_command_to_an_offline_device_waits_and_its_reply_comes_after_the_reconnect(slow: Sim) -> None:
    """V2-13."""
    slow.control("offline")
    answer = call(slow, "DeleteUser", "1")
    slow.advance(3600)
    waited = len(slow.receiver.received), "1" in slow.slot().device.users
    slow.control("online")
    slow.idle()

    assert answer["StatusCode"] == 0
    assert waited == (0, True)
    assert lazy(slow) == [("DeleteUser", "ref1", 0)]
    assert "1" not in slow.slot().device.users


def test_a_device_that_drops_in_the_middle_carries_the_command_out_later(slow: Sim) -> None:
    call(slow, "DeleteUser", "1")
    slow.advance(10)
    slow.control("offline")
    slow.advance(600)
    kept = "1" in slow.slot().device.users
    slow.control("online")
    slow.idle()

    assert kept
    assert lazy(slow) == [("DeleteUser", "ref1", 0)]


def test_what_happened_offline_comes_before_the_reply(slow: Sim) -> None:
    slow.control("offline")
    slow.punch("2")
    call(slow, "DeleteUser", "2")
    slow.control("online")
    slow.idle()

    assert [info["Operation"] for info in callbacks(slow)] == ["RealTimePunchLog", "DeleteUser"]


def test_device_info_is_answered_by_the_gateway_while_the_device_is_offline(start_sim: Start) -> None:
    """V2-20; times in true UTC."""
    services = {
        "AttendanceAPI": (1_500_000_000, 1_700_000_000),
        "CloudService": (1, 2),
        "ManagementAPI": (0, 2_000_000_000),
    }
    sim = start_sim(v2_device(online=False, services=services, label="Front door", serial="ZX1", timezone="-0330"))

    data = call(sim, "SendDeviceInfo")["OperationData"]

    assert data == {
        "SerialNumber": "ZX1",
        "LastConnectedTime": "1600000000",
        "DeviceLabelName": "Front door",
        "Model": "Hawking Plus (f38+)",
        "TimeZone": "UTC-03:30",
        "Services": [
            {"ServiceName": name, "ActivationDate": str(begin), "ExpiryDate": str(end)}
            for name, (begin, end) in services.items()
        ],
    }


# --- what they do -----------------------------------------------------------------------------------------------------


def test_add_user_stores_everything_that_one_object_tells(v2: Sim) -> None:
    """V2-14: face and palm parts become whole again."""
    templates = [people.template(1, "9", kind) for kind in TemplateType]
    data = {"Name": "Manu Mona", "FirstName": "", "LastName": "", "Priority": "16", "Signature": signature(*templates)}
    call(v2, "AddUser", "9", data)
    v2.idle()

    user = v2.slot().device.users["9"]
    assert (user.first_name, user.last_name, user.user_type) == ("Manu", "Mona", "Admin")
    assert {key: template.data for key, template in user.templates.items()} == {t.key: t.data for t in templates}
    assert lazy(v2) == [("AddUser", "ref1", 0)]


def test_an_existing_user_is_merged(v2: Sim) -> None:
    """V2-13, V2-14: v3 would answer 8."""
    v2.control("put_user", user="1", first_name="Ann", last_name="Bell", user_type="Admin", templates=["Card"])
    data = {"Name": "", "Signature": signature(people.template(1, "1", TemplateType.PASSWORD))}
    call(v2, "AddUser", "1", data)
    v2.idle()

    user = v2.slot().device.users["1"]
    assert sorted(user.templates) == ["Card:0", "Password:0"]
    assert (user.first_name, user.user_type) == ("Ann", "Admin")  # nothing was told of them
    assert lazy(v2) == [("AddUser", "ref1", 0)]


FAILURES = [
    ("DeleteUser", "77", "", 10),
    ("EnableMessage", "77", "hello", 10),
    ("DisableMessage", "77", "", 10),
    ("SendAttendancePhoto", "77", "", 10),
]


@pytest.mark.parametrize(("operation", "user", "data", "code"), FAILURES, ids=[row[0] for row in FAILURES])
def test_an_unknown_user_is_told_lazily(v2: Sim, operation: str, user: str, data: Any, code: int) -> None:
    """V2-13, V2-15."""
    before = v2.digest()
    answer = call(v2, operation, user, data)
    v2.idle()

    assert answer["StatusCode"] == 0
    assert lazy(v2) == [(operation, "ref1", code)]
    assert v2.digest() == before


def test_a_full_device_is_told_lazily_as_999(start_sim: Start) -> None:
    """V2-13."""
    sim = start_sim(v2_device(model="f37", users=1000))
    call(sim, "AddUser", "one-more", {"Name": "Ann"})
    sim.idle()

    assert lazy(sim) == [("AddUser", "ref1", 999)]
    assert len(sim.slot().device.users) == 1000


def test_an_enrolment_creates_the_user_and_a_person_shows_up(v2: Sim) -> None:
    """V2-16."""
    before = v2.now
    call(v2, "EnrollFingerprint", "77")
    v2.idle()

    reply, update = callbacks(v2)
    assert reply["OperationData"] == {"StatusCode": 0, "Status": "done"}
    assert (update["Operation"], update["UserId"]) == ("ManuallyUserUpdated", "77")
    assert [item["Type"] for item in update["OperationData"]["Signature"]] == ["Fingerprint"]
    assert 10 <= (v2.now - before) / 1000 <= 20


def test_a_second_enrolment_meanwhile_fails_lazily(v2: Sim) -> None:
    call(v2, "EnrollFingerprint", "1", reference="a")
    call(v2, "EnrollFingerprint", "2", reference="b")
    v2.idle()

    assert lazy(v2) == [("EnrollFingerprint", "a", 0), ("EnrollFingerprint", "b", 999)]


def test_a_message_is_shown_at_the_punches_of_its_user_until_it_is_disabled(v2: Sim) -> None:
    """V2-17."""
    call(v2, "EnableMessage", "1", {"Message": "see the office"})
    v2.idle()
    shown = [v2.punch(user).get("message") for user in ("1", "2")]
    call(v2, "DisableMessage", "1")
    v2.idle()

    assert shown == ["see the office", None]
    assert "message" not in v2.punch("1")


def pictured(sim: Sim, user: str, **more: Any) -> bool:
    """Whether a punch is followed by its photo."""
    before = len(callbacks(sim, "SendAttendancePhoto"))
    sim.punch(user, **more)
    sim.idle()
    return len(callbacks(sim, "SendAttendancePhoto")) > before


def test_photos_are_switched_on_and_off_by_user_and_for_all(v2: Sim) -> None:
    """V2-18."""
    v2.receiver.answer = DONE
    seen = [pictured(v2, "1")]
    for user, data in (("1", ""), ("1", "off"), ("", "on"), ("", "off"), ("2", "")):
        call(v2, "SendAttendancePhoto", user, data, "sw")
        v2.idle()
        v2.receiver.received.clear()
        seen.append(pictured(v2, "1"))

    assert seen == [False, True, False, True, False, False]
    assert pictured(v2, "2")
    assert not pictured(v2, "1", photo=True)  # off means off


def test_clear_log_empties_the_log_and_keeps_what_is_queued(v2: Sim) -> None:
    """V2-21."""
    v2.receiver.fail(1)
    v2.punch("1")
    call(v2, "ClearLog")
    v2.idle()

    assert v2.slot().device.log_count == 0
    assert [info["Operation"] for info in callbacks(v2)] == ["RealTimePunchLog", "RealTimePunchLog", "ClearLog"]


def test_trigger_user_detail_replies_first_and_then_tells_every_user(start_sim: Start) -> None:
    """V2-22, V2-06."""
    sim = start_sim(v2_device(users=2, templates=["Card", "Password", "Fingerprint", "Face"]))
    call(sim, "TriggerUserDetail")
    sim.idle()

    first, *others = callbacks(sim)
    assert first["Operation"] == "TriggerUserDetail"
    assert {info["Operation"] for info in others} == {"ManuallyUserUpdated"}
    assert [info["UserId"] for info in others] == ["1"] * 14 + ["2"] * 14


def test_a_reconnecting_device_announces_its_users_in_v2(start_sim: Start) -> None:
    sim = start_sim(v2_device(users=2, templates=["Card"], online=False))
    sim.control("online", announce_users=True)
    sim.idle()

    assert [(info["UserId"], len(info["OperationData"]["Signature"])) for info in callbacks(sim)] == [
        ("1", 1),
        ("2", 1),
    ]


# --- faults of the RESTful side ---------------------------------------------------------------------------------------


def test_a_lost_command_is_answered_done_and_never_heard_of_again(v2: Sim) -> None:
    v2.control("add_fault", where="rest.request", do="lose_command", when={"next": 1})

    assert call(v2, "DeleteUser", "1")["StatusCode"] == 0
    v2.idle()
    assert (v2.receiver.received, "1" in v2.slot().device.users) == ([], True)


@pytest.mark.parametrize(("where", "kept"), [("rest.request", True), ("rest.answer", False)])
def test_a_forced_code_is_answered_at_once(v2: Sim, where: str, kept: bool) -> None:
    v2.control("add_fault", where=where, do="code", **{"with": {"code": 11}}, when={"next": 1})

    assert call(v2, "DeleteUser", "1")["Status"] == "API_RESPONSE_INVALID_API_CONFIGURATION"
    v2.idle()
    assert ("1" in v2.slot().device.users) is kept
