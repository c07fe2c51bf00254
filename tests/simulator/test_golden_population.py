"""What a seed gives with the constrained versions of faker and Pillow, byte for byte."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from camsim import resources
from camsim.synthetic.versions import versions

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_golden_population.py"
CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
GOLDEN: dict[str, Any] = resources.load("fixtures", "golden", "population.json")


def test_the_golden_population_is_that_of_the_constrained_versions() -> None:
    constrained = dict(line.lower().split("==") for line in CONSTRAINTS.read_text().splitlines() if "==" in line)

    assert {name: constrained[name] for name in GOLDEN["versions"]} == GOLDEN["versions"]


def test_a_seed_gives_the_golden_population() -> None:
    installed = versions()
    other = {name: installed[name] for name, version in GOLDEN["versions"].items() if installed[name] != version}
    if other:
        pytest.skip(f"installed are {other}, golden is {GOLDEN['versions']}: the bytes of a seed may differ")

    assert runpy.run_path(str(SCRIPT))["population"]() == GOLDEN
