"""Scenarios run: the library passes, wrong expectations fail, what cannot be judged is blocked; alone and remotely."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import Sim

from camsim import resources
from camsim.scenarios import document as scenarios
from camsim.scenarios.assertions import Verdict
from camsim.scenarios.runner import Report
from camsim.standalone import run_alone, run_remote

NAMES = sorted(file.stem for file in resources.path("fixtures", "scenarios").glob("*.yaml"))


def alone(*steps: dict[str, Any], callback_url: str | None = None, **head: Any) -> Report:
    document = {"schemaVersion": 1, "name": "mine", "teaches": "Something.", "steps": list(steps), **head}
    return asyncio.run(run_alone(scenarios.build(document), callback_url))


@pytest.mark.parametrize("name", NAMES)
def test_a_library_scenario_passes(name: str) -> None:
    scenario = scenarios.parse(resources.path("fixtures", "scenarios", f"{name}.yaml").read_bytes(), name)

    report = asyncio.run(run_alone(scenario))

    assert (report.verdict, [step for step in report.steps if step.verdict is not Verdict.PASS]) == (Verdict.PASS, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"delivered": {"count": 2}},
        {"never": {"operation": "RealTimePunchLog"}},
        {"ledger": {"punches": 9}},
        {"queue": {"device": "SIM1", "state": "hold"}},
        {"received": {"count": 5}},
        {"order": {"users": ["2"]}},
    ],
)
def test_a_wrong_expectation_fails_and_says_what_is_the_case(wrong: dict[str, Any]) -> None:
    report = alone(
        {"devices": {"id": "SIM1", "users": 2}},
        {"punches": {"user": "1"}},
        {"run_until_idle": True},
        {"assert": wrong},
    )

    assert report.verdict is Verdict.FAIL
    assert report.steps[-1].expected
    assert report.steps[-1].actual


def test_a_fail_does_not_stop_the_run() -> None:
    report = alone({"devices": {"id": "SIM1"}}, {"assert": {"ledger": {"punches": 1}}}, {"advance": "1h"})

    assert [step.verdict for step in report.steps] == [Verdict.PASS, Verdict.FAIL, Verdict.PASS]


def test_a_step_the_simulator_refuses_blocks_and_skips_the_rest() -> None:
    report = alone({"devices": {"id": "SIM1"}}, {"offline": "SIM9"}, {"advance": "1h"})

    assert report.verdict is Verdict.BLOCKED
    assert "no device 'SIM9'" in report.steps[1].actual
    assert report.steps[2].verdict is Verdict.SKIPPED


def test_days_of_retries_take_no_real_time() -> None:
    began = time.perf_counter()

    report = alone(
        {"devices": {"id": "SIM1", "users": 2}},
        {"receiver": "down"},
        {"punches": {"user": "1"}},
        {"advance": "7d"},
        {"assert": {"attempted": {"count": {"at_least": 160}}}},
    )

    assert report.verdict is Verdict.PASS
    assert report.virtual_s == 7 * 86400
    assert time.perf_counter() - began < 10


def test_another_seed_gives_another_order() -> None:
    weekend = scenarios.library()["offline-weekend"]

    orders = {tuple(_order(asyncio.run(run_alone(scenarios.reseeded(weekend, seed))))) for seed in (1, 1, 2)}

    assert len(orders) == 2


def _order(report: Report) -> list[int]:
    return [report.ledger["reordered"], round(report.virtual_s)]


def test_steps_for_the_built_in_receiver_are_skipped_for_a_receiver_of_yours(sim: Sim) -> None:
    report = alone(
        {"devices": {"id": "SIM1", "users": 2}},
        {"receiver": "down"},
        {"punches": {"user": "1"}},
        {"run_until_idle": True},
        {"assert": {"ledger": {"all_acknowledged": True}, "received": {"count": 1}}},
        callback_url=sim.receiver.url,
    )

    assert [step.verdict for step in report.steps].count(Verdict.SKIPPED) == 2
    assert report.verdict is Verdict.PASS
    assert len(sim.receiver.received) == 1


# --- a running simulator ----------------------------------------------------------------------------------------------


def remotely(sim: Sim, name: str, **given: Any) -> Report:
    async def run() -> Report:
        return await run_remote(scenarios.library()[name], sim.host.management_url, None, None, **given)

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["offline-weekend", "key-rotation", "rest-garbage", "poison-event", "server-down"])
def test_a_scenario_passes_in_a_running_simulator(start_sim: Callable[..., Sim], name: str) -> None:
    sim = start_sim(clock="real", start_ms=None)
    sim.control("remove_device", "SIM1")

    report = remotely(sim, name)

    assert [step for step in report.steps if step.verdict is not Verdict.PASS] == []


def test_a_running_simulator_is_left_as_it_was(start_sim: Callable[..., Sim]) -> None:
    sim = start_sim(clock="real", start_ms=None)
    sim.control("remove_device", "SIM1")

    remotely(sim, "lost-acks")

    assert sim.api("GET", "devices").message["devices"] == []
    assert sim.api("GET", "faults").message["faults"] == []
    assert sim.api("GET", "clock").message["mode"] == "real"


def test_what_was_made_stays_when_that_is_wanted(start_sim: Callable[..., Sim]) -> None:
    sim = start_sim()
    sim.control("remove_device", "SIM1")

    remotely(sim, "lost-acks", keep=True)

    assert [row["stgid"] for row in sim.api("GET", "devices").message["devices"]] == ["SIM1"]


def test_a_device_that_exists_already_blocks(sim: Sim) -> None:
    report = remotely(sim, "lost-acks")

    assert report.verdict is Verdict.BLOCKED
    assert "exists already" in report.steps[0].actual


def test_a_restart_is_skipped_in_a_running_simulator(start_sim: Callable[..., Sim]) -> None:
    sim = start_sim(knobs={"callback.timeout": "400ms"})
    sim.control("remove_device", "SIM1")

    report = remotely(sim, "duplicate-after-restart")

    assert [step.verdict for step in report.steps if step.action == "restart"] == [Verdict.SKIPPED]


def test_a_simulator_that_does_not_answer_blocks() -> None:
    async def run() -> Report:
        return await run_remote(scenarios.library()["lost-acks"], "http://127.0.0.1:9", None, None)

    report = asyncio.run(run())

    assert report.verdict is Verdict.BLOCKED
    assert "no simulator answers at http://127.0.0.1:9" in report.steps[0].actual
