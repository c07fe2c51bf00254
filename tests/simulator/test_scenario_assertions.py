"""Assertions of scenarios: what passes, what fails, what cannot be judged."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from camsim.control.records import Carried, Entry, PunchRow
from camsim.scenarios.assertions import Facts, Request, Verdict, judge, overall
from camsim.scenarios.matching import counts, has
from camsim.scenarios.steps import Assert, Range

PASS, FAIL, BLOCKED, SKIPPED = Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED, Verdict.SKIPPED


def entry(**given: Any) -> Entry:
    body = {"RealTime": {"PunchLog": {"UserId": "1", "Type": "CheckIn"}}}
    plain = Entry(
        seq=1,
        at=0.0,
        real=0.0,
        device="SIM1",
        device_seq=1,
        direction="callback",
        operation="RealTimePunchLog",
        user="1",
        verdict="acknowledged",
        why="",
        field="",
        status_code=None,
        http=200,
        delivery=1,
        attempt=1,
        took_ms=0.0,
        lint=(),
        faults=(),
        register=(),
        request=Carried(length=2, sha256="", body=body),
        answer=Carried(length=2, sha256="", body={"status": "done"}),
    )
    return msgspec.structs.replace(plain, **given)


def punch(number: int, sequence: int | None, **given: Any) -> PunchRow:
    plain = PunchRow(
        device="SIM1",
        number=number,
        user="1",
        log_time="",
        type="CheckIn",
        sent=1,
        attempts=1,
        first_attempt=None,
        first_sequence=sequence,
        first_ack=None,
        acknowledged=True,
        acks=1,
        cause="",
    )
    return msgspec.structs.replace(plain, **given)


def verdict(facts: Facts, **wanted: Any) -> Verdict:
    (finding,) = judge(msgspec.convert(wanted, Assert), facts)
    return finding.verdict


def test_a_count_is_exact_or_a_range() -> None:
    assert counts(3, 3)
    assert not counts(3, 4)
    assert counts(Range(at_least=2, at_most=4), 4)
    assert not counts(Range(at_least=2), 1)


def test_a_path_holds_a_value_a_pattern_or_nothing() -> None:
    message = {"A": {"B": [{"C": "one two"}]}, "N": 1}

    assert has(message, {"A.B.0.C": "one *", "A.X": None, "N": 1})
    assert not has(message, {"A.B.1.C": "one *"})
    assert not has(message, {"N": True})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"count": 2}, PASS),
        ({"count": 3}, FAIL),
        ({"user": "2", "count": 1}, PASS),
        ({"device": "SIM9"}, FAIL),
        ({"fault": "drop", "count": 0}, PASS),
        ({"has": {"RealTime.PunchLog.Type": "CheckIn"}, "count": 2}, PASS),
    ],
)
def test_delivered_counts_acknowledged_callbacks(wanted: dict[str, Any], expected: Verdict) -> None:
    entries = [entry(), entry(user="2"), entry(verdict="not acknowledged", faults=("callback.answer:drop",))]

    assert verdict(Facts(entries), delivered=wanted) is expected


def test_attempted_counts_failures_too() -> None:
    entries = [entry(), entry(verdict="not acknowledged")]

    assert verdict(Facts(entries), attempted={"count": 2}) is PASS


def test_never_fails_on_a_single_attempt() -> None:
    assert verdict(Facts([entry(verdict="not acknowledged")]), never={"operation": "RealTimePunchLog"}) is FAIL
    assert verdict(Facts([entry()]), never={"operation": "ManuallyUserDeleted"}) is PASS


def test_a_journal_that_dropped_entries_cannot_be_judged() -> None:
    assert verdict(Facts([entry()], dropped=1), delivered={"count": 1}) is BLOCKED
    assert verdict(Facts([], dropped=1), never={}) is BLOCKED


@pytest.mark.parametrize(
    ("sequences", "shape"), [([1, 2, 3], "fifo"), ([3, 2, 1], "lifo"), ([2, 3, 1], "mixed"), ([1, None, None], "")]
)
def test_the_order_of_punches_has_a_shape(sequences: list[int | None], shape: str) -> None:
    facts = Facts(punches=[punch(number, sequence) for number, sequence in enumerate(sequences, 1)])

    for how in ("fifo", "lifo", "mixed"):
        assert verdict(facts, order={"how": how}) is (PASS if how == shape else FAIL)


def test_an_order_can_be_told_by_operations_of_first_attempts() -> None:
    facts = Facts([entry(operation="A"), entry(operation="A", attempt=2), entry(operation="B")])

    assert verdict(facts, order={"operations": ["A", "B"]}) is PASS
    assert verdict(facts, order={"operations": ["B", "A"]}) is FAIL


def test_the_ledger_is_judged_by_counts_and_causes() -> None:
    rows = [punch(1, 1), punch(2, None, cause="queue reset", acknowledged=False)]
    names = ("punches", "acknowledged", "waiting", "lost", "attempts", "redelivered", "reordered")
    facts = Facts(punches=rows, summary=dict(zip(names, (2, 1, 0, 1, 1, 0, 0), strict=True)))

    assert verdict(facts, ledger={"punches": 2, "lost": 1, "causes": {"queue reset": 1}}) is PASS
    assert verdict(facts, ledger={"all_acknowledged": True}) is FAIL
    assert verdict(facts, ledger={"causes": {}}) is FAIL


def test_an_answer_without_a_rest_step_is_blocked() -> None:
    assert verdict(Facts(), answer={"code": 0}) is BLOCKED


def test_an_answer_is_judged_by_code_and_members() -> None:
    facts = Facts(answer={"code": 0, "http": 200, "closed": False, "message": {"Status": "done"}})

    assert verdict(facts, answer={"code": 0, "has": {"Status": "done"}}) is PASS
    assert verdict(facts, answer={"code": 9}) is FAIL


def test_what_a_receiver_of_yours_got_is_not_judged() -> None:
    assert verdict(Facts(received=None), received={"count": 1}) is SKIPPED


def test_received_tells_requests_and_different_bodies() -> None:
    request = Request("/callback", "stgid=A", "application/json", b"{}", {}, True)

    assert verdict(Facts(received=[request, request]), received={"count": 2, "unique": 1, "query": "stgid=*"}) is PASS
    assert verdict(Facts(received=[request, request]), received={"count": 1}) is FAIL


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [([PASS, FAIL, BLOCKED], FAIL), ([PASS, BLOCKED], BLOCKED), ([PASS, SKIPPED], PASS), ([SKIPPED], SKIPPED)],
)
def test_fail_outweighs_blocked_outweighs_pass(verdicts: list[Verdict], expected: Verdict) -> None:
    assert overall(verdicts) is expected
