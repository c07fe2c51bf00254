"""The proof in its reduced form, one seed: `make proof` runs twenty with every requirement asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import Kind
from camsim_conformance.mutants import BENIGN, MUTANTS
from camsim_conformance.proof.run import Report, Task, run, tasks
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Evidence
from camsim_conformance.verdict.result import Grade

SEED = 7
PARTS = 8
TOGETHER = 6
ALL = list(tasks([SEED], tuple(Protocol)))
KILLED = [task for task in ALL if task.variant and task.name in MUTANTS]
HARMLESS = [task for task in ALL if task.variant and task.name in BENIGN]
REFERENCES = [task for task in ALL if not task.variant]


def reports(some: list[Task], deadline_s: float = 2.0) -> list[Report]:
    """The reports of tasks, several at once: most of their time is waiting."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(partial(run, settle_s=0.4, deadline_s=deadline_s), some))


def problems(some: list[Report]) -> list[str]:
    return [f"{row.task.name}: {row.problem()} {row.details[:3]}" for row in some if row.problem()]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_mutant_dies_by_the_requirements_it_was_built_for(part: int) -> None:
    some = [replace(task, globs=tuple(MUTANTS[task.name].must)) for task in KILLED[part::PARTS]]
    assert problems(reports(some, deadline_s=1.0)) == []


@pytest.mark.slow
@pytest.mark.parametrize("task", REFERENCES[::2], ids=lambda task: f"{task.name}-{task.protocol}-{task.encrypted}")
def test_both_references_are_grade_state_without_a_finding(task: Task) -> None:
    report = run(task)
    assert (report.failed, report.grade, report.void) == (frozenset(), Grade.STATE, None), report.details


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_benign_variant_is_failed(part: int) -> None:
    assert problems(reports(HARMLESS[part::PARTS][::2])) == []


ROWS = by_id()
SEEN = [task for task in KILLED if all(ROWS[name].evidence == {Evidence.ANSWER} for name in MUTANTS[task.name].must)]
UNSEEN = [
    task for task in KILLED if all(Evidence.ANSWER not in ROWS[name].evidence for name in MUTANTS[task.name].must)
]


@pytest.mark.slow
def test_without_read_back_faults_of_the_answer_are_caught() -> None:
    some = [replace(task, readback=False, globs=tuple(MUTANTS[task.name].must)) for task in SEEN[::6]]
    assert problems(reports(some)) == []


@pytest.mark.slow
def test_without_read_back_faults_of_the_store_are_not_seen_and_nobody_says_so() -> None:
    some = [replace(task, readback=False, globs=tuple(MUTANTS[task.name].must)) for task in UNSEEN[::8]]
    assert [row.task.name for row in reports(some) if row.failed] == []


def test_there_are_enough_mutants_of_both_protocols_and_two_references() -> None:
    by_protocol = {protocol: sum(row.protocol is protocol for row in MUTANTS.values()) for protocol in Protocol}
    assert by_protocol[Protocol.V3] >= 60
    assert by_protocol[Protocol.V2] >= 25
    assert {task.kind for task in REFERENCES} == set(Kind)


def test_a_report_tells_a_survivor_and_an_undeclared_failure() -> None:
    survived = Report(Task("no-dedupe", 1), frozenset(), *_good(), (), 0.0)
    surprising = Report(Task("no-dedupe", 1), MUTANTS["no-dedupe"].must | {"CB-ACK-001"}, *_good(), (), 0.0)
    alarm = Report(Task("pretty-ack", 1), frozenset({"CB-ACK-001"}), *_good(), (), 0.0)
    refused = Report(Task("cipher-cbc", 1), frozenset({"CB-ACK-001"}), *_good(), (), 0.0, refused=True)
    assert "survived" in (survived.problem() or "")
    assert refused.problem() is None  # who acknowledges no punch fails by that alone
    assert "survived" in (replace(refused, failed=frozenset()).problem() or "")
    assert "not declared" in (surprising.problem() or "")
    assert "false alarm" in (alarm.problem() or "")


def _good() -> tuple:
    from camsim_conformance.verdict.result import Outcome

    return Outcome.PASSED, Grade.STATE, None


def test_the_page_says_what_was_run(tmp_path: Path) -> None:
    from camsim_conformance.proof.page import page

    text = page([Report(Task("no-dedupe", 1), MUTANTS["no-dedupe"].must, *_good(), (), 0.0)])
    assert "no-dedupe" in text
    assert "CB-DUP-001" in text
