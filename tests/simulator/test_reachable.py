"""fixtures/reachable.json: which codes each operation can answer, and every reachable pair over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from running_sim import KEY, Answer, Sim, device

from camsim import resources
from camsim.control.devices import PersonSpec
from camsim.protocol import cipher
from camsim.protocol.catalogue import COMMANDS
from camsim.protocol.statuses import StatusV3, status_text
from camsim.state.models import Capacity, Model

TABLE = resources.load("fixtures", "reachable.json")
PAIRS: list[dict[str, Any]] = TABLE["pairs"]
REACHABLE = [pair for pair in PAIRS if pair["reachable"]]
SAMPLES = {sample["number"]: sample["request"] for sample in resources.load("fixtures", "vendor", "v3.json")}
Start = Callable[..., Sim]
Message = dict[str, Any]
ADDS = range(14, 29)
FULL = Model("full", "Full", capacity=Capacity(users=1))
OTHER_KEY = "ffffffffffffffffffffffffffffffff"


def _users(number: int) -> list[PersonSpec]:
    """The users the printed request takes for granted."""
    return [] if number in ADDS else [PersonSpec(name) for name in ("1", "3", "20", "User123")]


def _post(start: Start, number: int, message: Message | None = None, *, key: str | None = None, **given: Any) -> Answer:
    spec = given.pop("device", {})
    gate = start(device(**{"users": _users(number), **spec}), **given)
    body = json.dumps(message if message is not None else SAMPLES[number]).encode()
    return gate.post(cipher.encrypt(key, body) if key else body)


def _changed(number: int, *path: str, to: Any = None, without: bool = False) -> Message:
    message: Message = deepcopy(SAMPLES[number])
    place: Any = message
    for step in path[:-1]:
        place = place[step]
    if without:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return message


# Where each operation keeps a value that can be wrong, and a member that must be there.
_VALUES: dict[int, tuple[tuple[str, ...], Any]] = {
    12: (("Load", "PunchLog", "Filter", "StartTime"), "yesterday"),
    33: (("Resend", "PunchLog", "Filter", "EndTime"), "2020-02-30 00:00:00 GMT +0530"),
    29: (("Delete", "User", "UserID"), ""),
    35: (("Enroll", "User", "UserID"), "a b"),
    36: (("Update", "AccessTime", "Start"), "2022-07-12 00:00:00"),
    37: (("Update", "User", "UserID"), "x" * 25),
    38: (("Update", "User", "Access"), "block"),
    **dict.fromkeys(ADDS, (("Add", "User", "UserID"), "")),
}
_SHAPES: dict[int, tuple[str, ...]] = {
    12: ("Load", "PunchLog", "Filter", "EndTime"),
    33: ("Resend", "PunchLog", "Filter"),
    29: ("Delete", "User", "UserID"),
    35: ("Enroll", "User", "Type"),
    36: ("Update", "AccessTime", "End"),
    37: ("Update", "User", "Access"),
    38: ("Update", "User", "UserID"),
    **dict.fromkeys(ADDS, ("Add", "User", "UserID")),
}
_LITERALS = {
    13: ("Load", "DeviceInformation"),
    30: ("Delete", "User"),
    31: ("Delete", "Log"),
    32: ("Delete", "PunchPhoto"),
    34: ("Resend", "User"),
}


def _printed(start: Start, number: int) -> Answer:
    return _post(start, number)


def _value(start: Start, number: int) -> Answer:
    path, wrong = _VALUES[number]
    return _post(start, number, _changed(number, *path, to=wrong))


def _operation_id(start: Start, number: int) -> Answer:
    return _post(start, number, _changed(number, "OperationID", to=17))


def _tag(start: Start, number: int) -> Answer:
    return start().post(json.dumps(SAMPLES[number]).encode(), "stgid=sim1")


def _shape(start: Start, number: int) -> Answer:
    if number in _LITERALS:
        return _post(start, number, _changed(number, *_LITERALS[number], to="all"))
    return _post(start, number, _changed(number, *_SHAPES[number], without=True))


def _wrong_key(start: Start, number: int) -> Answer:
    return _post(start, number, key=OTHER_KEY, device={"security_key": KEY})


def _offline(start: Start, number: int) -> Answer:
    return _post(start, number, device={"online": False}, clock="auto")


def _slow(start: Start, number: int) -> Answer:
    return _post(start, number, clock="auto", knobs={"rest.latency": "10m"})


def _token(start: Start, number: int) -> Answer:
    return _post(start, number, _changed(number, "AuthToken", to="COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKS"))


def _exists(start: Start, number: int) -> Answer:
    return _post(start, number, device={"users": [PersonSpec("100"), PersonSpec("1")]})


def _absent(start: Start, number: int) -> Answer:
    return _post(start, number, device={"users": 0})


def _corrupt(start: Start, number: int) -> Answer:
    message = deepcopy(SAMPLES[number])
    message["Add"]["Template"][-1]["Data"] = "!no template!"
    return _post(start, number, message)


def _full(start: Start, number: int) -> Answer:
    return _post(start, number, device={"model": "full", "users": [PersonSpec("7")]}, models={"full": FULL})


def _plain(start: Start, number: int) -> Answer:
    return _post(start, number, device={"security_key": KEY})


def _mode(start: Start, number: int) -> Answer:
    return _post(start, number, device={"mode": "db-direct"})


def _fault(start: Start, number: int) -> Answer:
    return _post(start, number, faults=[{"where": "rest.request", "do": "code", "with": {"code": 999}}])


RECIPES: dict[str, Callable[[Start, int], Answer]] = {
    "printed": _printed,
    "value": _value,
    "operation_id": _operation_id,
    "tag": _tag,
    "shape": _shape,
    "wrong_key": _wrong_key,
    "offline": _offline,
    "slow": _slow,
    "token": _token,
    "exists": _exists,
    "absent": _absent,
    "corrupt": _corrupt,
    "full": _full,
    "plain": _plain,
    "mode": _mode,
    "fault": _fault,
}


def test_every_pair_of_operation_and_code_is_decided_once() -> None:
    wanted = [(row.number, row.name, int(code)) for row in COMMANDS for code in StatusV3]
    assert [(pair["operation"], pair["name"], pair["code"]) for pair in PAIRS] == wanted


def test_every_pair_says_how_or_why() -> None:
    kinds = {True: "how", False: "why"}
    for pair in PAIRS:
        kind = kinds[pair["reachable"]]
        assert set(pair) == {"operation", "name", "code", "reachable", kind}
        assert TABLE[kind][pair[kind]]


def test_every_way_and_every_reason_is_used() -> None:
    assert {pair["how"] for pair in REACHABLE} == set(TABLE["how"]) == set(RECIPES)
    assert {pair["why"] for pair in PAIRS if not pair["reachable"]} == set(TABLE["why"])


def _id(pair: dict[str, Any]) -> str:
    return f"{pair['operation']}-{pair['code']}"


@pytest.mark.parametrize("pair", REACHABLE, ids=_id)
def test_a_reachable_code_is_answered_over_http(start_sim: Start, pair: dict[str, Any]) -> None:
    answer = RECIPES[pair["how"]](start_sim, pair["operation"])
    message = answer.message
    assert answer.status == 200
    assert message["Status"] == status_text(pair["code"])
    if (pair["operation"], pair["code"]) == (12, 0):
        assert "StatusCode" not in message  # as printed (A-REST-26)
    else:
        assert message["StatusCode"] == pair["code"]


# The unreachable pairs: the same provocation does not bring the code about.
_PROVOKE: dict[int, Callable[[Start, int], Answer]] = {8: _exists, 9: _absent, 11: _full}


UNREACHABLE = [pair for pair in PAIRS if not pair["reachable"]]


@pytest.mark.parametrize("pair", [pair for pair in UNREACHABLE if pair["code"] in _PROVOKE], ids=_id)
def test_what_brings_a_code_about_elsewhere_does_not_here(start_sim: Start, pair: dict[str, Any]) -> None:
    assert _PROVOKE[pair["code"]](start_sim, pair["operation"]).message.get("StatusCode") != pair["code"]


@pytest.mark.parametrize("number", [pair["operation"] for pair in UNREACHABLE if pair["code"] == 10])
def test_an_operation_whose_10_is_unreachable_carries_no_template(number: int) -> None:
    assert "Template" not in json.dumps(SAMPLES[number])
