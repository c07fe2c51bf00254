"""Sentences of the two pages that a simulator gets wrong easily; each test cites its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, NOW, TOKEN, Sim, device
from wire_v2 import YEAR, call, callbacks, dates, form, lazy, message, post_later, v2_device

from camsim.protocol import cipher
from camsim.protocol.timestamps import gmt
from camsim.state.models import Capacity, Model

Start = Callable[..., Sim]
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}
LOG = {"Load": {"PunchLog": {"Filter": EVER}}}
INFORMATION = {"Load": {"DeviceInformation": "All"}}
DELETE = {"Delete": {"User": {"UserID": "1"}}}
START, END = "2022-07-11 00:00:00", "2022-07-11 23:59:59"  # V3:1018


# --- Temperature: 36.8 (V3:504), "36.8" (V3:461), one decimal wherever it is ---


def test_a_temperature_has_one_decimal_wherever_it_is(start_sim: Start) -> None:
    sim = start_sim(knobs={"temperature": "number"})
    sim.control("punches", punches=[{"user": "1", "count": 60}, {"user": "2", "temperature": 36.6499}])
    sim.idle()
    loaded = [row["Temperature"] for row in sim.rest(LOG).message["PunchLog"]["Log"]]
    sent = [frame["Temperature"] for frame in sim.receiver.frames("PunchLog")]
    assert loaded == sent == [round(value, 1) for value in loaded]
    assert (len(loaded), loaded[-1]) == (61, 36.6)


# --- one grammar of times (V3:148, 488, 1018, 1217) ---


def _filter(start: str) -> dict[str, Any]:
    return {"Load": {"PunchLog": {"Filter": {"StartTime": start, "EndTime": "2030-01-01 00:00:00 GMT +0530"}}}}


def _access(start: str) -> dict[str, Any]:
    return {"Update": {"AccessTime": {"UserID": "1", "Start": start, "End": "2030-01-01 00:00:00"}}}


def _at(value: Any) -> dict[str, Any]:
    return {**INFORMATION, "Time": value}


GMT, LOCAL = "2020-09-17 00:00:00 GMT +0530", "2022-07-11 00:00:00"
TIMES = [
    # request, codes in documented, strict and observed, what the lint names
    (_filter(GMT), (0, 0, 0), ""),
    (_filter("17-09-2020 00:00:00 GMT +0530"), (0, 1, 0), "day before year"),
    (_filter("2020-9-7 0:0:0 GMT +0530"), (0, 1, 0), "one-digit parts"),
    (_filter("2020-09-17 00:00:00"), (0, 1, 0), "no UTC offset"),
    (_filter("2020-09-17"), (0, 1, 0), "no time of day"),
    (_filter("17/09/2020"), (0, 1, 0), "slashes"),
    (_filter("2020-09-17 00:00:00 IST"), (1, 1, 0), "a zone by name"),  # seen from live clients alone
    (_filter("yesterday"), (1, 1, 1), ""),
    (_filter("2020-17-09 00:00:00 GMT +0530"), (1, 1, 1), ""),
    (_access(LOCAL), (0, 0, 0), ""),
    (_access("11-07-2022 00:00:00"), (0, 1, 0), "day before year"),
    (_access("2022-07-11"), (0, 1, 0), "no time of day"),
    (_access(GMT), (0, 1, 0), "has an offset"),
    (_at(GMT), (0, 0, 0), ""),
    (_at("17-09-2020 00:00:00 GMT +0530"), (0, 1, 0), "day before year"),
    (_at("2020-09-17 00:00:00 IST"), (0, 1, 0), "Time: "),
    (_at("soon"), (0, 1, 0), "Time: "),
    (_at(1600000000), (0, 1, 0), "Time: "),
]


@pytest.mark.parametrize(("request_", "codes", "named"), TIMES)
def test_a_time_is_taken_where_the_page_prints_it_and_named_where_it_does_not(
    sim: Sim, request_: dict[str, Any], codes: tuple[int, ...], named: str
) -> None:
    found = []
    for profile in ("documented", "strict", "observed"):
        sim.control("knobs", profile=profile, knobs={"rest.latency": 0, "loadlog.status_code": "include"})
        found.append(sim.rest(request_).code)
        entry = sim.entries[-1]
        if named and found[-1] == 0:
            assert any(named in note for note in entry.lint), (profile, entry.lint)
        if not named and found[-1] == 0:
            assert not any(" prints " in note for note in entry.lint)
    assert tuple(found) == codes


def test_strict_wants_a_time(start_sim: Start) -> None:
    """ "All requests share these top-level fields" (V3:144)."""
    frame = {"OperationID": "op1", "AuthToken": TOKEN, **INFORMATION}
    for profile, code in (("documented", 0), ("strict", 3), ("observed", 0)):
        sim = start_sim(profile=profile)
        assert sim.post(json.dumps(frame).encode()).code == code


# --- Base64 (V3:1204), users and templates of one request ---


def test_strict_answers_4_to_other_dialects_of_base64(start_sim: Start) -> None:
    """A-ENC-06."""
    plain = json.dumps({"OperationID": "op1", "AuthToken": TOKEN, "Time": NOW, **INFORMATION}).encode()
    text = cipher.encrypt(KEY, plain)
    broken = b"\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    url = text.translate(bytes.maketrans(b"+/", b"-_"))
    assert url != text
    for profile, codes in (("documented", [0, 0, 0]), ("strict", [0, 4, 4])):
        sim = start_sim(device(security_key=KEY), profile=profile)
        answers = [sim.post(body).body for body in (text, broken, url)]
        opened = [json.loads(a if a[:1] == b"{" else cipher.decrypt(KEY, a)) for a in answers]
        assert [answer["StatusCode"] for answer in opened] == codes


def test_strict_answers_4_to_other_dialects_of_base64_in_v2(start_sim: Start) -> None:
    sim = start_sim(v2_device(security_key=KEY), profile="strict")
    told = message("SendDeviceInfo")
    info = cipher.encrypt(KEY, json.dumps(told["ApiRequestInfo"]).encode()).decode()
    assert call(sim, "SendDeviceInfo", key=KEY)["StatusCode"] == 0
    broken = post_later(sim, form({**told, "ApiRequestInfo": f"{info[:40]}\n{info[40:]}"})).result(30)
    assert broken.code == 4


CARDS = [{"Type": "Card", "UserID": "9", "Data": data} for data in ("111", "222")]


@pytest.mark.parametrize(
    ("templates", "stored"),
    [([{**CARDS[0], "UserID": "77"}], "111"), (CARDS, "222")],  # A-DEV-09: outer wins; A-DEV-10: last wins
)
def test_observed_takes_what_contradicts_itself_leniently(
    start_sim: Start, templates: list[dict[str, str]], stored: str
) -> None:
    add = {"Add": {"User": {"UserID": "9"}, "Template": templates}}
    assert start_sim().rest(add).code == 1
    sim = start_sim(profile="observed")
    assert sim.rest(add).code == 0
    assert sim.slot().device.users["9"].templates["Card:0"].data == stored
    assert any("A-DEV-" in note for note in sim.entries[-1].lint)


# --- Enroll (V3:177, 187, 189, 994, 999, 1197) ---


@pytest.mark.parametrize(
    ("kind", "codes"),
    [("Fingerprint", (0, 0)), ("Face", (15, 15)), ("Card", (15, 15)), ("fingerprint", (1, 0)), ("Iris", (1, 1))],
)
def test_only_a_fingerprint_has_a_session(start_sim: Start, kind: str, codes: tuple[int, int]) -> None:
    """R-35: 15 for a type that cannot be enrolled remotely, 1 for a word that is no type; lenient in observed."""
    found = []
    for profile in ("documented", "observed"):
        sim = start_sim(profile=profile)
        found.append(sim.rest({"Enroll": {"User": {"UserID": "1", "Type": kind}}}).code)
    assert tuple(found) == codes


def test_a_device_full_of_prints_opens_no_session(start_sim: Start) -> None:
    """11: "its maximum user or template capacity" (V3:187)."""
    small = Model("small", "Small", capacity=Capacity(fingerprints=3))
    sim = start_sim(device(model="small", templates=["Fingerprint"]), models={"small": small})
    assert sim.rest({"Enroll": {"User": {"UserID": "1", "Type": "Fingerprint"}}}).code == 11


# --- switches (A-REST-22), changes by REST (A-REST-23), database mode (M-DB) ---


@pytest.mark.parametrize(("profile", "code"), [("documented", 15), ("observed", 33), ("strict", 15)])
def test_a_switch_that_is_off_has_its_code(start_sim: Start, profile: str, code: int) -> None:
    sim = start_sim(device(restful_api=False), device("SIM2", without_operations=["DeleteUser"]), profile=profile)
    assert [sim.rest(DELETE).code, sim.rest(DELETE, "SIM2").code] == [code, code]


def test_every_change_by_rest_is_echoed_where_the_knob_says_so(start_sim: Start) -> None:
    sim = start_sim(knobs={"device.echo_rest_changes": True, "add.existing": "upsert"})
    card = {"Add": {"User": {"UserID": "1"}, "Template": [{"Type": "Card", "UserID": "1", "Data": "5"}]}}
    told = []
    for request_ in (
        {"Add": {"User": {"UserID": "8"}}},
        card,
        {"Update": {"AccessTime": {"UserID": "1", "Start": START, "End": END}}},
        {"Update": {"User": {"UserID": "1", "Access": "disable"}}},
        DELETE,
        {"Delete": {"User": "All"}},
    ):
        before = len(sim.receiver.received)
        assert sim.rest(request_).code == 0
        sim.idle()
        told.append([next(iter(set(m["RealTime"]) & {"UserUpdated", "UserDeleted"})) for m in _since(sim, before)])
    assert told == [
        ["UserUpdated"],
        ["UserUpdated", "UserUpdated"],
        ["UserUpdated"],
        ["UserUpdated"],
        ["UserDeleted"],
        ["UserDeleted"] * 3,
    ]


def _since(sim: Sim, before: int) -> list[Any]:
    return sim.receiver.messages[before:]


def test_a_row_of_a_database_is_found_within_one_interval(start_sim: Start) -> None:
    devices = [device(f"SIM{n}", mode="db-direct") for n in range(1, 13)]
    sim = start_sim(*devices, knobs={"db.poll": "30s"})
    for turn in range(3):
        for spec in devices:
            sim.punch("1", spec.id)
        sim.advance(30)
        assert len(sim.receiver.received) == (turn + 1) * len(devices)


@pytest.mark.parametrize("mode", ["db-direct", "db-indirect", "file-direct", "file-indirect"])
def test_attendance_only_is_attendance_only(start_sim: Start, mode: str) -> None:
    """ "Attendance only" (V3:124), "attendance push only" (V3:112): no photo, temperature or mask (M-ATTENDANCE)."""
    sim = start_sim(device(mode=mode))
    sim.punch("1", temperature=36.6, mask=True, photo=True)
    sim.idle()
    (told,) = sim.receiver.messages
    assert set(told["RealTime"]["PunchLog"]) == {"Type", "InputType", "UserId", "LogTime"}
    assert {"LabelName", "SerialNumber"} <= set(told["RealTime"])


# --- "no new callbacks or RESTful commands will be processed" (V3:1232) ---


def _ends_in(sim: Sim, seconds: int) -> None:
    sim.control("patch_device", licence_end=gmt(sim.now // 1000 + seconds))


def test_a_parked_command_does_not_run_after_the_licence_ended(sim: Sim) -> None:
    _ends_in(sim, 60)
    sim.control("offline")
    parked = sim.rest_later(DELETE)
    sim.advance(31)
    assert parked.result(5).code == 5
    sim.advance(60)
    sim.control("online")
    sim.idle()
    assert "1" in sim.slot().device.users
    (why,) = [entry.why for entry in sim.entries if entry.verdict == "not executed"]
    assert "the licence of the device does not run" in why
    _ends_in(sim, 600)  # "stops until the license is renewed"
    sim.idle()
    assert "1" not in sim.slot().device.users


def test_whoever_waits_when_the_licence_ends_is_told_its_code(start_sim: Start) -> None:
    """A-REST-21."""
    sim = start_sim(knobs={"rest.latency": "15s"})
    _ends_in(sim, 1)
    calls = [sim.rest_later(DELETE), sim.rest_later(INFORMATION)]
    sim.advance(2)
    assert [one.result(5).code for one in calls] == [2, 2]
    sim.advance(120)
    assert "1" in sim.slot().device.users
    assert sim.api("GET", "commands").message["commands"] == []


# --- "Expired license, will not allow to access the respective services" (V2:237) ---


def _services(sim: Sim, attendance: int, management: int) -> None:
    """Both services with the seconds until they end; negative: since."""
    ends = {"AttendanceAPI": attendance, "ManagementAPI": management}
    sim.control("patch_device", services={name: dates(sim, -YEAR, end) for name, end in ends.items()})


@pytest.fixture
def v2(start_sim: Start) -> Sim:
    """A v2 device that answers at once."""
    return start_sim(v2_device())


def test_an_expired_attendance_service_stops_punches_alone(v2: Sim) -> None:
    """V2:11 and 76: AttendanceAPI is the punches; V2:12-25: everything else is management."""
    _services(v2, -60, 600)
    v2.punch("1", photo=True)
    assert call(v2, "DeleteUser", "2")["StatusCode"] == 0
    v2.control("delete_user", user="3")
    v2.idle()
    assert [info["Operation"] for info in callbacks(v2)] == ["ManuallyUserDeleted", "DeleteUser"]
    assert v2.api("GET", "devices/SIM1/queue").message["queued"] == 2
    _services(v2, 600, 600)
    v2.idle()
    assert [info["Operation"] for info in callbacks(v2)[2:]] == ["RealTimePunchLog", "SendAttendancePhoto"]


def test_an_expired_management_service_stops_commands_alone(v2: Sim) -> None:
    _services(v2, 600, -60)
    v2.punch("1")
    v2.idle()
    assert call(v2, "DeleteUser", "2")["StatusCode"] == 5
    assert [info["Operation"] for info in callbacks(v2)] == ["RealTimePunchLog"]


@pytest.mark.parametrize(
    "services", [{"AttendanceAPI": (-60, 60)}, {"AttendanceAPI": (-60, 0), "ManagementAPI": (-60, 0)}]
)
def test_device_information_always_tells_the_subscriptions(v2: Sim, services: dict[str, tuple[int, int]]) -> None:
    """ "Get device information such subscription status" (V2:23)."""
    v2.control("patch_device", services={name: dates(v2, *span) for name, span in services.items()})
    told = call(v2, "SendDeviceInfo")
    assert told["StatusCode"] == 0
    assert [one["ServiceName"] for one in told["OperationData"]["Services"]] == list(services)


def test_nothing_runs_and_nothing_is_told_after_a_service_ended(v2: Sim) -> None:
    _services(v2, 600, 60)
    v2.control("offline")
    assert call(v2, "DeleteUser", "1")["StatusCode"] == 0
    v2.advance(61)
    v2.control("online")
    v2.idle()
    assert ("1" in v2.slot().device.users, lazy(v2)) == (True, [])
    assert any("ManagementAPI of the device does not run" in entry.why for entry in v2.entries)
    _services(v2, 600, 600)  # "has to be activated again to avail the services"
    v2.idle()
    assert ("1" in v2.slot().device.users, [code for *_, code in lazy(v2)]) == (False, [0])


def test_a_lazy_answer_that_waits_when_the_service_ends_stays(v2: Sim) -> None:
    _services(v2, 600, 600)
    v2.control("queue", what="hold")
    call(v2, "DeleteUser", "1")
    v2.advance(70)
    _services(v2, 600, -1)
    v2.control("queue", what="resume")
    v2.punch("2")
    v2.idle()
    assert [info["Operation"] for info in callbacks(v2)] == ["RealTimePunchLog"]


def test_a_load_that_is_held_when_the_service_ends_is_answered_5(start_sim: Start) -> None:
    sim = start_sim(v2_device(online=False))
    _services(sim, 600, 10)
    body = form(message("LoadPunchLog", data={"StartTime": "0", "EndTime": "1700000000", "OffSet": ""}))
    held = post_later(sim, body)
    sim.advance(11)
    assert held.result(5).code == 5


# --- "You can request for resending attendance data from the device" (V2:31) ---


def test_an_operator_has_punches_sent_again_in_either_protocol(start_sim: Start) -> None:
    sim = start_sim(device(), v2_device("SIM2"))
    for stgid in ("SIM1", "SIM2"):
        sim.punch("1", stgid, at="2020-09-13 08:00:00 GMT +0530")
        sim.punch("2", stgid, at="2020-09-13 09:00:00 GMT +0530")
        sim.idle()
        for body, count in (
            ({}, 2),
            ({"start": "2020-09-13 08:30:00 GMT +0530"}, 1),
            ({"end": "2020-09-13 08:00:00"}, 1),
        ):
            before = len(sim.receiver.received)
            assert sim.api("POST", f"devices/{stgid}/resend", body).message == {"resent": count}
            sim.idle()
            assert len(sim.receiver.received) == before + count
    sim.control("offline", "SIM2")
    assert sim.api("POST", "devices/SIM2/resend").status == 409
    assert sim.host.runtime.kernel.state.ledger.summary()["acknowledged"] == 4
