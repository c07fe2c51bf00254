"""Every knob of the register and each of its values: the difference that a client or a receiver sees, over HTTP.

A knob, or a value, without a demonstration is a defect of the register: let it act, or take it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import knobs_callbacks  # noqa: F401  they register what they show
import knobs_delivery  # noqa: F401
import knobs_devices  # noqa: F401
import knobs_live  # noqa: F401
import knobs_rest  # noqa: F401
import pytest
from knob_world import DEMONSTRATIONS, Case, World
from running_sim import Loop

from camsim.knobs import register
from camsim.knobs.register import KnobSpec, Value

SPECS = sorted(register.specs().values(), key=lambda spec: spec.knob)
SHOWN = [(knob, value, outcome) for knob, shown in DEMONSTRATIONS.items() for value, outcome in shown.outcomes]


@pytest.fixture(scope="module")
def world(loop: Loop) -> Iterator[World]:
    """One simulator for all demonstrations."""
    world = World(loop)
    yield world
    world.stop()


@pytest.fixture
def closing(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world, whose devices of this test go after it."""
    made: list[Case] = []
    plain = world.case

    def case(*args: Any, **given: Any) -> Case:
        made.append(plain(*args, **given))
        return made[-1]

    monkeypatch.setattr(world, "case", case)
    yield world
    for one in made:
        one.close()


def _needed(spec: KnobSpec) -> set[Value]:
    """Every word of a closed list, and the values of the four profiles."""
    values = [*(spec.allowed or ()), *spec.values.values()]
    return {register.check(spec.knob, value) for value in values}


def _is_closed(spec: KnobSpec) -> bool:
    return spec.type in ("enum", "bool")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.knob)
def test_every_knob_and_each_of_its_values_is_demonstrated(spec: KnobSpec) -> None:
    shown = DEMONSTRATIONS.get(spec.knob)
    assert shown is not None, f"{spec.knob} ({spec.row}) shows no difference to anybody"
    values = [register.check(spec.knob, value) for value, _ in shown.outcomes]
    assert _needed(spec) <= set(values), f"{spec.knob} ({spec.row}): not every value is shown"
    outcomes = [outcome for _, outcome in shown.outcomes]
    if _is_closed(spec):
        assert all(one != other for one, other in combinations(outcomes, 2)), f"{spec.knob}: two values look alike"
    else:
        assert any(one != other for one, other in combinations(outcomes, 2)), f"{spec.knob}: all values look alike"


def test_nothing_is_demonstrated_that_the_register_has_not() -> None:
    assert DEMONSTRATIONS.keys() <= register.specs().keys()


@pytest.mark.parametrize(("knob", "value", "outcome"), SHOWN, ids=[f"{knob}={value}" for knob, value, _ in SHOWN])
def test_a_value_makes_its_difference(closing: World, knob: str, value: Any, outcome: Any) -> None:
    assert DEMONSTRATIONS[knob].run(closing, value) == outcome
