"""docs/scenarios.md: the example runs, the commands exist, every step and assertion is on the page."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import msgspec
import pytest

from camsim.cli.scenario import app
from camsim.scenarios import document
from camsim.scenarios.assertions import Verdict
from camsim.scenarios.steps import Assert
from camsim.standalone import run_alone

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text()


def test_the_example_passes() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    report = asyncio.run(run_alone(document.parse(text)))

    assert report.verdict is Verdict.PASS, report.steps


def test_the_commands_exist() -> None:
    words = set(re.findall(r"^\$ camsim scenario (\w+)", PAGE, re.MULTILINE))

    assert words == {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }


@pytest.mark.parametrize("action", list(document.ACTIONS))
def test_a_step_is_on_the_page(action: str) -> None:
    assert f"`{action}`" in PAGE


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(Assert)])
def test_an_assertion_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE.partition("## Assertions")[2]
