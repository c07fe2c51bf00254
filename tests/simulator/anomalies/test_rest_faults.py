"""The RESTful side: forced codes, connections that close, answers that are late or no answers."""

from __future__ import annotations

import json

import aiohttp
import pytest
from anomaly import fault
from running_sim import Sim

DELETE = {"Delete": {"User": {"UserID": "3"}}}


@pytest.mark.parametrize("code", [999, 12, 14, 77])
def test_any_code_can_be_forced_and_nothing_is_carried_out(sim: Sim, code: int) -> None:
    fault(sim, "rest.request", "code", when={"next": 1}, options={"code": code})

    assert sim.rest(DELETE).code == code
    assert "3" in sim.slot().device.users


def test_999_is_the_code_forced_when_none_is_named(sim: Sim) -> None:
    fault(sim, "rest.request", "code")

    assert sim.rest(DELETE).code == 999


def test_a_code_forced_on_the_answer_hides_that_it_was_carried_out(sim: Sim) -> None:
    fault(sim, "rest.answer", "code", options={"code": 6}, when={"next": 1})

    assert sim.rest(DELETE).code == 6
    assert sim.rest(DELETE).code == 9


@pytest.mark.parametrize(("where", "left"), [("rest.request", True), ("rest.answer", False)])
def test_a_connection_can_be_closed_before_or_after_execution(sim: Sim, where: str, left: bool) -> None:
    fault(sim, where, "drop", when={"next": 1})

    with pytest.raises(aiohttp.ClientError):
        sim.rest(DELETE)

    assert ("3" in sim.slot().device.users) is left


def test_an_answer_can_break_off_in_the_middle(sim: Sim) -> None:
    fault(sim, "rest.answer", "close", when={"next": 1})

    with pytest.raises(aiohttp.ClientPayloadError):
        sim.rest(DELETE)

    assert "3" not in sim.slot().device.users


def test_an_answer_can_be_garbage(sim: Sim) -> None:
    fault(sim, "rest.answer", "garbage", when={"next": 1})

    with pytest.raises(ValueError, match=r"decode|Expecting"):
        json.loads(sim.rest(DELETE).body)


def test_an_answer_can_have_another_http_status(sim: Sim) -> None:
    fault(sim, "rest.answer", "http", when={"next": 1})

    assert sim.rest(DELETE).status == 502


@pytest.mark.parametrize("where", ["rest.request", "rest.answer"])
def test_an_answer_can_come_late(sim: Sim, where: str) -> None:
    fault(sim, where, "delay", options={"ms": 120})
    answer = sim.rest_later(DELETE)

    with pytest.raises(TimeoutError):
        answer.result(0.05)
    assert answer.result(10).code == 0


def test_a_command_the_device_never_acknowledges_is_6_after_the_window(sim: Sim) -> None:
    fault(sim, "rest.request", "lose_command", when={"next": 1})
    answer = sim.rest_later(DELETE)

    sim.idle()

    assert answer.result(5).code == 6
    assert "3" in sim.slot().device.users
