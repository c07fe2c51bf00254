"""The order of checks (A-REST-10): of two things that are wrong, the earlier one is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, TOKEN, Sim, device

from camsim.control.devices import PersonSpec
from camsim.protocol import cipher
from camsim.state.models import Capacity, Model

Start = Callable[..., Sim]
GOOD: dict[str, Any] = {"Delete": {"User": {"UserID": "1"}}, "OperationID": "o", "AuthToken": TOKEN}
EXPIRED = {"licence_end": "2020-01-01 00:00:00"}
TINY = Model("tiny", "Tiny", templates=frozenset(), capacity=Capacity(users=1))
FULL = Model("full", "Full", capacity=Capacity(users=1))


def _add(user: str, **template: str) -> dict[str, Any]:
    return {**_without("Delete"), "Add": {"User": {"UserID": user}, "Template": [{"UserID": user, **template}]}}


def _without(*keys: str, **more: Any) -> dict[str, Any]:
    return {**{key: value for key, value in GOOD.items() if key not in keys}, **more}


CORRUPT = {"Type": "Card", "Data": "no digits"}
CASES: list[tuple[str, dict[str, Any], Any, int]] = [
    # what is wrong, the device, the message (or bytes), the code
    ("licence before encryption mode", {**EXPIRED, "security_key": KEY}, GOOD, 2),
    ("encryption mode before JSON", {"security_key": KEY}, b"{no json", 13),
    ("decryption before JSON", {"security_key": KEY}, cipher.encrypt(KEY[::-1], b"no json"), 4),
    ("JSON before token", {"security_key": KEY}, cipher.encrypt(KEY, b"no json"), 1),
    ("token before shape", {}, _without("Delete", AuthToken="x"), 7),
    ("token before OperationID", {}, _without("OperationID", AuthToken="x"), 7),
    ("missing OperationID before values", {}, _without("OperationID", Delete={"User": {"UserID": ""}}), 3),
    ("shape before the value of OperationID", {}, _without("Delete", OperationID=5, Delete={"User": {}}), 3),
    ("shape before values", {}, _without("Delete", Load={"PunchLog": {"Filter": {"StartTime": "never"}}}), 3),
    ("values before mode", {"mode": "db-direct"}, _without(Delete={"User": {"UserID": ""}}), 1),
    ("values before plan", {"without_operations": ["DeleteUser"]}, _without(Delete={"User": {"UserID": ""}}), 1),
    ("mode before offline", {"mode": "db-direct", "online": False}, GOOD, 15),
    ("model before offline", {"model": "tiny", "online": False}, _add("9", Type="Card", Data="1"), 15),
    ("model before content", {"model": "tiny"}, _add("9", **CORRUPT), 15),
    ("offline before the device's own answers", {"online": False}, _add("1", Type="Card", Data="1"), 5),
    ("a user who exists before content", {}, _add("1", **CORRUPT), 8),
    ("content before memory", {"model": "full"}, _add("9", **CORRUPT), 10),
]


@pytest.mark.parametrize(("spec", "message", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_earlier_check_answers(start_sim: Start, spec: dict[str, Any], message: Any, code: int) -> None:
    models = {"tiny": TINY, "full": FULL}
    sim = start_sim(device(**{"users": [PersonSpec("1")], **spec}), models=models, clock="auto")
    answer = sim.post(message if isinstance(message, bytes) else json.dumps(message).encode())
    body = answer.body if answer.body[:1] == b"{" else cipher.decrypt(KEY, answer.body)
    assert json.loads(body)["StatusCode"] == code


def test_the_tag_comes_before_everything(sim: Sim) -> None:
    assert sim.post(b"no json", "stgid=nobody").code == 2


def test_strict_refuses_another_content_type(start_sim: Start) -> None:
    sim = start_sim(profile="strict")
    body = json.dumps({**GOOD, "Time": "2020-09-17 11:09:09 GMT +0530"}).encode()
    assert sim.post(body, Content_Type="text/plain").code == 1


def test_device_information_can_be_answered_from_the_cache_of_an_offline_device(start_sim: Start) -> None:
    sim = start_sim(device(online=False), knobs={"devinfo.offline": "cached"})
    assert sim.rest({"Load": {"DeviceInformation": "All"}}).code == 0


def test_a_refusal_names_the_operation_that_was_recognised(sim: Sim) -> None:
    sim.rest({"Delete": {"User": {"UserID": ""}}})
    assert sim.api("GET", "journal").message["entries"][-1]["operation"] == "DeleteUser"
