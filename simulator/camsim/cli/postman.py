"""A Postman 2.1 collection of v3: folders, an order that is green on a fresh device, and a test of each answer.

Newman runs it from top to bottom, again and again: whoever is added is deleted at the end (`make newman`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from camsim.protocol.catalogue import CALLBACKS, COMMANDS, Operation
from camsim.protocol.facts import Template
from camsim.protocol.operations import Family
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.synthetic import people

from . import samples

Item = dict[str, Any]
_SEED, _PERSON = 1, "99"
_STORED = (TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM, TemplateType.USER_PHOTO)
_UNENROLLED = (
    28  # AddUserWithoutTemplate: "Useful to pre-register before enrolling" (V3:865); the later commands need one
)

# "All 27 RESTful operations appear grouped by category" (V3:1471): a category is the member that a command begins with.
# Within it in the page's order, but for the pairs that only work the other way round.
FOLDERS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("Load", "What the device holds and what it is", (12, 13)),
    ("Add", "Users with every mix of templates, each with a UserID of its own", tuple(range(14, 29))),
    ("Enroll", "A session at the device: a person has to be there", (35,)),
    ("Update", "When a user may come, disabled and enabled again", (36, 38, 37)),
    ("Resend", "Punches and users once more, by callbacks", (33, 34)),
    (
        "Delete",
        "One user, photos, the punch log and, last, every user. Irreversible on a real device",
        (29, 32, 31, 30),
    ),
)


def collection() -> Item:
    """The 27 commands in six folders and the 11 callbacks in a seventh, with the variables of V3:1477 to 1480."""
    folders = [_folder(name, told, numbers) for name, told, numbers in FOLDERS]
    callbacks = [_callback(row) for row in CALLBACKS]
    told = "What the gateway sends, posted to your own callback_url: it must answer done (V3:1493)"
    return {
        "info": {
            "name": "Cams Biometric Gateway, Web API 3.0",
            "description": "Set base_url, stgid and auth_token, for the last folder callback_url; run all in order.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "variable": [
            {"key": "base_url", "value": f"http://127.0.0.1:8124{Protocol.V3.path}"},
            {"key": "stgid", "value": "SIM00001"},
            {"key": "auth_token", "value": ""},
            {"key": "callback_url", "value": "http://127.0.0.1:8123/callback"},
            *({"key": _variable(kind), "value": _synthetic(kind).data} for kind in _STORED),
        ],
        # A test compares the OperationID of the answer with the one sent, so it cannot be drawn in the body.
        "event": [_script("prerequest", ['pm.variables.set("operation_id", pm.variables.replaceIn("{{$guid}}"));'])],
        "item": [*folders, {"name": "Callbacks", "description": told, "item": callbacks}],
    }


def _folder(name: str, told: str, numbers: tuple[int, ...]) -> Item:
    by_number = {row.number: row for row in COMMANDS}
    return {"name": name, "description": told, "item": [_command(by_number[number]) for number in numbers]}


# --- requests ---------------------------------------------------------------------------------------------------------


def _command(row: Operation) -> Item:
    body = {**samples.request(row), "OperationID": "{{operation_id}}", "AuthToken": "{{auth_token}}"}
    url = {
        "raw": "{{base_url}}?stgid={{stgid}}",
        "host": ["{{base_url}}"],
        "query": [{"key": "stgid", "value": "{{stgid}}"}],
    }
    return _item(row, url, _filled(body, _user_of(row)), list(_answer_tests(row)))


def _callback(row: Operation) -> Item:
    sample = samples.request(row)
    frame = {**sample["RealTime"], "OperationID": "{{operation_id}}", "AuthToken": "{{auth_token}}"}
    url = {"raw": "{{callback_url}}", "host": ["{{callback_url}}"]}
    return _item(row, url, _filled({"RealTime": frame}, None), list(_ack_tests()))


def _item(row: Operation, url: Item, body: Any, tests: list[str]) -> Item:
    return {
        "name": f"#{row.number} {row.name}",
        "event": [_script("test", tests)],
        "request": {
            "method": "POST",
            "description": row.purpose,
            "header": [{"key": "Content-Type", "value": "application/json"}],
            "url": url,
            "body": {"mode": "raw", "raw": json.dumps(body, indent=2), "options": {"raw": {"language": "json"}}},
        },
    }


def _user_of(row: Operation) -> str:
    """Who is meant: each command that adds has its own, so that none answers 8; the others mean the last of them."""
    number = row.number if row.family is Family.ADD_USER else _UNENROLLED
    return f"{_PERSON}{number:03d}"


def _filled(value: Any, user: str | None) -> Any:
    """A printed message for that user, with whole templates for those that the page cuts off ("TW9TUzIxAAAE...")."""
    if isinstance(value, list):
        return [_filled(item, user) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Type") in _STORED and "Data" in value:
        value = {**value, **_stored(TemplateType(value["Type"]), "Size" in value)}
    if "LogPhoto" in value:
        value = {**value, "LogPhoto": _reference(TemplateType.USER_PHOTO)}
    if user is not None and "UserID" in value:
        value = {**value, "UserID": user}
    return {key: _filled(item, user) for key, item in value.items()}


def _stored(kind: TemplateType, sized: bool) -> Item:
    size = _synthetic(kind).size
    return {**({"Size": size} if sized and size else {}), "Data": _reference(kind)}


def _synthetic(kind: TemplateType) -> Template:
    return people.template(_SEED, _PERSON, kind, 0, 0)


def _variable(kind: TemplateType) -> str:
    return f"template_{kind.lower()}"


def _reference(kind: TemplateType) -> str:
    """Templates stand once in the collection: written out it would be a megabyte."""
    return f"{{{{{_variable(kind)}}}}}"


# --- tests of answers -------------------------------------------------------------------------------------------------


def _script(listen: str, lines: list[str]) -> Item:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def _test(name: str, expectation: str) -> str:
    return f"pm.test({json.dumps(name)}, () => {expectation});"


def _answer_tests(row: Operation) -> Iterator[str]:
    """A command that the device carried out: what the page prints for it (V3:497 to 1059)."""
    yield from _begun()
    yield _test("Status is done", 'pm.expect(answer.Status).to.eql("done")')
    yield _test("OperationID comes back", 'pm.expect(answer.OperationID).to.eql(pm.variables.get("operation_id"))')
    if row.family is Family.LOAD_LOG:
        # The page prints no StatusCode there (V3:498); live gateways answer one.
        yield _test("StatusCode is 0, or absent", "pm.expect([undefined, 0]).to.include(answer.StatusCode)")
        yield _test("Log is a list", 'pm.expect(answer.PunchLog.Log).to.be.an("array")')
        count = "pm.expect(answer.PunchLog.ReturnRowCount).to.eql(String(answer.PunchLog.Log.length))"
        yield _test("ReturnRowCount counts it", count)
        return
    yield _test("StatusCode is 0", "pm.expect(answer.StatusCode).to.eql(0)")
    if row.family is Family.LOAD_DEVICE_INFORMATION:
        keys = json.dumps(list(samples.response(row)["DeviceInformation"]))
        yield _test("every member is there", f"pm.expect(answer.DeviceInformation).to.include.all.keys({keys})")


def _ack_tests() -> Iterator[str]:
    """'{"status":"done"}' with HTTP 200 (V3:61)."""
    yield from _begun()
    yield _test("status is done", 'pm.expect(answer.status).to.eql("done")')


def _begun() -> Iterator[str]:
    yield "const answer = pm.response.json();"
    yield _test("HTTP 200", "pm.response.to.have.status(200)")
