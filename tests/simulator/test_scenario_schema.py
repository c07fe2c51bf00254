"""The published schema of scenarios says what the program accepts."""

from __future__ import annotations

import jsonschema_rs
import pytest
import yaml

from camsim import resources
from camsim.scenarios import document, schema


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(resources.load("schemas", "scenario.schema.json"))


def test_the_published_schema_is_the_one_the_types_give() -> None:
    published = resources.path("schemas", "scenario.schema.json").read_bytes()

    assert published == schema.encoded(), "run scripts/make_scenario_schema.py"


@pytest.mark.parametrize("name", sorted(file.name for file in resources.path("fixtures", "scenarios").glob("*.yaml")))
def test_a_library_scenario_is_valid_against_the_schema(
    validator: jsonschema_rs.Draft202012Validator, name: str
) -> None:
    validator.validate(yaml.safe_load(resources.path("fixtures", "scenarios", name).read_bytes()))


@pytest.mark.parametrize(
    "step",
    [{"frob": 1}, {"punches": {"usr": "1"}}, {"uplink": "sideways"}, {"run_until_idle": False}, {"rest": {}}, {}],
)
def test_a_step_the_program_refuses_is_invalid_in_the_schema(
    validator: jsonschema_rs.Draft202012Validator, step: dict[str, object]
) -> None:
    assert not validator.is_valid({"schemaVersion": 1, "name": "a", "teaches": "b", "steps": [step]})


def test_every_action_has_a_branch_in_the_schema() -> None:
    branches = schema.schema()["$defs"]["Step"]["oneOf"]

    assert [next(iter(branch["properties"])) for branch in branches] == list(document.ACTIONS)
