"""`camsim demo`: every callback and every operation over real HTTP, nothing lost, exit 0 only if that is true."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from simulator.protocol.catalogue import V3


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    """One run with a handful of people."""
    command = [sys.executable, "-m", "simulator", "demo", "--people", "5", "--seed", "7", "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def told(demo: subprocess.CompletedProcess[str]) -> Mapping[str, Any]:
    """What it printed."""
    result: dict[str, Any] = json.loads(demo.stdout)
    return result


def test_it_passes(demo: subprocess.CompletedProcess[str], told: Mapping[str, Any]) -> None:
    assert (demo.returncode, told["passed"], told["problems"], told["seed"]) == (0, True, [], 7)


def test_every_operation_was_sent_and_answered(told: Mapping[str, Any]) -> None:
    rows = {row["operation"]: row for row in told["operations"]}
    assert {row.name for row in V3} <= set(rows)
    assert [name for name, row in rows.items() if row["acknowledged"] != row["sent"] or not row["sent"]] == []


def test_every_punch_arrived_the_offline_burst_too(told: Mapping[str, Any]) -> None:
    assert told["lost"] == 0
    assert told["punches"] == told["acknowledged"] == told["stored"] > 0
    assert told["offline_burst"] > 0


def test_it_says_nothing_but_the_result(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.stderr == ""
