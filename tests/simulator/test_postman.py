"""The exported Postman collection: folders, a test of every answer, and green from top to bottom, twice in a row.

`make newman` runs it with newman; here the same requests are sent by a runner that knows the few forms its tests have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from running_sim import TOKEN, Answer, Sim

from camsim.cli import postman
from camsim.protocol.catalogue import CALLBACKS, COMMANDS

_VARIABLE = re.compile(r"{{(\w+)}}")
_TEST = re.compile(r'pm\.test\((".*?"), \(\) => (.*)\);')
_EQUAL = re.compile(r"pm\.expect\(answer\.([\w.]+)\)\.to\.eql\((.*)\)")
_KEYS = re.compile(r"pm\.expect\(answer\.(\w+)\)\.to\.include\.all\.keys\((.*)\)")


@dataclass
class Newman:
    """Sends the requests of a collection in order and judges the answers by the collection's own tests."""

    sim: Sim
    variables: dict[str, str]
    passed: int = 0
    failed: list[str] = field(default_factory=list)

    def run(self, collection: Any) -> None:
        """One run from top to bottom."""
        defaults = {one["key"]: one["value"] for one in collection["variable"]}
        for number, item in enumerate(leaves(collection["item"])):
            known = {**defaults, **self.variables, "operation_id": f"op-{number}"}
            answer = self._send(item["request"], known)
            for name, expectation in checks_of(item):
                if holds(expectation, answer, known):
                    self.passed += 1
                else:
                    self.failed.append(f"{item['name']}: {name}: {answer.body.decode()[:80]}")

    def _send(self, request: Any, known: dict[str, str]) -> Answer:
        def filled(text: str) -> str:
            return _VARIABLE.sub(lambda found: known[found[1]], text)

        heads = {one["key"]: one["value"] for one in request["header"]}
        url, body = filled(request["url"]["raw"]), filled(request["body"]["raw"]).encode()
        return self.sim.loop.run(self.sim.fetch(request["method"], url, body, heads))


def leaves(items: Any) -> Iterator[Any]:
    """Every request, in the order in which a runner sends them."""
    for item in items:
        if "item" in item:
            yield from leaves(item["item"])
        else:
            yield item


def checks_of(item: Any) -> list[tuple[str, str]]:
    """Name and expectation of each pm.test of a request."""
    (script,) = [event["script"]["exec"] for event in item["event"] if event["listen"] == "test"]
    assert script[0] == "const answer = pm.response.json();"
    found = []
    for line in script[1:]:
        test = _TEST.fullmatch(line)
        assert test is not None, line
        found.append((json.loads(test[1]), test[2]))
    return found


def holds(expectation: str, answer: Answer, known: dict[str, str]) -> bool:
    """Whether an answer is as expected; a form that is not known here fails the test that asks."""
    if expectation == "pm.response.to.have.status(200)":
        return answer.status == 200
    if expectation == "pm.expect([undefined, 0]).to.include(answer.StatusCode)":
        return answer.message.get("StatusCode", 0) == 0
    if expectation == 'pm.expect(answer.PunchLog.Log).to.be.an("array")':
        return isinstance(answer.message.get("PunchLog", {}).get("Log"), list)
    keys = _KEYS.fullmatch(expectation)
    if keys is not None:
        return set(json.loads(keys[2])) <= set(answer.message.get(keys[1], ()))
    equal = _EQUAL.fullmatch(expectation)
    assert equal is not None, expectation
    return member(answer.message, equal[1]) == wanted(equal[2], answer, known)


def wanted(text: str, answer: Answer, known: dict[str, str]) -> object:
    """What an expression of a test stands for."""
    if text == 'pm.variables.get("operation_id")':
        return known["operation_id"]
    if text == "String(answer.PunchLog.Log.length)":
        return str(len(answer.message.get("PunchLog", {}).get("Log", ())))
    return json.loads(text)


def member(message: Any, path: str) -> object:
    """`PunchLog.ReturnRowCount` of a message."""
    for part in path.split("."):
        message = message.get(part, {})
    return message


@pytest.fixture
def newman(sim: Sim) -> Newman:
    """A runner whose variables name the running simulator."""
    sim.clock("auto")  # a finger that nobody puts on the sensor is waited for
    url = f"{sim.host.gateway_url}/external/api3.0/biometric"
    return Newman(sim, {"base_url": url, "stgid": "SIM1", "auth_token": TOKEN, "callback_url": sim.receiver.url})


def test_every_operation_is_there_once_in_the_folder_of_its_category() -> None:
    collection = postman.collection()
    names = [item["name"] for item in leaves(collection["item"])]
    assert sorted(names) == sorted(f"#{row.number} {row.name}" for row in (*COMMANDS, *CALLBACKS))
    for folder in collection["item"][:-1]:
        roots = {next(iter(json.loads(item["request"]["body"]["raw"]).keys() & set(VERBS))) for item in folder["item"]}
        assert roots == {folder["name"]}, "grouped by category (V3:1471)"
    assert [item["name"] for item in collection["item"][-1]["item"]] == [
        f"#{row.number} {row.name}" for row in CALLBACKS
    ]


VERBS = ("Load", "Add", "Enroll", "Update", "Resend", "Delete")


def test_it_is_green_from_a_fresh_device_twice_in_a_row(newman: Newman, sim: Sim) -> None:
    collection = postman.collection()
    for turn in (1, 2):
        newman.run(collection)
        assert newman.failed == [], turn
        assert len(sim.slot().device.users) == 0, "whoever was added is gone at the end"
    assert newman.passed > 2 * 3 * len(COMMANDS)
    posted = [name for name in ("UserDeleted", "DateModified", "Log", "PunchLog") if sim.receiver.frames(name)]
    assert posted == ["UserDeleted", "DateModified", "Log", "PunchLog"], "callbacks go to callback_url (V3:1493)"


def test_a_wrong_token_and_a_receiver_that_does_not_acknowledge_are_red(newman: Newman, sim: Sim) -> None:
    newman.variables["auth_token"] = "another"
    sim.receiver.answer = (200, b'{"status":"ok"}')
    newman.run(postman.collection())
    red = {line.split(":", 1)[0] for line in newman.failed}
    assert len(red) == len(COMMANDS) + len(CALLBACKS)


def test_the_variables_are_those_that_the_page_names() -> None:
    named = [one["key"] for one in postman.collection()["variable"]]
    assert named[:4] == ["base_url", "stgid", "auth_token", "callback_url"]  # V3:1478 to 1480
