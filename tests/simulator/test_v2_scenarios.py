"""The library's scenarios with v2 devices in them: whatever does not look into a v3 message holds for v2 as well."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import yaml

from camsim import resources
from camsim.scenarios import document as scenarios
from camsim.scenarios.assertions import Verdict
from camsim.standalone import run_alone

# What only v3 has: its message, its commands, its names, its OperationID, its ways to split a user.
OF_V3 = re.compile(
    r"RealTime\.|RealTime:|rest:|UpdatedWith|PunchLog\.|only:|unique: 4}\n      ledger: {punches|^name: split-", re.M
)
LIBRARY = {file.stem: file.read_text() for file in resources.path("fixtures", "scenarios").glob("*.yaml")}
NEUTRAL = sorted(name for name, text in LIBRARY.items() if "v2" not in text and not OF_V3.search(text))


def in_v2(text: str) -> scenarios.Scenario:
    """The scenario with every device speaking v2."""
    document: dict[str, Any] = yaml.safe_load(text)
    for step in document["steps"]:
        made = step.get("devices", [])
        for device in made if isinstance(made, list) else [made]:
            device["protocol"] = "v2"
    return scenarios.build(document)


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_scenario_of_delivery_holds_for_v2_devices(name: str) -> None:
    report = asyncio.run(run_alone(in_v2(LIBRARY[name])))

    assert [step for step in report.steps if step.verdict is not Verdict.PASS] == []


def test_most_anomalies_of_delivery_are_among_them() -> None:
    assert {
        *("offline-weekend", "flapping-link", "lost-acks", "key-rotation", "wrong-key", "duplicate-same-bytes"),
        *("duplicate-concurrent", "duplicate-after-restart", "server-down", "truncated-request", "flush-lifo"),
    } <= set(NEUTRAL)
