"""docs/anomalies.md: every example runs and passes, what it names exists, nothing of the library is missing."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from camsim.control.routes import ROUTES
from camsim.knobs import register
from camsim.scenarios import document
from camsim.scenarios.assertions import Verdict
from camsim.standalone import run_alone
from camsim.state.faults import DOES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "anomalies.md").read_text()
EXAMPLES = dict(re.findall(r"### (\S+)\n.*?```yaml\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_anomalies_page", ROOT / "scripts" / "make_anomalies_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_one_the_library_gives(generator: ModuleType) -> None:
    assert generator.page() == PAGE, "run scripts/make_anomalies_page.py"


def test_every_scenario_of_the_library_is_on_the_page() -> None:
    assert set(EXAMPLES) == set(document.library())


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_of_the_page_runs_and_passes(name: str) -> None:
    report = asyncio.run(run_alone(document.parse(EXAMPLES[name], name)))

    assert report.verdict is Verdict.PASS, [step for step in report.steps if step.verdict is not Verdict.PASS]


def test_every_knob_and_fault_the_page_names_exists(generator: ModuleType) -> None:
    rows = [row for _, rows in generator.ROWS for row in rows]

    assert {knob for _, knob, *_ in rows if knob} <= set(register.specs())
    for fault in {row[2] for row in rows if row[2]}:
        where, _, do = fault.partition(":")
        assert do in DOES[where]


def test_every_call_the_page_names_is_a_route(generator: ModuleType) -> None:
    calls = [
        row[3].partition(",")[0].removeprefix("PATCH ").removeprefix("POST ")
        for _, rows in generator.ROWS
        for row in rows
    ]
    paths = {re.sub(r"/(retry-now|reset)$", "/{what}", path) for path in calls if path}

    assert paths <= {route.path for route in ROUTES}
