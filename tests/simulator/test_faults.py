"""Faults as data: what is accepted, what is refused with key and reason, and draws that others do not disturb."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from camsim.callbacks.payload_faults import Rewriting, rewrite
from camsim.state.faults import DOES, Fault, FaultError, make, present

BY = Rewriting(seed=1, device="A", n=1)
DUPLICATE = {"where": "callback.request", "do": "duplicate"}


@pytest.mark.parametrize("where", DOES)
def test_every_fault_of_the_catalogue_can_be_made(where: str) -> None:
    for do in DOES[where]:
        assert make(1, {"where": where, "do": do}).label == f"{where}:{do}"


@pytest.mark.parametrize(
    ("wanted", "key", "why"),
    [
        ({"where": "nowhere", "do": "drop"}, "where", "is not one of callback.request"),
        ({"where": "callback.answer", "do": "duplicate"}, "do", "is not one of drop, delay"),
        ({**DUPLICATE, "if": 1}, "if", "unknown key; allowed are where, match, when, do, with"),
        ({**DUPLICATE, "match": {"colour": "red"}}, "match.colour", "allowed are device, operation, user"),
        ({**DUPLICATE, "match": []}, None, None),
        ({**DUPLICATE, "match": [1]}, "match", "an object is expected, not list"),
        ({**DUPLICATE, "when": {"next": 0}}, "when.next", "0 is not a whole number from 1"),
        ({**DUPLICATE, "when": {"p": 1.5}}, "when.p", "1.5 is not a probability from 0 to 1"),
        ({**DUPLICATE, "when": {"next": 1, "p": 1}}, "when", "one of next, every, p, between, not several"),
        ({**DUPLICATE, "when": {"between": [1]}}, "when.between", "[1] is not two numbers"),
        ({**DUPLICATE, "with": {"speed": 1}}, "with.speed", "allowed are ms, code, copies, http"),
        ({**DUPLICATE, "with": {"copies": 1}}, "with.copies", "1 is not a number from 2 to 64"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_key_and_reason(
    wanted: dict[str, Any], key: str | None, why: str | None
) -> None:
    if key is None or why is None:
        assert make(1, wanted).match == {}
        return
    with pytest.raises(FaultError) as caught:
        make(1, wanted)
    assert caught.value.key == key
    assert why in str(caught.value)


def strikes(fault: Fault, device: str = "A", times: int = 200) -> list[bool]:
    return [fault.strikes(1, device, "RealTimePunchLog", "1", 0) for _ in range(times)]


def test_a_probability_is_drawn_alike_for_each_device() -> None:
    alone = strikes(make(1, {**DUPLICATE, "when": {"p": 0.5}}))
    among = make(1, {**DUPLICATE, "when": {"p": 0.5}})
    mixed = [(strikes(among, "B", 1), strikes(among, "A", 1)[0])[1] for _ in range(200)]

    assert mixed == alone
    assert 60 < sum(alone) < 140


def test_two_faults_of_the_same_kind_are_drawn_apart() -> None:
    first = make(1, {**DUPLICATE, "when": {"p": 0.5}})
    second = make(2, {**DUPLICATE, "when": {"p": 0.5}}, [first])

    assert strikes(first) != strikes(second)


def test_a_fault_that_never_strikes_leaves_the_draws_of_others_alone() -> None:
    never = make(1, {**DUPLICATE, "when": {"p": 0}})
    alone, beside = make(1, {**DUPLICATE, "when": {"p": 0.5}}), make(2, {**DUPLICATE, "when": {"p": 0.5}}, [never])

    assert not any(strikes(never))
    assert strikes(alone) == strikes(beside)


def test_next_strikes_so_often_in_all() -> None:
    fault = make(1, {**DUPLICATE, "when": {"next": 3}})

    assert sum(strikes(fault, "A", 2) + strikes(fault, "B", 5)) == 3


def test_every_counts_each_device_by_itself() -> None:
    fault = make(1, {**DUPLICATE, "when": {"every": 3}})

    assert strikes(fault, "A", 4) == [False, False, True, False]
    assert strikes(fault, "B", 3) == [False, False, True]


def test_an_operation_matches_its_group_too() -> None:
    fault = make(1, {**DUPLICATE, "match": {"operation": "ManuallyUserUpdated"}})

    assert fault.strikes(1, "A", "ManuallyUserUpdated[Card+Password]", "1", 0)


def test_what_the_api_shows_can_be_given_back() -> None:
    wanted = {**DUPLICATE, "match": {"device": "A"}, "when": {"every": 3}, "with": {"ms": 5}}
    shown = msgspec.to_builtins(present(make(1, wanted)))

    assert make(1, {key: shown[key] for key in ("where", "do", "match", "when", "with")}).key == make(1, wanted).key


@pytest.mark.parametrize("do", ["slow", "truncate", "stgid", "double_stgid", "concurrent", "charset"])
def test_a_fault_of_the_transport_changes_not_one_byte_of_the_message(do: str) -> None:
    body = b'{"RealTime":{"PunchLog":{"Type":"CheckIn"}}}'

    assert rewrite(body, do, BY) is body
