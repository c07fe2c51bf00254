"""Causes made by hand for tests of reports: one for each kind of deviation that a run shows, blamed on given values."""

from __future__ import annotations

from collections.abc import Mapping

from camsim_conformance.model.judgement import Judgement
from camsim_conformance.model.observation import Cause, Explanation, Observation
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.session.record import RunRecord


def with_causes(record: RunRecord, blamed: Mapping[str, str] | None = None) -> RunRecord:
    """The record, judged by causes made here."""
    view = record.judgement().view
    groups: dict[tuple[str, str], list[Observation]] = {}
    for one in view.observations:
        if one.wrong:
            groups.setdefault((str(one.aspect), str(one.deviation)), []).append(one)
    causes = []
    for number, wrong in enumerate(groups.values(), start=1):
        right = [one for one in view.observations if one.right and one.aspect is wrong[0].aspect]
        causes.append(cause(number, wrong, len(right), blamed or {}))
    record._judgement = Judgement(view, None, tuple(causes))
    return record


def cause(number: int, wrong: list[Observation], right: int, blamed: Mapping[str, str]) -> Cause:
    """One cause of observations that deviate alike."""
    first = wrong[0]
    values = tuple(blamed.items())
    explanation = Explanation(first.aspect, str(first.deviation), values, tuple(wrong), 0, right)
    named = " ".join(f"with {factor} {value}" for factor, value in values)
    return Cause(
        id=f"C{number}",
        explanation=explanation,
        requirement=first.requirement or "CB-PUNCH-001",
        level=first.level if first.level is Level.MUST else Level.SHOULD,
        sentence=f"A punch {named}: {first.aspect} {first.deviation}".replace(" :", ":"),
        change="Look for a row of the same UserID and LogTime before one is inserted.",
        confirmed=True,
        repeated=(8, 8),
        unaffected=(12, 12),
    )
