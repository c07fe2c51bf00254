"""Scenarios as data: what is accepted, and errors that name the step, the key, the value and what is allowed."""

from __future__ import annotations

import json

import pytest

from camsim.scenarios import document
from camsim.scenarios.errors import ScenarioError

HEAD = {"schemaVersion": 1, "name": "mine", "teaches": "Something."}


def parsed(*steps: str) -> document.Scenario:
    text = "schemaVersion: 1\nname: mine\nteaches: Something.\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)
    return document.parse(text)


def test_yaml_and_json_give_the_same_scenario() -> None:
    steps = [{"devices": {"id": "SIM1", "users": 3}}, {"punches": {"user": "1"}}, {"run_until_idle": True}]

    from_json = document.parse(json.dumps({**HEAD, "steps": steps}))

    assert from_json == parsed("devices: {id: SIM1, users: 3}", "punches: {user: '1'}", "run_until_idle: true")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("frob: 1", "step 1: frob is not allowed; allowed: one of devices, online,"),
        ("{advance: 1s, wait: 1s}", "step 1: advance, wait is not allowed; allowed: one of"),
        ("punches: {usr: '2'}", "step 1: punches.usr = '2' is not allowed; allowed: the keys device, user,"),
        ("punches: {type: Foo}", "step 1: punches.type = 'Foo' is not allowed; allowed: CheckIn, CheckOut,"),
        ("punches: {count: 0}", "step 1: punches.count = 0 is not allowed; allowed: a whole number from 1 to 100000"),
        ("punches: {spread: 1h, shift: day}", "step 1: punches = several of spread, shift, at, ago is not allowed"),
        ("advance: soon", "step 1: advance = 'soon' is not allowed; allowed: 15s, 500ms"),
        ("online: {order: up}", "step 1: online.order = 'up' is not allowed; allowed: fifo, lifo, shuffle,"),
        ("uplink: sideways", "step 1: uplink = 'sideways' is not allowed; allowed: down, up"),
        ("receiver: maybe", "step 1: receiver = 'maybe' is not allowed; allowed: done, status, hang, reset, down"),
        ("receiver: {sequence: [done, 99]}", "step 1: receiver.sequence = 99 is not allowed"),
        ("fault: {where: x, do: y}", "step 1: fault.where is not allowed; allowed: 'x' is not one of callback.request"),
        ("config: {knobs: {dup.p: 4}}", "step 1: config.knobs.dup.p = 4 is not allowed; allowed: a number from 0 to 1"),
        ("config: {profile: odd}", "step 1: config.profile = 'odd' is not allowed; allowed: documented, observed"),
        ("rest: {device: SIM1}", "step 1: rest.body is missing"),
        (
            "assert: {delivered: {count: many}}",
            "step 1: assert.delivered.count = 'many' is not allowed; allowed: a whole",
        ),
        ("users: {split: some}", "step 1: users.split = 'some' is not allowed; allowed: per_template, grouped"),
        ("devices: [{id: A, count: x}]", "step 1: devices.0.count = 'x' is not allowed; allowed: a whole number"),
    ],
)
def test_an_error_names_step_key_value_and_what_is_allowed(step: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parsed(step)

    assert str(caught.value).startswith(message)


def test_the_number_of_the_faulty_step_is_told() -> None:
    with pytest.raises(ScenarioError, match=r"^step 2: "):
        parsed("devices: {id: SIM1}", "nothing: true")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schemaVersion": 2}, "scenario: schemaVersion = 2 is not allowed; allowed: 1"),
        ({"name": "No Blanks"}, "scenario: name = 'No Blanks' is not allowed"),
        ({"profile": "odd"}, "scenario: profile = 'odd' is not allowed; allowed: documented, observed"),
        ({"knobs": {"nope": 1}}, "scenario: knobs.nope = 1 is not allowed"),
        ({"steps": []}, "scenario: steps = [] is not allowed; allowed: one step or more"),
        ({"extra": 1}, "scenario: extra = 1 is not allowed; allowed: the keys"),
    ],
)
def test_an_error_of_the_head_names_the_key(change: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        document.build({**HEAD, "steps": [{"advance": 1}], **change})

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("text", ["- just\n- a list", "{", "name: [", "\x00"])
def test_what_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        document.parse(text)


def test_a_scenario_shown_reads_back_as_itself() -> None:
    for scenario in document.library().values():
        assert document.build(document.shown(scenario)) == scenario


def test_the_file_name_of_a_library_scenario_is_its_name() -> None:
    folder = document.resources.path("fixtures", "scenarios")

    assert {file.stem for file in folder.glob("*.yaml")} == set(document.library())


def test_every_library_scenario_says_what_it_teaches_and_asserts_something() -> None:
    for scenario in document.library().values():
        assert len(scenario.teaches) > 30
        assert scenario.teaches.endswith(".")
        assert any(_judges(step) for step in scenario.steps), scenario.name


def _judges(step: document.Step) -> bool:
    return step.action == "assert" or (step.action == "rest" and step.body.expect is not None)
