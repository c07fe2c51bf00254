"""The control API: who may call it, the shape of its errors, each route, and bodies that nobody should send."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, START_MS, TOKEN, Sim, device

from camsim.control.routes import ROUTES
from camsim.protocol.catalogue import COMMANDS, V2_COMMANDS
from camsim.protocol.vocabulary import TemplateType

Start = Callable[..., Sim]
ONE = {"id": "SIM9", "auth_token": TOKEN}


def _error(answer: Any) -> tuple[int, str]:
    error = answer.message["error"]
    assert set(error) == {"code", "message", "hint"}
    return answer.status, error["code"]


# --- who may call -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8125", "127.0.0.1.evil.example", "169.254.0.1:80"])
def test_another_host_header_is_refused(sim: Sim, host: str) -> None:
    assert _error(sim.api("GET", "health", Host=host)) == (403, "wrong_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "LOCALHOST:99", "127.0.0.1", "[::1]:8125", "[::1]"])
def test_loopback_names_are_served(sim: Sim, host: str) -> None:
    assert sim.api("GET", "health", Host=host).status == 200


def test_an_allowed_host_is_served(start_sim: Start) -> None:
    sim = start_sim(allowed_hosts=("camsim",))
    assert sim.api("GET", "health", Host="camsim:8125").status == 200


def test_with_a_token_every_call_needs_it(start_sim: Start) -> None:
    sim = start_sim(management_token="s3cret")
    assert _error(sim.api("GET", "health")) == (401, "unauthorized")
    assert _error(sim.api("GET", "health", Authorization="Bearer s3cre")) == (401, "unauthorized")
    assert sim.api("GET", "health", Authorization="Bearer s3cret").status == 200


def test_no_answer_lets_another_origin_in(sim: Sim) -> None:
    headers = sim.api("GET", "health", Origin="http://evil.example").headers
    assert not [name for name in headers if name.lower().startswith("access-control")]


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("GET", "nothing", None, (404, "not_found")),
        ("DELETE", "health", None, (405, "method_not_allowed")),
        ("GET", "devices/SIM404", None, (404, "unknown_device")),
        ("POST", "devices/SIM404/punches", {"user": "1"}, (404, "unknown_device")),
        ("DELETE", "devices/SIM1/users/99", None, (404, "unknown_user")),
        ("POST", "devices", ONE | {"id": "SIM1"}, (409, "device_exists")),
        ("POST", "devices", ONE | {"modle": "f38+"}, (422, "invalid_value")),
        ("POST", "devices", ONE | {"model": "x99"}, (422, "unknown_model")),
        ("POST", "devices", ONE | {"security_key": "short"}, (422, "invalid_value")),
        ("POST", "devices", ONE | {"callback_url": "ftp://x"}, (422, "invalid_value")),
        ("POST", "devices", ONE | {"direction": "sideways"}, (422, "invalid_value")),
        ("POST", "devices", ONE | {"id": "a b"}, (422, "invalid_value")),
        ("POST", "devices", ONE | {"count": 2}, (422, "invalid_value")),
        ("PATCH", "devices/SIM1", {"callback_url": "nonsense"}, (422, "invalid_value")),
        ("PATCH", "devices/SIM1", {"direction": "sideways"}, (422, "invalid_value")),
        ("PATCH", "devices/SIM1", {"timezone": "Mars/Olympus"}, (422, "invalid_value")),
        ("POST", "devices/SIM1/punches", {"user": "1", "at": "soon"}, (422, "invalid_value")),
        ("POST", "devices/SIM1/punches", {"user": "1", "at": 99999999999999}, (422, "invalid_value")),
        ("POST", "devices/SIM1/punches", {"user": "1", "count": 1000, "every": "365d"}, (422, "invalid_value")),
        ("POST", "devices/SIM1/date", {"to": 99999999999999}, (422, "invalid_value")),
        ("POST", "devices/SIM1/date", {"by": "36500d"}, (422, "invalid_value")),
        ("POST", "devices/SIM1/online", {"order": "random"}, (422, "invalid_value")),
        ("POST", "devices/SIM1/queue/explode", None, (422, "invalid_value")),
        ("PUT", "clock", {"mode": "slow"}, (422, "invalid_value")),
        ("POST", "clock/advance", {"seconds": -1}, (422, "invalid_value")),
        ("POST", "clock/advance", {"seconds": "36000d"}, (422, "invalid_value")),
        ("PATCH", "config", {"rest.latency": "soon"}, (422, "invalid_knob")),
        ("PATCH", "config", {"knobs": 5}, (422, "invalid_value")),
        ("POST", "faults", {"where": "nowhere", "do": "x"}, (422, "invalid_fault")),
        ("DELETE", "faults/%C2%B2", None, (422, "invalid_value")),
        ("GET", "journal?limit=%C2%B2", None, (422, "invalid_value")),
        ("POST", "reset", {"scope": "everything"}, (422, "invalid_value")),
        ("POST", "devices/SIM1/punches", b"{", (400, "not_json")),
        ("POST", "devices/SIM1/users", b"[]", (400, "not_an_object")),
    ],
)
def test_an_error_has_a_status_a_code_a_message_and_a_hint(
    sim: Sim, method: str, path: str, body: Any, wanted: tuple[int, str]
) -> None:
    before = sim.digest()
    assert _error(sim.api(method, path, body)) == wanted
    assert sim.digest() == before


def test_a_clock_that_runs_cannot_be_moved(start_sim: Start) -> None:
    assert _error(start_sim(clock="real").api("POST", "clock/advance", {"seconds": 1})) == (409, "clock_runs")


_ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    2**63,
    "",
    "x",
    "\x00",
    [],
    [1],
    {},
    {"action": "offline", "device": "x"},
    "é" * 300,
)
_KEYS: dict[str, tuple[str, ...]] = {
    "devices": (
        "id",
        "count",
        "model",
        "mode",
        "timezone",
        "users",
        "logs",
        "licence_end",
        "reverify",
        "services",
        "templates",
    ),
    "devices/SIM1": ("auth_token", "timezone", "model", "licence_start", "origin_ips", "services", "reverify_s"),
    "devices/SIM1/online": ("order", "pace", "announce_users"),
    "devices/SIM1/punches": ("user", "type", "input", "at", "photo", "temperature", "mask", "count", "every"),
    "devices/SIM1/users": ("user", "first_name", "templates", "split", "order", "user_type"),
    "devices/SIM1/date": ("to", "by", "timezone", "drift_ppm", "true", "announce"),
    "devices/SIM1/enrol-finger": ("user",),
    "devices/SIM1/resend": ("start", "end"),
    "uplink": ("up",),
    "clock": ("mode",),
    "clock/advance": ("seconds",),
    "faults": ("where", "do", "match", "when", "with"),
    "config": ("profile", "knobs", "rest.latency"),
    "journal/count": ("operation", "user", "device"),
    "journal/wait": ("count", "timeout", "operation"),
    "reset": ("scope",),
}
_BASES: dict[str, dict[str, Any]] = {
    "devices": {"id": "SIM9"},
    "devices/SIM1/punches": {"user": "1"},
    "devices/SIM1/users": {"user": "1"},
    "faults": {"where": "callback.request", "do": "duplicate"},
    "journal/wait": {"timeout": 0},
}
_METHODS = {"devices/SIM1": "PATCH", "clock": "PUT", "config": "PATCH"}


@pytest.mark.parametrize("path", _KEYS)
def test_a_wrong_body_is_never_a_bug(sim: Sim, path: str) -> None:
    sim.punch("1", count=2)
    sim.idle()
    method, base = _METHODS.get(path, "POST"), _BASES.get(path, {})
    for key in (*_KEYS[path], "action", "device", "unknown"):
        for odd in _ODD:
            answer = sim.api(method, path, {**base, key: odd})
            assert answer.status < 500, (key, odd, answer.body)
            sim.idle() if path != "clock" else sim.clock("manual")
    for odd in _ODD:
        body = {**base, **odd} if isinstance(odd, dict) else odd
        assert sim.api(method, path, body).status < 500, odd


# --- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.method == "GET" and "scenario" not in r.path], ids=lambda r: r.path
)
def test_every_page_that_only_shows_is_shown(sim: Sim, route: Any) -> None:
    sim.punch("1", photo=True)
    sim.idle()
    assert sim.api("GET", route.path.format(stgid="SIM1")).status == 200


def test_health_says_what_runs(sim: Sim) -> None:
    health = sim.api("GET", "health").message
    assert (health["status"], health["seed"], health["clock"], health["devices"]) == ("ok", 1, "manual", 1)
    assert health["now"] == START_MS / 1000


def test_devices_are_listed_with_their_queue(sim: Sim) -> None:
    sim.receiver.fail(9)
    sim.punch("1")
    sim.advance(1)
    (row,) = sim.api("GET", "devices").message["devices"]
    assert (row["stgid"], row["protocol"], row["mode"], row["online"]) == ("SIM1", "v3", "native", True)
    assert row["queue"] == {"state": "hold", "length": 1}


def test_devices_are_added_in_bulk_all_or_none(sim: Sim) -> None:
    added = sim.api("POST", "devices", {"id": "NEW{:03d}", "count": 3})
    assert (added.status, [d["stgid"] for d in added.message["devices"]]) == (201, ["NEW001", "NEW002", "NEW003"])
    assert sim.api("POST", "devices", [{"id": "MORE"}, {"id": "SIM1"}]).status == 409
    assert "MORE" not in sim.host.runtime.kernel.state.devices


def test_tokens_and_keys_are_masked_unless_the_journal_is_full(start_sim: Start) -> None:
    spec = {"security_key": KEY}
    masked = start_sim(device(**spec)).api("GET", "devices/SIM1").message
    shown = start_sim(device(**spec), journal_full=True).api("GET", "devices/SIM1").message
    assert (masked["auth_token"], masked["security_key"]) == ("CO…Ks", "01…ef")
    assert (shown["auth_token"], shown["security_key"]) == (TOKEN, KEY)


def test_a_device_is_changed_by_what_is_given(sim: Sim) -> None:
    assert sim.api("PATCH", "devices/SIM1", {"label": "Door", "push_photo": False}).message["changed"] == [
        "label",
        "push_photo",
    ]
    shown = sim.api("GET", "devices/SIM1").message
    assert (shown["label"], shown["switches"]["push_photo"], shown["auth_token"]) == ("Door", False, "CO…Ks")


def test_a_removed_device_is_gone(sim: Sim) -> None:
    assert sim.api("DELETE", "devices/SIM1").status == 200
    assert sim.api("GET", "devices/SIM1").status == 404


def test_punches_say_what_was_recorded_and_why_not(sim: Sim) -> None:
    answer = sim.api("POST", "devices/SIM1/punches", [{"user": "1"}, {"user": "99"}]).message["punches"]
    assert [(item["user"], item["recorded"]) for item in answer] == [("1", True), ("99", False)]
    assert "not on the device" in answer[1]["why"]


def test_at_may_be_written_in_the_vendors_way_or_in_iso(sim: Sim) -> None:
    texts = ["2020-09-17 07:48:22 GMT +0530", "2020-09-17T07:48:22+05:30", "2020-09-17T02:18:22Z", 1600309102]
    times = [
        sim.api("POST", "devices/SIM1/punches", {"user": "1", "at": at}).message["punches"][0]["log_time"]
        for at in texts
    ]
    assert set(times) == {"2020-09-17 07:48:22 GMT +0530"}


def test_a_user_is_edited_told_and_deleted(sim: Sim) -> None:
    body = {"user": "7", "first_name": "Ann", "templates": ["Card", {"type": "Fingerprint", "index": 3}]}
    assert sim.api("POST", "devices/SIM1/users", body).message == {"user": "7", "new": True, "callbacks": 3}
    assert sim.api("DELETE", "devices/SIM1/users/7").status == 200
    sim.idle()
    kinds = [next(key for key in m["RealTime"] if key.startswith("User")) for m in sim.receiver.messages]
    assert kinds == ["UserUpdated", "UserUpdated", "UserUpdated", "UserDeleted"]


def test_templates_are_shown_as_size_and_hash(start_sim: Start) -> None:
    sim = start_sim(device(users=1, templates=[TemplateType.FINGERPRINT]))
    (user,) = sim.api("GET", "devices/SIM1/users").message["users"]
    assert set(user["templates"][0]) == {"type", "index", "sha256", "size"}


def test_a_date_change_is_told(sim: Sim) -> None:
    answer = sim.api("POST", "devices/SIM1/date", {"by": "-3h"}).message
    assert (answer["before"], answer["now"]) == ("2020-09-13 17:56:40 GMT +0530", "2020-09-13 14:56:40 GMT +0530")
    sim.idle()
    assert len(sim.receiver.frames("DateModified")) == 1


def test_offline_and_online_hold_and_release_punches(sim: Sim) -> None:
    sim.api("POST", "devices/SIM1/offline")
    sim.punch("1")
    assert sim.api("GET", "devices/SIM1").message["cached"] == 1
    assert sim.api("POST", "devices/SIM1/online", {"order": "lifo"}).message["cached"] == 1
    sim.idle()
    assert len(sim.receiver.received) == 1


def test_a_power_cycle_ends_an_enrolment_and_keeps_the_log(sim: Sim) -> None:
    sim.punch("1")
    sim.rest({"Enroll": {"User": {"UserID": "1", "Type": "Fingerprint"}}})
    assert sim.api("POST", "devices/SIM1/power-cycle").message["online"]
    assert (sim.slot().device.enrolment, sim.slot().device.log_count) == (None, 1)


def test_logs_can_be_asked_for_by_time(sim: Sim) -> None:
    for minute in (0, 10, 20):
        sim.punch("1", at=f"2020-09-13 10:{minute:02d}:00 GMT +0000")
    path = "devices/SIM1/logs?start=2020-09-13T10:05:00Z&end=2020-09-13T10:20:00Z"
    assert sim.api("GET", path).message["count"] == 2


def test_the_queue_says_why_the_head_is_not_acknowledged(sim: Sim) -> None:
    sim.receiver.answer = (200, b"ok")
    sim.punch("1")
    sim.advance(1)
    queue = sim.api("GET", "devices/SIM1/queue").message
    assert (queue["received"], queue["queued"], queue["pushed"], queue["state"], queue["attempts"]) == (
        1,
        1,
        0,
        "hold",
        1,
    )
    assert (queue["why"], queue["next_retry"]) == ("the answer is not JSON: ok", START_MS / 1000 + 30)


def test_an_operator_holds_resumes_retries_and_resets_a_queue(sim: Sim) -> None:
    sim.api("POST", "devices/SIM1/queue/hold")
    sim.punch("1")
    assert (sim.idle()["deliveries"], sim.api("GET", "devices/SIM1/queue").message["state"]) == (0, "held")
    sim.receiver.fail(1)
    sim.api("POST", "devices/SIM1/queue/resume")
    sim.advance(0)
    sim.api("POST", "devices/SIM1/queue/retry-now")
    sim.advance(0)
    assert sim.slot().outbox.pushed == 1
    sim.api("POST", "devices/SIM1/queue/hold")
    sim.punch("1")
    assert sim.api("POST", "devices/SIM1/queue/reset").message["dropped"] == 1
    assert sim.api("GET", "ledger").message["summary"]["lost"] == 1


def test_parked_commands_are_listed(sim: Sim) -> None:
    sim.control("offline")
    call = sim.rest_later({"Delete": {"User": {"UserID": "1"}}})
    sim.advance(31)
    (command,) = sim.api("GET", "commands?state=parked").message["commands"]
    assert (command["operation"], command["answered"], call.result(5).code) == ("DeleteUser", True, 5)


def test_the_clock_is_shown_switched_and_moved(sim: Sim) -> None:
    moved = sim.api("POST", "clock/advance", {"seconds": "2m"}).message
    assert (moved["now"], moved["fired"], moved["deliveries"]) == (START_MS / 1000 + 120, 0, 0)
    assert sim.api("PUT", "clock", {"mode": "scaled:60"}).message["mode"] == "scaled:60"


def test_knobs_are_changed_at_once_and_all_or_none(sim: Sim) -> None:
    assert sim.api("PATCH", "config", {"rest.after_5": "drop", "rest.timeout": "never"}).status == 422
    assert sim.api("GET", "config").message["knobs"]["rest.after_5"] == "keep"
    sim.api("PATCH", "config", {"rest.after_5": "drop"})
    assert sim.api("GET", "config").message["knobs"]["rest.after_5"] == "drop"


def test_a_profile_can_be_put_in_force(sim: Sim) -> None:
    assert sim.api("PATCH", "config", {"profile": "observed"}).message["profile"] == "observed"
    assert sim.api("GET", "register").message["profile"] == "observed"


def test_the_journal_filters_and_counts(sim: Sim) -> None:
    sim.control("punches", punches=[{"user": "1"}, {"user": "2"}])
    sim.idle()
    (entry,) = sim.api("GET", "journal?user=2&direction=callback").message["entries"]
    assert (entry["operation"], entry["verdict"], entry["attempt"]) == ("RealTimePunchLog", "acknowledged", 1)
    assert sim.api("POST", "journal/count", {"operation": "RealTimePunchLog"}).message == {"count": 2}
    assert sim.api("POST", "journal/wait", {"count": 2, "timeout": 0}).message == {"count": 2, "reached": True}
    assert sim.api("POST", "journal/wait", {"count": 3, "timeout": 0}).message["reached"] is False
    sim.api("POST", "journal/clear")
    assert sim.api("GET", "journal").message["entries"] == []


def test_the_ledger_knows_every_punch(sim: Sim) -> None:
    sim.receiver.fail(1)
    sim.punch("1")
    sim.idle()
    ledger = sim.api("GET", "ledger").message
    assert (ledger["summary"]["acknowledged"], ledger["punches"][0]["attempts"]) == (1, 2)
    text = sim.api("GET", "ledger.csv").body.decode().splitlines()
    assert (text[0].split(",")[:3], len(text)) == (["device", "number", "user"], 2)


@pytest.mark.parametrize(
    ("scope", "left"), [("journal", (0, 1)), ("faults", (1, 1)), ("devices", (1, 0)), ("all", (0, 0))]
)
def test_a_reset_forgets_what_it_says(sim: Sim, scope: str, left: tuple[int, int]) -> None:
    sim.punch("1")
    sim.idle()
    assert sim.api("POST", "reset", {"scope": scope}).message == {"reset": scope}
    state = sim.host.runtime.kernel.state
    assert (len(state.journal), len(state.devices)) == left


def test_metrics_are_in_the_text_format(sim: Sim) -> None:
    text = sim.api("GET", "metrics").body.decode()
    assert "camsim_devices 1\n" in text
    assert all(len(line.split()) == 2 for line in text.splitlines() if not line.startswith("#"))


def test_the_digest_changes_with_the_device(sim: Sim) -> None:
    first = sim.api("GET", "devices/SIM1/digest").message["digest"]
    sim.control("put_user", user="1", first_name="Other")
    assert sim.api("GET", "devices/SIM1/digest").message["digest"] != first


def test_the_bodies_of_answers_are_json(sim: Sim) -> None:
    for path in ("health", "devices", "clock", "journal"):
        answer = sim.api("GET", path)
        assert answer.headers["Content-Type"].startswith("application/json")
        json.loads(answer.body)


# --- bodies that are wrong in every way -------------------------------------------------------------------------------

BROKEN = [
    b"[1",
    b"1x",
    b"{} x",
    b'{"users":1e999}',
    b'{"order": NaN}',
    b"[" * 2000,
    b"\xff",
    b'{"a":1}}',
    b"null",
    b'"x"',
]
WITH_BODY = [route for route in ROUTES if route.method in ("POST", "PATCH", "PUT")]


@pytest.mark.parametrize("body", BROKEN, ids=repr)
def test_a_broken_body_is_the_callers_fault_on_every_route(sim: Sim, body: bytes) -> None:
    before = sim.digest(), sim.api("GET", "faults").message, sim.api("GET", "devices/SIM1/queue").message
    for route in WITH_BODY:
        if route.body is None:
            continue
        path = route.path.format(stgid="SIM1", what="hold")
        answer = sim.api(route.method, path, body)
        assert answer.status in (400, 422), (route.name, answer.body)
        assert answer.message["error"]["hint"] or route.member == "fault", route.name
    assert (sim.digest(), sim.api("GET", "faults").message, sim.api("GET", "devices/SIM1/queue").message) == before


@pytest.mark.parametrize("number", ["null", "NULL", "-1", "1.0", "1e0", "x", "99999999999999999999"])
def test_a_fault_is_taken_out_by_its_number_alone(sim: Sim, number: str) -> None:
    sim.control("add_fault", "", where="callback.answer", do="drop")
    answer = sim.api("DELETE", f"faults/{number}")
    assert answer.status == 422
    assert answer.message["error"]["hint"] == "allowed: the number of a fault"
    assert len(sim.api("GET", "faults").message["faults"]) == 1


@pytest.mark.parametrize("member", ["action", "device"])
def test_what_the_log_keeps_of_an_action_is_no_member_of_a_body(sim: Sim, member: str) -> None:
    for value in ("online", "SIM1", ""):
        answer = sim.api("POST", "devices/SIM1/online", {member: value})
        assert answer.status == 422, value
        assert answer.message["error"]["hint"] == "members: order, pace, announce_users"


def test_a_wrong_element_of_a_list_is_named_with_its_place(sim: Sim) -> None:
    answer = sim.api("POST", "devices", [{"id": "A1"}, {"id": "A2", "modle": "i34"}])
    assert (answer.status, answer.message["error"]["code"]) == (422, "invalid_value")
    assert "unknown field `modle` - at `$[1]`" in answer.message["error"]["message"]
    assert len(sim.api("GET", "devices").message["devices"]) == 1


def test_a_template_without_data_has_size_0(sim: Sim) -> None:
    sim.control("put_user", user="9", templates=[{"type": "Card", "data": ""}])
    users = sim.api("GET", "devices/SIM1/users").message["users"]
    assert [user["templates"][0]["size"] for user in users if user["user"] == "9"] == [0]


# --- the menu makes no user that the page cannot have -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"user": "a b"}, "user"),
        ({"user": "x" * 25}, "user"),
        ({"user_type": "King"}, "user_type"),
        ({"order": "lifo"}, "order"),
        ({"templates": [{"type": "Fingerprint", "index": 10}]}, "index"),
        ({"templates": [{"type": "Fingerprint", "index": -1}]}, "index"),
        ({"templates": [{"type": "Face", "data": "%%"}]}, "data"),
    ],
)
def test_a_wrong_value_of_the_menu_is_named_and_changes_nothing(sim: Sim, body: dict[str, Any], named: str) -> None:
    """V3:166 "finger index 0–9", V3:253 "User", V3:1225 "Base64-encoded"; A-DEV-01, A-DEV-03."""
    before = sim.digest()
    answer = sim.api("POST", "devices/SIM1/users", {"user": "1", **body})
    assert (answer.status, answer.message["error"]["message"].split(" = ")[0]) == (422, named)
    assert sim.digest() == before


@pytest.mark.parametrize("kind", ["Fingerprint", "Face"])
def test_a_template_that_is_given_is_told_with_its_own_size(sim: Sim, kind: str) -> None:
    """V3:321 "Size = byte length, Data = Base64 binary", V3:1225."""
    given = b64encode(bytes(range(200))).decode()
    sim.api("POST", "devices/SIM1/users", {"user": "1", "templates": [{"type": kind, "index": 2, "data": given}]})
    sim.idle()
    (frame,) = sim.receiver.frames("UserUpdated")
    (told,) = frame["Template"]
    assert (told["Size"], told["Index"], told["Data"]) == ("200", "2", given)


def test_a_sample_of_the_page_is_told_as_it_is_printed(sim: Sim) -> None:
    sample = "SjNTUzIxAAADcHcECAUHCc7Q..."
    template = {"type": "Fingerprint", "data": sample}
    answer = sim.api("POST", "devices/SIM1/users", {"user": "1", "templates": [template]})
    sim.idle()
    (frame,) = sim.receiver.frames("UserUpdated")
    assert (answer.status, frame["Template"][0]["Data"]) == (200, sample)


def test_a_user_type_is_told_in_the_spelling_of_the_page(sim: Sim) -> None:
    """V3:253 "UserType": "User"; A-DEV-03."""
    sim.api("POST", "devices/SIM1/users", {"user": "1", "user_type": "ADMIN"})
    sim.api("POST", "devices", {"id": "SIM2", "users": [{"id": "5", "user_type": "admin"}]})
    sim.idle()
    (frame,) = sim.receiver.frames("UserUpdated")
    (user,) = sim.api("GET", "devices/SIM2/users").message["users"]
    assert (frame["UserType"], user["user_type"]) == ("Admin", "Admin")


@pytest.mark.parametrize(
    ("people", "named"),
    [
        ([{"id": ""}], "users[0].id"),
        ([{"id": "a b"}], "users[0].id"),
        ([{"id": "7"}, {"id": "7"}], "users[1].id"),
        ([{"id": "7", "user_type": "King"}], "users[0].user_type"),
    ],
)
def test_people_that_no_device_can_have_make_no_device(sim: Sim, people: list[dict[str, str]], named: str) -> None:
    answer = sim.api("POST", "devices", [{"id": "A1"}, {"id": "A2", "users": people}])
    assert (answer.status, answer.message["error"]["message"].split(" = ")[0]) == (422, named)
    assert len(sim.api("GET", "devices").message["devices"]) == 1


def test_a_byte_order_mark_before_an_acknowledgement_is_lint(sim: Sim) -> None:
    """A-CB-03: tolerated with lint."""
    sim.receiver.answer = lambda item: (200, b'\xef\xbb\xbf{"status":"done"}')
    sim.punch("1")
    sim.idle()
    entry = sim.api("GET", "journal?direction=callback").message["entries"][-1]
    assert (entry["verdict"], entry["lint"]) == ("acknowledged", ["a byte order mark before the answer (A-CB-03)"])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"id": "X{:099999999d}"}, "id"),
        ({"id": "X{:9999999d}", "count": 2}, "id"),
        ({"id": "X+1"}, "id"),
        ({"reverify": -1}, "reverify"),
        ({"without_operations": ["Nope"]}, "without_operations"),
        ({"without_operations": ["AddUser"]}, "without_operations"),
        ({"protocol": "v2", "without_operations": ["AddUserWithCard"]}, "without_operations"),
    ],
)
def test_a_description_that_says_nothing_is_refused(sim: Sim, body: dict[str, Any], named: str) -> None:
    """V3:149: the id is a query parameter, where a plus sign is a blank."""
    answer = sim.api("POST", "devices", {**ONE, **body})
    error = answer.message["error"]
    assert (answer.status, error["message"].split(" = ")[0], len(error["message"]) < 200) == (422, named, True)
    assert len(sim.api("GET", "devices").message["devices"]) == 1


@pytest.mark.parametrize("body", [{"reverify_s": -1}, {"without_operations": ["DeleteUser", "Nope"]}])
def test_a_change_that_says_nothing_is_refused(sim: Sim, body: dict[str, Any]) -> None:
    before = sim.api("GET", "devices/SIM1").message
    assert sim.api("PATCH", "devices/SIM1", body).status == 422
    assert sim.api("GET", "devices/SIM1").message == before


def test_every_operation_may_be_left_out_of_a_plan(sim: Sim) -> None:
    v3 = [*(row.name for row in COMMANDS), "LoadUserInfo", "Sync", "AddUser[Password+Face]"]
    body = [
        {"id": "A1", "without_operations": v3},
        {"id": "A2", "protocol": "v2", "without_operations": [*V2_COMMANDS]},
    ]
    assert sim.api("POST", "devices", body).status == 201
