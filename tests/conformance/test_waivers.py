"""Waivers: with a reason, an owner and an end; stale ones fail the run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.target.profile import UsageError
from camsim_conformance.verdict.waivers import Waiver, load, problems

KNOWN = frozenset({"CB-DUP-001", "CB-ORD-001"})
TODAY = date(2026, 11, 22)
GOOD = Waiver("CB-DUP-001", "fixed soon", "payroll", date(2027, 1, 1))


def found(waiver: Waiver, verdict: Verdict = Verdict.FAIL) -> list[str]:
    return problems((waiver,), {"CB-DUP-001": verdict}, KNOWN, TODAY)


def test_a_needed_waiver_is_no_problem() -> None:
    assert found(GOOD) == []
    assert found(GOOD, Verdict.ADVICE) == []


def test_on_its_last_day_it_still_holds() -> None:
    assert found(Waiver(GOOD.id, "r", "o", TODAY)) == []


def test_an_expired_one_names_its_owner() -> None:
    assert "payroll" in found(Waiver(GOOD.id, "r", "payroll", date(2026, 11, 21)))[0]


def test_an_unknown_one_is_a_problem() -> None:
    assert "no such requirement" in found(Waiver("CB-NO-001", "r", "o", date(2027, 1, 1)))[0]


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNVERIFIED, Verdict.NON_STRICT])
def test_one_that_is_not_needed_is_a_problem(verdict: Verdict) -> None:
    assert "not needed" in found(GOOD, verdict)[0]


def test_one_that_was_not_asked_for_is_none() -> None:
    assert problems((GOOD,), {}, KNOWN, TODAY) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "[[waiver]]",
        '[[waiver]]\nid = "A"\nreason = ""\nowner = "o"\nexpires = 2027-01-01',
        '[[waiver]]\nid = "A"\nreason = "r"\nowner = "o"\nexpires = "soon"',
        "[[waiver",
    ],
)
def test_an_incomplete_file_is_a_usage_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "w.toml"
    file.write_text(text)
    with pytest.raises(UsageError):
        load(file)


def test_a_complete_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('[[waiver]]\nid = "CB-DUP-001"\nreason = "fixed soon"\nowner = "payroll"\nexpires = 2027-01-01\n')
    assert load(file) == (GOOD,)
