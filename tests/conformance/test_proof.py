"""The proof in its reduced form, one seed: `make proof` runs twenty with every requirement asked for, hundreds of
generated receivers, and all named mutants over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from random import Random

import pytest

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import Kind
from camsim_conformance.mutants import BENIGN, MUTANTS
from camsim_conformance.proof import benign_population, population
from camsim_conformance.proof.mutation import RIGHTLY, run_direct, run_http
from camsim_conformance.proof.population import Population
from camsim_conformance.proof.populations import agree
from camsim_conformance.proof.run import Report, Task, needs_http, run, run_called, tasks
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Evidence
from camsim_conformance.verdict.result import Grade

SEED = 7
PARTS = 2
TOGETHER = 3  # more would make our own loop late, and what is late then is no finding
GENERATED = 8  # of each population; hundreds in `make proof`
ALL = list(tasks([SEED], tuple(Protocol)))
KILLED = [task for task in ALL if task.variant and task.name in MUTANTS]
HARMLESS = [task for task in ALL if task.variant and task.name in BENIGN]
REFERENCES = [task for task in ALL if not task.variant]


@cache
def drawn() -> Population:
    """A few faulty receivers; made when a test wants them."""
    return population.population(GENERATED, SEED)


def reports(some: list[Task], deadline_s: float = 2.0) -> list[Report]:
    """The reports of tasks, several at once: most of their time is waiting."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(partial(run, settle_s=0.4, deadline_s=deadline_s), some))


def problems(some: list[Report]) -> list[str]:
    return [f"{row.task.name}: {row.problem()} {row.details[:3]}" for row in some if row.problem()]


# By the beginning of a name: what has to be sent too, where a fault shows in other cases than those that provoke it.
SENT_TOO = {
    "temperature-": "CB-PUNCH-004",
    "quote-moves-punches": "CB-SEC-001",
    "v2-quote-moves-punches": "V2-ROB-001",
}


def of_must(some: list[Task]) -> list[Task]:
    """The same, asked for what each was built for alone."""
    found = []
    for task in some:
        too = {asked for start, asked in SENT_TOO.items() if task.name.startswith(start)}
        found.append(replace(task, globs=tuple(sorted(MUTANTS[task.name].must | too))))
    return found


CALLED = [task for task in KILLED if not needs_http(task)]
SENT = [task for task in KILLED if needs_http(task)]


@pytest.mark.parametrize("part", range(PARTS))
def test_mutants_die_by_the_requirements_they_were_built_for(part: int) -> None:
    # Every thirteenth of them; all, and over HTTP, in `make proof`.
    assert problems([run_called(task) for task in of_must(CALLED[::20][part::PARTS])]) == []


@pytest.mark.slow
def test_mutants_whose_fault_is_one_of_http_die_over_http() -> None:
    some = [*SENT[::14], *Random(SEED).sample(CALLED, TOGETHER)]
    assert problems(reports(of_must(some), deadline_s=1.0)) == []


@pytest.mark.slow
@pytest.mark.parametrize("task", REFERENCES[::5], ids=lambda task: f"{task.name}-{task.protocol}-{task.encrypted}")
def test_both_references_are_grade_state_without_a_finding(task: Task) -> None:
    report = run(task)
    assert (report.failed, report.grade, report.void) == (frozenset(), Grade.STATE, None), report.details


@pytest.mark.slow
def test_no_benign_variant_is_failed() -> None:
    assert problems(reports([task for task in HARMLESS if needs_http(task)][::8])) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_faulty_receivers_are_killed_and_rightly_named(part: int) -> None:
    shown = [run_direct(mutation) for mutation in drawn().mutations[part::PARTS]]
    assert [(one.mutation.text, one.exit.name, one.void) for one in shown if not one.killed] == []
    missed = [(one.mutation.text, one.causes) for one in shown if one.named not in RIGHTLY]
    assert missed == []


def test_a_faulty_receiver_is_judged_alike_over_http() -> None:
    # The first fault of three values: the rarest condition.
    mutation = next(one for one in drawn().mutations if one.fault.factors == 3)
    direct, http = run_direct(mutation), run_http(mutation)
    assert agree(direct, http), (mutation.text, direct.causes, http.causes)


def test_what_cannot_show_is_left_out_by_a_rule_that_is_told() -> None:
    assert drawn().left_out.total() > 0
    again = population.population(GENERATED, SEED)
    assert [one.text for one in again.mutations] == [one.text for one in drawn().mutations]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_right_receivers_are_never_accused(part: int) -> None:
    some = benign_population.population(GENERATED, SEED)[part::PARTS]
    spared = [benign_population.run(right) for right in some]
    assert [(one.right.text, one.accused) for one in spared if one.accused] == []


ROWS = by_id()
SEEN = [task for task in KILLED if all(ROWS[name].evidence == {Evidence.ANSWER} for name in MUTANTS[task.name].must)]
UNSEEN = [
    task for task in KILLED if all(Evidence.ANSWER not in ROWS[name].evidence for name in MUTANTS[task.name].must)
]


@pytest.mark.slow
def test_without_read_back_faults_of_the_answer_are_caught() -> None:
    some = [replace(task, readback=False, globs=tuple(MUTANTS[task.name].must)) for task in SEEN[::20]]
    assert problems(reports(some)) == []


@pytest.mark.slow
def test_without_read_back_faults_of_the_store_are_not_seen_and_nobody_says_so() -> None:
    some = [replace(task, readback=False, globs=tuple(MUTANTS[task.name].must)) for task in UNSEEN[::24]]
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
