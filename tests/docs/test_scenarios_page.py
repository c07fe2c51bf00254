"""docs/scenarios.md: the example runs, the commands exist, every step and assertion is on the page."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import msgspec
import pytest

from simulator import scenarios
from simulator.scenario_command import app
from simulator.scenario_judging import Verdict
from simulator.scenario_runner import run_alone
from simulator.scenario_steps import Assert

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text()


def test_the_example_passes() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    report = asyncio.run(run_alone(scenarios.parse(text)))

    assert report.verdict is Verdict.PASS, report.steps


def test_the_commands_exist() -> None:
    words = set(re.findall(r"^\$ camsim scenario (\w+)", PAGE, re.MULTILINE))

    assert words == {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }


@pytest.mark.parametrize("action", list(scenarios.ACTIONS))
def test_a_step_is_on_the_page(action: str) -> None:
    assert f"`{action}`" in PAGE


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(Assert)])
def test_an_assertion_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE.partition("## Assertions")[2]
