"""The second round makes the condition again that an explanation names: with the cases that one alone does not show."""

from __future__ import annotations

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.model.causes import causes
from camsim_conformance.model.confirm import probes
from camsim_conformance.model.explain import explain
from camsim_conformance.model.kin import MOST_KIN, kin
from camsim_conformance.model.observation import OTHER_USER, Aspect, Observation
from camsim_conformance.plan.factors import usual_values


def seen(case: str, user: str, other: str = "") -> Observation:
    return Observation(Aspect.ROW, case, (0,), user, {}, notes={OTHER_USER: other} if other else {})


def test_cases_of_one_person_are_kin() -> None:
    assert kin(["a"], [seen("a", "1"), seen("b", "1"), seen("c", "2")]) == ["b"]


def test_whoever_a_punch_is_booked_to_is_kin() -> None:
    assert kin(["id=zeros"], [seen("id=zeros", "007", other="7"), seen("id=zeros-2", "7"), seen("c", "8")]) == [
        "id=zeros-2"
    ]


def test_rows_that_share_a_person_are_no_kin_but_a_punch_and_its_repetition_are() -> None:
    shared = [seen(f"row-{number}", "1") for number in range(MOST_KIN + 2)]
    assert kin(["row-0"], shared) == []
    assert kin(["row-0"], [*shared, seen("row-0-again", "1")]) == ["row-0-again"]


def test_nobody_is_no_person() -> None:
    assert kin(["a"], [seen("a", ""), seen("b", "")]) == []


def test_what_no_row_can_be_made_of_is_not_probed() -> None:
    plain = [seen_row(number, {}) for number in range(30)]
    wrong = seen_row(99, {"id": "leading-zeros"}, "missing")
    cause = causes(explain([*plain, wrong]), Protocol.V3, frozenset({"core"}))[0]
    assert cause.explanation.values == (("id", "leading-zeros"),)
    assert probes(cause) == []


def seen_row(number: int, values: dict[str, str], deviation: str | None = None) -> Observation:
    return Observation(Aspect.ROW, f"row-{number}", (0,), str(number), {**usual_values(), **values}, deviation)
