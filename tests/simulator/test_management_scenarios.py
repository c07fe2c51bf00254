"""The scenario calls of the control API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from running_sim import Sim

from camsim.scenarios import document as scenarios


@pytest.fixture
def empty(start_sim: Callable[..., Sim]) -> Sim:
    sim = start_sim()
    sim.control("remove_device", "SIM1")
    return sim


def test_the_library_is_listed(empty: Sim) -> None:
    listed = empty.api("GET", "scenarios/library").message["scenarios"]

    assert [item["name"] for item in listed] == list(scenarios.library())


def test_a_run_by_name_answers_its_report(empty: Sim) -> None:
    report = empty.api("POST", "scenarios", {"name": "lost-acks"}).message

    assert (report["verdict"], report["state"]) == ("PASS", "done")


def test_a_scenario_of_ones_own_can_be_sent(empty: Sim) -> None:
    steps = [{"devices": {"id": "A", "users": 1}}, {"assert": {"ledger": {"punches": 1}}}]
    document = {"schemaVersion": 1, "name": "own", "teaches": "x", "steps": steps}

    report = empty.api("POST", "scenarios", {"scenario": document}).message

    assert report["verdict"] == "FAIL"


def test_a_run_can_be_read_later_by_its_id(empty: Sim) -> None:
    started = empty.api("POST", "scenarios", {"name": "lost-acks", "wait": False})
    number = started.message["id"]
    empty.api("POST", "scenarios", {"name": "burst-pacing"})  # runs are one at a time: the first one is done then

    report = empty.api("GET", f"scenarios/{number}").message

    assert started.status == 202
    assert (report["state"], report["verdict"]) == ("done", "PASS")


def test_an_invalid_scenario_is_422_and_names_the_step(empty: Sim) -> None:
    document = {"schemaVersion": 1, "name": "own", "teaches": "x", "steps": [{"frob": 1}]}

    answer = empty.api("POST", "scenarios", {"scenario": document})

    assert answer.status == 422
    assert answer.message["error"]["message"].startswith("step 1: frob is not allowed")


@pytest.mark.parametrize("body", [{"name": "nope"}, {}])
def test_an_unknown_name_is_404(empty: Sim, body: dict[str, object]) -> None:
    assert empty.api("POST", "scenarios", body).status == 404


def test_a_name_that_is_no_text_is_said(empty: Sim) -> None:
    answer = empty.api("POST", "scenarios", {"name": ["x"]})

    assert answer.status == 422
    assert "$.name" in answer.message["error"]["message"]


def test_an_unknown_run_is_404(empty: Sim) -> None:
    assert empty.api("GET", "scenarios/4711").status == 404
