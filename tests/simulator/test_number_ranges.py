"""Every number that can come in by the control API: refused by name, or taken without harm. The fields are not listed
here but found in the types, so that a new one is attacked as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from running_sim import Sim, device

from camsim.control import routes
from camsim.control.route import Route
from camsim.knobs import register
from camsim.scenarios import document
from camsim.scenarios.errors import ScenarioError
from camsim.state.blocks import whole

HOSTILE = (
    *("9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616"),
    *("-1", "-9223372036854775808", "-9223372036854775809", "-18446744073709551616", "1e308", "-1e308", "1e400"),
    *("-1e400", "9" * 400, "9" * 5000, "0.5", "1e-320", "true", "null", "NaN", "Infinity", "[1]", '"1"', "0"),
)
# The least that each body needs beside the number, device SIM1 being the one that may come to harm.
LEAST: dict[Route[Any], dict[str, Any]] = {
    routes.ADD_DEVICES: {"id": "NEW"},
    routes.PUNCHES: {"user": "1"},
    routes.PUT_USER: {"user": "1"},
    routes.SET_CLOCK: {"mode": "manual"},
    routes.JOURNAL_WAIT: {"timeout": 0},
    routes.RUN_SCENARIO: {"name": "no-such"},
}
FAULT = {"where": "callback.request", "do": "delay", "match": {"device": "SIM1"}}
INNER = {"type": "Card", "id": "77"}  # what templates and people need


def _numbers(kind: Any) -> Iterator[tuple[Any, ...]]:
    """Paths to every number within a type; 0 stands for an item, "*" for a key."""
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        yield ()
    elif isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from _numbers(part)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from ((field.encode_name, *path) for path in _numbers(field.type))
    elif isinstance(kind, inspect.ListType):
        yield from ((0, *path) for path in _numbers(kind.item_type))
    elif isinstance(kind, inspect.TupleType):
        yield from ((0, *path) for path in _numbers(kind.item_types[0]))
    elif isinstance(kind, inspect.DictType):
        yield from (("AttendanceAPI", *path) for path in _numbers(kind.value_type))


def _holding(path: tuple[Any, ...]) -> Any:
    """A value with `"@@"` at the path, and around it what is required there."""
    if not path:
        return "@@"
    inner = _holding(path[1:])
    if isinstance(path[0], int):
        return [{**_required(path[1:]), **inner}] if isinstance(inner, dict) else [inner, 4_000_000_000]
    return {path[0]: inner}


def _required(path: tuple[Any, ...]) -> dict[str, Any]:
    return {"type": "Fingerprint"} if path[:1] in (("index",), ("generation",)) else {"id": "77"}


def _bodies() -> Iterator[tuple[Route[Any], str, str]]:
    """Route, name of the number, and the JSON text with `"@@"` in its place."""
    for route in routes.ROUTES:
        if route.body is None or route.method == "DELETE" or route is routes.ADD_FAULT:
            continue
        kind = inspect.type_info(route.body_type)
        if route.takes_lists:
            kind = next(part for part in kind.types if not isinstance(part, inspect.ListType))
        for path in dict.fromkeys(_numbers(kind)):
            text = json.dumps({**LEAST.get(route, {}), **_holding(path)})
            yield route, ".".join(map(str, path)), text
    for path in (
        ("when", "next"),
        ("when", "every"),
        ("when", "p"),
        ("with", "ms"),
        ("with", "code"),
        ("with", "http"),
    ):
        yield routes.ADD_FAULT, ".".join(path), json.dumps({**FAULT, **_holding(path)})
    yield routes.ADD_FAULT, "between", json.dumps({**FAULT, "when": {"between": ["@@", 4_000_000_000]}})
    yield routes.ADD_FAULT, "copies", json.dumps({**FAULT, "do": "concurrent", "with": {"copies": "@@"}})
    yield routes.ADD_FAULT, "match", json.dumps({**FAULT, "match": {"device": "SIM1", "user": "@@"}})
    for spec in register.specs().values():
        if spec.type != "enum":
            yield routes.PATCH_CONFIG, spec.knob, json.dumps({spec.knob: "@@"})
            yield routes.PATCH_CONFIG, spec.knob, json.dumps({spec.knob: ["@@"]})


BODIES = list(_bodies())


def test_the_walk_finds_the_numbers() -> None:
    found = {(route.path, name) for route, name, _ in BODIES}

    assert {
        ("devices/{stgid}/punches", "temperature"),
        ("devices/{stgid}/punches", "count"),
        ("devices/{stgid}", "reverify_s"),
        ("devices/{stgid}", "services.AttendanceAPI.0"),
        ("devices/{stgid}/users", "templates.0.index"),
        ("devices", "logs"),
        ("clock/advance", "seconds"),
        ("journal/wait", "timeout"),
    } <= found


@pytest.mark.parametrize("part", range(4))
def test_a_hostile_number_is_refused_by_name_or_does_no_harm(start_sim: Any, part: int) -> None:
    sim = start_sim(device("SIM1", users=3), device("SIM2", users=3))
    for route, name, text in BODIES[part::4]:
        path = route.path.format(stgid="SIM1", what="hold")
        for number in HOSTILE:
            answer = sim.api(route.method, path, text.replace('"@@"', number).encode())
            assert answer.status < 300 or 400 <= answer.status < 500, (route.name, name, number[:30], answer.body)
            if answer.status == 422 and route is not routes.RUN_SCENARIO and not name.startswith("between"):
                told = f"{answer.message['error']['message']} {answer.message['error']['hint']}"
                assert name.split(".")[-1].replace("0", "") in told, (route.name, name, number[:30], told)
            if answer.status < 300:
                _check_harm(sim, route, name, number)
        _check_harm(sim, route, name, "…")


def _check_harm(sim: Sim, route: Route[Any], name: str, number: str) -> None:
    where = route.name, name, number[:30]
    msgspec.msgpack.encode(sim.host.runtime.kernel.state, enc_hook=whole)
    assert sim.api("DELETE", "faults").status == 200, where
    assert sim.api("PATCH", "config", {"profile": "documented", "knobs": {"rest.latency": 0}}).status == 200, where
    sim.api("DELETE", "devices/NEW")
    before = len(sim.receiver.received)
    assert sim.api("POST", "devices/SIM2/punches", {"user": "1", "type": "CheckIn"}).message["punches"][0]["recorded"]
    sim.idle()
    assert len(sim.receiver.received) > before, where
    assert sim.api("GET", "devices/SIM2/queue").message["state"] == "idle", where
    for path in ("journal", "ledger", "devices", "config", "clock", "devices/SIM1", "devices/SIM1/logs"):
        assert sim.api("GET", path).status == 200, (where, path)


REST = (
    b'{"Add":{"User":{"UserID":@@,"FirstName":"a"}},',
    b'{"Add":{"User":{"UserID":"9","FirstName":@@}},',
    b'{"Add":{"User":{"UserID":"9"},"Template":[{"Type":"Card","UserID":"9","Data":@@}]},',
    b'{"Add":{"User":{"UserID":"9"},"Template":[{"Type":"Fingerprint","UserID":"9","Index":@@,"Data":"x","Size":@@}]},',
    b'{"Delete":{"User":{"UserID":@@}},',
    b'{"Load":{"PunchLog":{"Filter":{"StartTime":@@,"EndTime":@@,"OffSet":@@}}},',
    b'{"Odd":@@,"Load":"DeviceInformation",',
)


def test_hostile_numbers_of_commands_are_answered_and_shown(start_sim: Any) -> None:
    sim = start_sim(device("SIM1"), device("V2", protocol="v2"))
    token = sim.slot("SIM1").config.auth_token.encode()
    frame = b'"OperationID":"1","AuthToken":"' + token + b'","Time":"2020-09-13 12:26:40 GMT +0000"}'
    for number in HOSTILE:
        raw = number.encode()
        for text in REST:
            assert sim.post(text.replace(b"@@", raw) + frame).status < 500, (text, number)
        for key in (b'"OperationID":"1"', b'"Time":"2020-09-13 12:26:40 GMT +0000"', b'"AuthToken":"' + token + b'"'):
            odd = key.split(b":")[0] + b":" + raw
            assert sim.post(REST[-1].replace(b"@@", b"1") + frame.replace(key, odd)).status < 500, (key, number)
        form = b'{"ServiceTagId":"V2","ApiRequestInfo":{"AuthToken":"%s","Operation":"LoadPunchLog","OperationTime":%s,'
        form += b'"UserId":%s,"OperationReferenceId":%s,"OperationData":{"StartTime":%s,"EndTime":%s,"OffSet":%s}}}'
        body = b"request_data=" + form % (token, raw, raw, raw, raw, raw, raw)
        answer = sim.post(
            body, "", "/external/api2.0/biometric", **{"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert answer.status < 500, number
        assert sim.api("GET", "journal?limit=20").status == 200, number
        msgspec.msgpack.encode(sim.host.runtime.kernel.state, enc_hook=whole)


def test_hostile_answers_of_a_receiver_are_answers(sim: Sim) -> None:
    for number in HOSTILE:
        body = b'{"status":' + number.encode() + b"}"
        sim.receiver.answer = lambda item, body=body: (200, body)
        sim.punch()
        sim.advance(1)
        assert sim.api("GET", "journal").status == 200, number
        assert sim.api("GET", "devices/SIM1/queue").message["state"] == "hold", number
        sim.receiver.answer = (200, b'{"status":"done"}')
        sim.api("POST", "devices/SIM1/queue/retry-now")
        sim.idle()
        assert sim.api("GET", "devices/SIM1/queue").message["state"] == "idle", number


STEPS = (
    *("punches: {count: @@}", "punches: {temperature: @@}", "punches: {at: @@}", "punches: {every: @@}"),
    *("punches: {redetect: @@}", "punches: {ago: @@}", "users: {count: @@}", "users: {first: @@}", "date: {by: @@}"),
    *("date: {drift_ppm: @@}", "date: {to: @@}", "online: {pace: @@}", "devices: {id: A, count: @@}", "wait: @@"),
    *("devices: {id: A, reverify: @@}", "devices: {id: A, users: @@}", "devices: {id: A, logs: @@}", "advance: @@"),
    *(
        "receiver: {status: @@}",
        "receiver: {sequence: [@@]}",
        "rest: {body: x, expect: @@}",
        "config: {knobs: {dup.p: @@}}",
    ),
    *(
        "rest: {body: {Add: @@}}",
        "assert: {answer: {code: @@}}",
        "assert: {ledger: {punches: @@}}",
        "fault: {where: @@}",
    ),
    *(
        "assert: {ledger: {lost: {at_most: @@}}}",
        "assert: {ledger: {causes: {x: @@}}}",
        "config: {set: {reverify_s: @@}}",
    ),
)


@pytest.mark.parametrize("step", STEPS)
def test_a_hostile_number_of_a_scenario_is_an_error_with_its_step_or_can_be_written(step: str) -> None:
    for number in (*HOSTILE, ".inf", "-.inf", ".nan", "0x" + "f" * 10_000, "1:59:59:59:59:59:59:59:59:59"):
        text = f"schemaVersion: 1\nname: x\nteaches: y\nsteps:\n- {step.replace('@@', number)}\n"
        with suppress(ScenarioError):
            msgspec.json.encode(document.shown(document.parse(text)))
