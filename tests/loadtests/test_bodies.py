"""The bytes of a storm are valid messages of the protocol, each its own."""

from __future__ import annotations

import msgspec
import pytest

from camsim.protocol import schemas
from camsim.protocol.catalogue import recognise
from camsim.protocol.v2.envelope import open_v2, read_form
from camsim.protocol.v3.envelope import open_v3
from camsim.protocol.vocabulary import Protocol
from camsim_loadtests.plan.bodies import FORM_TYPE, JSON_TYPE, Writer
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.profiles import ENROLMENTS, FLOOD, PROFILES
from camsim_loadtests.plan.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
BASE = Settings(url="http://127.0.0.1/", start_s=1_700_000_000, devices=12, people=60, rate=6.0, duration_s=30.0)


def _told(profile, **changes):
    key = KEY if PROFILES[profile].encrypted_share > 0 else ""
    plan = Plan(msgspec.structs.replace(BASE, **{"profile": profile, "security_key": key} | changes))
    writer = Writer(plan)
    return [
        (item, plan.device(item.device), body)
        for item in plan.all_items()
        for body in writer.bodies(item, plan.device(item.device))
    ]


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"mixed"}))
def test_every_v3_body_is_the_operation_it_stands_for_and_valid(profile):
    for item, device, body in _told(profile):
        opened = open_v3(body, device.key)
        found = recognise(opened.message)
        assert found.name == item.operation.name
        assert schemas.validate(found.family, "request", opened.message) == []


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_no_two_bodies_are_equal(profile):
    bodies = [body for _, _, body in _told(profile)]

    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("key", ["", KEY])
def test_v2_devices_send_forms_that_open(key):
    for item, device, body in _told("mixed", **({"security_key": key} if key else {})):
        if device.protocol is Protocol.V2:
            info = open_v2(read_form(body), device.key).message["ApiRequestInfo"]
            assert info["UserId"] == item.user_id
            assert info["Operation"] in ("RealTimePunchLog", "SendAttendancePhoto")


def test_the_content_type_follows_the_protocol():
    plan = Plan(msgspec.structs.replace(BASE, profile="mixed"))
    writer = Writer(plan)

    assert {writer.content_type(plan.device(n)) for n in range(12)} == {JSON_TYPE, FORM_TYPE}


def test_told_anew_is_the_same_punch_with_another_operation_id():
    plan = Plan(BASE)
    item, device = next(plan.all_items()), plan.device(0)
    first, again = (msgspec.json.decode(Writer(plan).bodies(item, device, anew)[0])["RealTime"] for anew in (0, 2))

    assert first["PunchLog"] == again["PunchLog"]
    assert first["OperationID"] != again["OperationID"]
    assert first["Time"] < again["Time"]


def test_faces_of_an_enrolment_wave_weigh_as_much_as_real_ones():
    sizes = [len(body) for item, _, body in _told("enrolment-wave") if item.operation.name.endswith("WithFace")]

    assert sizes
    assert all(25_000 <= size <= 42_000 for size in sizes)


def test_the_waves_and_floods_hold_every_operation_of_theirs():
    assert {item.operation for item, _, _ in _told("enrolment-wave")} == set(ENROLMENTS)
    assert {item.operation for item, _, _ in _told("rest-flood")} == set(FLOOD)
