"""Knobs compiled for use: every knob of the register reaches the policy, with its unit."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from camsim.knobs.policy import DOCUMENTED, compile_policy
from camsim.knobs.register import Profile, resolve, specs
from camsim.state.outbox import PRESETS

# Knobs that are read where they are written, at the edge of the process.
ELSEWHERE: frozenset[str] = frozenset()


def _other(name: str) -> Any:
    """A value that differs from the documented one."""
    spec, now = specs()[name], resolve().values[name]
    if spec.type in ("enum", "bool"):
        return next(value for value in (spec.allowed or (True, False)) if value != now)
    if spec.type == "duration":
        return "77s"
    if spec.type == "schedule":
        return [7, 9]
    value = spec.maximum if spec.maximum != now else spec.minimum
    return int(value or 0) if spec.type == "int" else value


@pytest.mark.parametrize("name", sorted(set(specs()) - ELSEWHERE))
def test_a_knob_changes_the_policy(name: str) -> None:
    changed = compile_policy(resolve("documented", {name: _other(name)}).values)
    assert dataclasses.asdict(changed) != dataclasses.asdict(DOCUMENTED)


@pytest.mark.parametrize("profile", Profile)
def test_every_profile_compiles(profile: Profile) -> None:
    assert compile_policy(resolve(profile).values).schedule.delay_ms(1) > 0


def test_durations_have_their_units() -> None:
    policy = compile_policy(resolve("documented", {"rest.timeout": "45s", "callback.timeout": "2500ms"}).values)
    assert (policy.rest.window_ms, policy.timeout_s) == (45_000, 2.5)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_schedule_may_be_named(preset: str) -> None:
    policy = compile_policy(resolve("documented", {"retry.schedule": preset}).values)
    assert policy.schedule.steps_s == PRESETS[preset]


def test_a_schedule_may_be_listed() -> None:
    policy = compile_policy(resolve("documented", {"retry.schedule": [1, 2.5]}).values)
    assert [policy.schedule.delay_ms(n) for n in (1, 2, 3)] == [1000, 2500, 2500]


def test_knobs_of_chance_are_faults_of_that_probability() -> None:
    policy = compile_policy(resolve("documented", {"ack.lost": 0.25}).values)
    assert policy.implied_faults == (("callback.answer", "drop", 0.25),)
    assert DOCUMENTED.implied_faults == ()
