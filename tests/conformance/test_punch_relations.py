"""What a punch is to the others of its person, and what came after it: values that no row asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from punching import NOON, people, punch, told

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.model.after import after
from camsim_conformance.model.history import Occurrence
from camsim_conformance.model.homes import home
from camsim_conformance.model.judge import event_values
from camsim_conformance.model.observation import Aspect, Explanation, Observation
from camsim_conformance.model.people_events import person_of
from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.plan.factors import BY_NAME
from camsim_conformance.plan.punch_pairs import pair_values
from camsim_conformance.plan.relation_factors import RELATION_FACTORS, cap_of
from camsim_conformance.plan.told import Deed, Keep, Told
from camsim_conformance.requirements.verdicts import Level

FEATURES = frozenset({"core", "user-data", "photo"})


def happened(deed: Deed, case: str = "a", **more: object) -> Occurrence:
    """Something else that is told of the person."""
    step = Step(str(deed), b"", b"")
    what = Told(deed, "7", NOON, **more)  # type: ignore[arg-type]
    return Occurrence(Case(case, (step,)), 0, step, what, (), acknowledged=True)


def values(*history: Occurrence, place: int = 0) -> dict[str, str]:
    """The values of the event at a place, of those that only relations have."""
    named = {factor.name for factor in RELATION_FACTORS}
    found = event_values(people(*history)["7"], place, NOON + 900)
    return {factor: name for factor, name in found.items() if factor in named or factor.startswith("then:")}


def test_a_punch_alone_is_nothing_to_anybody() -> None:
    assert values(told(punch())) == {}


def test_either_of_two_is_known_by_when_it_was_sent_and_by_its_time() -> None:
    newer, older = told(punch(at=NOON)), told(punch(at=NOON - 59, type_="CheckOut"))
    history = people(newer, older)["7"]
    shared = {"near": "minute", "pair-type": "another", "near:same-device": "yes"}
    assert pair_values(history, 0) == {**shared, "pair-sent:first": "yes", "pair-time:later": "yes"}
    second = {"pair-sent:second": "yes", "pair-time:earlier": "yes", "newer:same-device": "yes"}
    assert pair_values(history, 1) == {**shared, **second}


def test_the_one_between_two_others_is_both() -> None:
    found = values(told(punch(at=NOON)), told(punch(at=NOON + 1)), told(punch(at=NOON + 2)), place=1)
    sides = {factor for factor in found if factor.startswith(("pair-sent", "pair-time"))}
    assert sides == {"pair-sent:first", "pair-sent:second", "pair-time:earlier", "pair-time:later"}


def test_what_two_have_in_common_is_known() -> None:
    here, there = told(punch(at=NOON)), told(punch(at=NOON - 1), device=1)
    assert values(here, there)["pair-type"] == "same"
    assert values(here, there)["near:other-device"] == "yes"
    assert values(here, there, place=1)["newer:other-device"] == "yes"
    assert "newer:same-device" not in values(here, there, place=1)
    assert values(told(punch()), told(punch(type_="CheckOut", at=NOON + 9)))["pair-type"] == "another"


@pytest.mark.parametrize(("apart", "near"), [(1, "minute"), (59, "minute"), (60, "minutes"), (119, "minutes")])
def test_how_near_two_are(apart: int, near: str) -> None:
    assert values(told(punch()), told(punch(at=NOON + apart)))["near"] == near


def test_far_ones_are_pairs_at_the_distances_that_count() -> None:
    found = values(told(punch(at=NOON - 86400)), told(punch()), place=1)
    assert found["pair-sent:second"] == "yes"
    assert "near" not in found
    assert "pair-sent:second" not in values(told(punch(at=NOON - 7000)), told(punch()), place=1)


def test_a_minute_of_the_clock_and_a_day_may_be_shared() -> None:
    first, second = told(punch(at=NOON)), told(punch(at=NOON + 45))
    assert values(first, second)["same-minute"] == "yes"
    assert values(first, second, place=1)["type-of-day"] == "second"
    assert "same-minute" not in values(told(punch(at=NOON)), told(punch(at=NOON - 1)))
    assert "type-of-day" not in values(first, told(punch(at=NOON + 45, type_="CheckOut")))


def test_a_copy_is_no_other_punch() -> None:
    assert values(told(punch()), told(punch(), case="b")) == {"again": "yes"}


def telling(operation: str, one: Punch, case: str) -> Occurrence:
    """A punch under an OperationID, its letters written as escapes."""
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in operation)
    plain = f'{{"RealTime":{{"OperationID":"{escaped}"}}}}'
    found = told(one, case=case)
    return replace(found, step=replace(found.step, plain=plain.encode() + b" " * len(case)))


def test_a_copy_may_have_an_operation_id_of_its_own() -> None:
    assert values(telling("a1", punch(), "b"), telling("a2", punch(), "c"))["copy-id"] == "new"
    assert values(telling("a1", punch(), "b"), telling("a1", punch(), "cc")) == {"again": "yes"}


def test_another_punch_of_one_moment_and_type_is_no_copy() -> None:
    history = people(told(punch()), told(punch(input_="Card"), case="b"))["7"]
    assert event_values(history, 0, NOON)["repeat"] == "none"


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (happened(Deed.DELETE), {"then:delete"}),
        (happened(Deed.PHOTO), {"then:snapshot"}),
        (happened(Deed.LAZY, keep=Keep.MAY), {"then:lazy"}),
        (happened(Deed.UPDATE, names=("Asha", "Rao")), {"then:create"}),
        (
            happened(Deed.UPDATE, templates={("Card", ""): "1"}),
            {"then:card", "then:template", "then:update"},
        ),
        (told(punch(at=NOON + 7000, type_="CheckOut"), case="b"), {"then:punch"}),
        (told(punch(at=NOON - 7000, type_="CheckOut"), case="b"), {"then:late"}),
        (happened(Deed.DELETE, keep=Keep.NEVER), {"then:forged"}),
    ],
)
def test_what_came_after(then: Occurrence, expected: set[str]) -> None:
    assert values(told(punch()), then) == dict.fromkeys(expected, "yes")
    assert not any(factor in expected for factor in values(then, told(punch()), place=1))


def test_a_forged_punch_is_no_part_of_what_happened() -> None:
    history = people(told(punch(), keep=Keep.NEVER), happened(Deed.DELETE))["7"]
    assert after(person_of("7", history), history, 0) == {}


def test_what_came_before_the_last_copy_is_another_value() -> None:
    found = values(told(punch()), happened(Deed.DELETE), told(punch(), case="b"))
    assert found == {"then:delete": "then-again", "again": "yes"}


def test_a_deletion_of_an_earlier_time_is_a_late_one() -> None:
    assert values(told(punch(at=NOON + 60)), happened(Deed.DELETE)) == {"then:late-delete": "yes"}


def test_every_relation_has_a_usual_value_and_a_phrase() -> None:
    for factor in RELATION_FACTORS:
        assert BY_NAME[factor.name] is factor
        assert factor.usual.name
        assert all(value.phrase for value in factor.values)


@pytest.mark.parametrize(
    ("factor", "protocol", "requirement"),
    [
        ("then:delete", Protocol.V3, "CB-USR-002"),
        ("then:delete", Protocol.V2, "V2-ORD-002"),
        ("then:snapshot", Protocol.V3, "CB-PHOTO-001"),
        ("then:card", Protocol.V3, "CB-ORD-002"),
        ("then:no-name", Protocol.V3, "CB-ORD-002"),
    ],
)
def test_nothing_that_comes_after_a_punch_excuses_its_loss(factor: str, protocol: Protocol, requirement: str) -> None:
    lost = Observation(Aspect.ROW, "a", (0,), "7", {factor: "yes"}, "missing")
    explanation = Explanation(Aspect.ROW, "missing", ((factor, "yes"),), (lost,))
    assert home(explanation, protocol, FEATURES) == (requirement, Level.MUST)


def test_what_comes_after_a_name_may_excuse_it() -> None:
    value = BY_NAME["then:no-name"].value("yes")
    assert value is not None
    assert cap_of("name", "then:no-name", value) is Level.RECORD
