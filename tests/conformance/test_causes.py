"""Findings: whose, how grave, in which words, and what a second round makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from explaining import Row, condition, observed, rows

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.model.causes import causes
from camsim_conformance.model.changes import change
from camsim_conformance.model.confirm import NOT_MADE, Rounds, confirmed, predictions, probes
from camsim_conformance.model.explain import explain, holds
from camsim_conformance.model.homes import default_home, home
from camsim_conformance.model.observation import Aspect, Cause, Deviation, Explanation, Observation, Values
from camsim_conformance.model.predicates import off
from camsim_conformance.plan.factors import usual_values
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Level

CORE = frozenset({"core"})
MUST, SHOULD, RECORD = Level.MUST, Level.SHOULD, Level.RECORD
WEST: Values = (("offset", "-0330"),)


def deviating(aspect: Aspect, deviation: str, *values: tuple[str, str], **more: object) -> Explanation:
    """An explanation of one wrong observation."""
    one = Observation(aspect, "row-1", (0,), "1", {**usual_values(), **dict(values)}, deviation)
    return Explanation(aspect, deviation, values, (replace(one, **more),))  # type: ignore[arg-type]


# --- homes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("level", list(Level))
def test_every_deviation_has_a_requirement_of_the_catalogue(protocol: Protocol, level: Level) -> None:
    for aspect, deviation in product(Aspect, [*Deviation, "http 500", "no answer"]):
        assert by_id()[default_home(aspect, deviation, protocol, level)].protocol is protocol
        found, _ = home(deviating(aspect, deviation), protocol, CORE)
        assert by_id()[found].protocol is protocol
        assert change(deviating(aspect, deviation), v2=protocol is Protocol.V2).endswith(".")


@pytest.mark.parametrize(
    ("explanation", "expected"),
    [
        (deviating(Aspect.INSTANT, "shifted", *WEST), ("CB-TIME-003", MUST)),
        (deviating(Aspect.COUNT, "doubled", ("repeat", "retold")), ("CB-DUP-002", MUST)),
        (deviating(Aspect.COUNT, "doubled", ("repeat", "concurrent")), ("CB-DUP-003", SHOULD)),
        (deviating(Aspect.ANSWER, "http 500", ("repeat", "bytes")), ("CB-DUP-004", MUST)),
        (deviating(Aspect.ANSWER, "http 500", ("type", "MealIn")), ("CB-PUNCH-002", MUST)),
        (deviating(Aspect.ANSWER, "late"), ("CB-ACK-003", SHOULD)),
        (deviating(Aspect.ROW, "missing", ("age", "8-days")), ("CB-ORD-004", MUST)),
        (deviating(Aspect.ROW, "missing", ("transport", "chunked")), ("CB-ORD-002", SHOULD)),
        (deviating(Aspect.ROW, "missing", ("type", "MealIn"), level=SHOULD), ("CB-PUNCH-002", SHOULD)),
        (deviating(Aspect.TEMPERATURE, "null", ("temperature", "whole")), ("CB-PUNCH-004", SHOULD)),
        (deviating(Aspect.NAME, "wrong", expected="Asha", actual="ASHA"), ("CB-USR-001", SHOULD)),
        (deviating(Aspect.NAME, "null", expected="Asha"), ("CB-WIRE-002", MUST)),
        # Named cases: a sentence of the page covers old punches, none covers missing members of a frame or odd ids.
        (deviating(Aspect.ROW, "missing", requirement="CB-ORD-004"), ("CB-ORD-004", MUST)),
        (deviating(Aspect.ROW, "missing", requirement="CB-PUNCH-007"), ("CB-PUNCH-007", SHOULD)),
        (deviating(Aspect.ROW, "missing", requirement="CB-PUNCH-006"), ("CB-PUNCH-006", SHOULD)),
        (deviating(Aspect.COUNT, Deviation.OTHER_PERSON, requirement="CB-PUNCH-006"), ("CB-ORD-002", MUST)),
        (deviating(Aspect.COUNT, "invented", requirement="CB-DUP-006"), ("CB-DUP-006", RECORD)),
        (deviating(Aspect.ANSWER, "http 404", requirement="CB-ACK-002"), ("CB-ACK-002", MUST)),
        (deviating(Aspect.ANSWER, "http 404", requirement="CB-ROB-001"), ("CB-ROB-001", RECORD)),
        (
            deviating(Aspect.ANSWER, "http 404", ("operation", "ManuallyUserUpdatedWithFace")),
            ("CB-ACK-005", MUST),
        ),
    ],
)
def test_homes_and_levels(explanation: Explanation, expected: tuple[str, Level]) -> None:
    assert home(explanation, Protocol.V3, CORE) == expected


def test_v2_only_says_that_one_can_check_tokens_and_should_merge() -> None:
    assert home(deviating(Aspect.TEMPLATE, "missing"), Protocol.V2, CORE) == ("V2-TPL-001", SHOULD)
    assert home(deviating(Aspect.TEMPLATE, "missing"), Protocol.V3, CORE) == ("CB-TPL-001", MUST)
    assert home(deviating(Aspect.FORGERY, "stored"), Protocol.V2, CORE) == ("V2-AUTH-001", SHOULD)
    assert home(deviating(Aspect.FORGERY, "stored"), Protocol.V3, CORE) == ("CB-AUTH-001", MUST)


# --- sentences -------------------------------------------------------------------------------------------------------


def told(observations: Sequence[Observation], protocol: Protocol = Protocol.V3) -> list[Cause]:
    return causes(explain(observations), protocol, CORE)


def test_a_cause_is_one_sentence_with_its_numbers() -> None:
    some = observed(rows(Random(1)), [WEST], Aspect.INSTANT, "shifted")
    (cause,) = told([replace(one, seconds=-12_600) if one.wrong else one for one in some])
    wrong = len(cause.explanation.wrong)
    rest = len(some) - wrong
    assert cause.sentence == (
        f"A punch with offset -0330 is stored at a wrong time, 3 h 30 min early: {wrong} of {wrong}; "
        f"without it 0 of {rest}."
    )
    assert (cause.id, cause.change) == ("C1", "Read the offset of LogTime with its sign and minutes.")


@pytest.mark.parametrize(
    ("explanation", "start"),
    [
        (
            deviating(Aspect.ANSWER, '"status" is "Done", exactly "done" is expected'),
            'Every punch is answered HTTP 200, but "status" is "Done", exactly "done" is expected: 1 of 1.',
        ),
        (
            deviating(Aspect.ANSWER, "http 500", ("type", "MealIn"), ("repeat", "bytes")),
            "A punch of Type MealIn, sent again byte for byte is answered HTTP 500: 1 of 1; others 0 of 0.",
        ),
        (
            deviating(Aspect.ANSWER, "no answer", ("operation", "ManuallyUserDeleted")),
            "A ManuallyUserDeleted callback gets no answer",
        ),
        (
            deviating(Aspect.ANSWER, "late", ("operation", "RealTimePunchLog"), ("type", "MealIn")),
            "A punch of Type MealIn is answered late",
        ),
        (deviating(Aspect.NAME, "null", ("then:card", "yes")), "A name followed by a card or PIN is erased"),
        (
            deviating(Aspect.TYPE, "wrong", ("photo", "after"), actual="type CheckIn for MealIn"),
            "A punch whose photo of the same moment came after it is stored with a wrong Type (type CheckIn for "
            "MealIn)",
        ),
        (replace(deviating(Aspect.ROW, "missing"), right=99), "Now and then a punch is not stored: 1 of 100."),
        (deviating(Aspect.FORGERY, "stored"), "Every forged message is stored"),
    ],
)
def test_sentences(explanation: Explanation, start: str) -> None:
    (cause,) = causes([explanation], Protocol.V3, CORE)
    assert cause.sentence.startswith(start)


def test_distances_in_time_are_written_in_units() -> None:
    assert off(90_061) == "1 d 1 h 1 min 1 s late"
    assert off(-19_800) == "5 h 30 min early"


def test_what_shows_in_several_aspects_of_the_same_events_is_one_cause() -> None:
    some = rows(Random(6))
    answers = observed(some, [WEST], Aspect.ANSWER, "http 500")
    stored = observed(some, [WEST])
    other = observed(some, [(("type", "MealIn"),)], Aspect.INPUT, "null")
    found = told([*answers, *stored, *other])
    assert [(one.id, one.explanation.aspect, one.level) for one in found] == [
        ("C1", Aspect.ANSWER, MUST),
        ("C2", Aspect.INPUT, SHOULD),
    ]
    assert [one.aspect for one in found[0].also] == [Aspect.ROW]
    assert "is answered HTTP 500, and is not stored: " in found[0].sentence


def test_one_bug_of_several_values_is_one_cause() -> None:
    some = observed(rows(Random(1)), [WEST, (("offset", "-1100"),)], Aspect.INSTANT, "shifted")
    seconds = {"-0330": 25_200, "-1100": 79_200}
    first = [replace(one, seconds=seconds[one.values["offset"]]) if one.wrong else one for one in some]
    (cause,) = told(first)
    wrong = sum(one.wrong for one in first)
    assert cause.sentence == (
        "A punch with offset -0330 or -1100 is stored at a wrong time, from 7 h late to 22 h late: "
        f"{wrong} of {wrong}; others 0 of {len(first) - wrong}."
    )
    assert set(cause.cases) == {one.case for one in first if one.wrong}


def test_two_things_that_always_happen_are_two_causes() -> None:
    some = rows(Random(6), 10)
    found = told([*observed(some, [()], Aspect.TYPE, "null"), *observed(some, [()], Aspect.INSTANT, "wrong")])
    assert [one.explanation.aspect for one in found] == [Aspect.INSTANT, Aspect.TYPE]


# --- the second round ------------------------------------------------------------------------------------------------


def again(first: Sequence[Observation], cases: Sequence[str], *, wrong: bool) -> list[Observation]:
    """The cases sent again, all wrong as before, or all right."""
    mine = [one for one in first if one.case in cases]
    return [one if wrong else replace(one, deviation=None) for one in mine]


def judged(
    cause: Cause, first: Sequence[Observation], second: Sequence[Observation], rest: Sequence[str] = ()
) -> Cause:
    return confirmed(cause, Rounds(first, second, Protocol.V3, CORE, {cause.id: rest}))


def test_predictions_are_the_smallest_cases_and_their_neighbours() -> None:
    first = observed(rows(Random(7)), [(("type", "MealIn"), *WEST)])
    (cause,) = told(first)
    wrong, right = predictions(cause, first)
    by_case = {one.case: one for one in first}
    assert all(by_case[case].wrong for case in wrong)
    assert len(right) == 6
    for case in right:
        held = [by_case[case].values[factor] == name for factor, name in cause.explanation.values]
        assert held.count(False) == 1


def test_what_deviates_again_is_confirmed() -> None:
    first = observed(rows(Random(7)), [WEST])
    (cause,) = told(first)
    wrong, right = predictions(cause, first)
    found = judged(cause, first, again(first, [*wrong, *right], wrong=True))
    assert (found.confirmed, found.repeated, found.unaffected) == (True, (6, 6), (6, 6))
    assert found.sentence.endswith("; shown again 6 of 6.")


def test_without_a_second_round_nothing_is_said() -> None:
    first = observed(rows(Random(7)), [WEST])
    (cause,) = told(first)
    assert judged(cause, first, []) == cause


@pytest.mark.parametrize(("number", "level"), [(0, SHOULD), (1400, RECORD)])
def test_an_answer_that_does_not_repeat_is_told_by_its_share(number: int, level: Level) -> None:
    first = observed(rows(Random(7), 0)[:60], [(("type", "MealIn"),)], Aspect.ANSWER, "http 500")
    first += [replace(first[0], case=f"more-{place}") for place in range(number)]
    (cause,) = told(first)
    found = judged(cause, first, again(first, predictions(cause, first)[0], wrong=False))
    assert (found.confirmed, found.level, found.repeated) == (False, level, (0, 1))
    assert f"1 of {len(first)} answers, in the order of the plan number 8" in found.notes[0]


def test_a_loss_that_does_not_repeat_stays_a_loss() -> None:
    first = observed(rows(Random(7)), [WEST])
    (cause,) = told(first)
    found = judged(cause, first, again(first, predictions(cause, first)[0], wrong=False))
    assert (found.confirmed, found.level) == (False, MUST)
    assert found.notes[0].startswith("not repeated in the second round")


def test_what_comes_and_goes_is_confirmed_by_one() -> None:
    random = Random(3)
    first = observed(rows(random), [WEST], chance=0.9, random=random)
    (cause,) = told(first)
    wrong, _ = predictions(cause, first)
    second = again(first, wrong[:1], wrong=True) + again(first, wrong[1:], wrong=False)
    assert judged(cause, first, second).confirmed is True


def test_another_cause_in_the_second_round_is_not_held_against_this_one() -> None:
    first = observed(rows(Random(7)), [WEST, (("type", "MealIn"),)])
    found = told(first)
    assert len(found) == 2
    cases = [case for cause in found for side in predictions(cause, first) for case in side]
    second = again(first, cases, wrong=True)
    assert [judged(cause, first, second).confirmed for cause in found] == [True, True]


def second_round(cause: Cause, first: Sequence[Observation], fault: Values) -> tuple[list[Observation], list[str]]:
    """The predicted cases and the probes, sent to a target with this fault."""
    wrong, right = predictions(cause, first)
    new: list[Row] = [probe.values for probe in probes(cause)]
    probed = [replace(one, case=f"probe-{one.case}") for one in observed(new, [fault])]
    return [*again(first, [*wrong, *right], wrong=True), *probed], [one.case for one in probed]


def test_probes_find_the_condition_that_the_first_round_could_not_tell() -> None:
    doubtful = right = 0
    for seed in range(60):
        random = Random(seed)
        fault = condition(random, 3)
        first = observed(rows(random), [fault])
        found = told(first)
        named = {factor for factor, _ in (*fault, *(pair for one in found for pair in one.explanation.values))}
        if len(found) != 1 or set(found[0].explanation.values) == set(fault) or named & NOT_MADE:
            continue
        doubtful += 1
        after = judged(found[0], first, *second_round(found[0], first, fault))
        right += after.confirmed is True and set(after.explanation.values) == set(fault)
        assert not (after.confirmed and not any(holds(after.explanation.values, one) for one in first if one.wrong))
    assert doubtful >= 5
    assert right >= 0.9 * doubtful


def test_no_probes_of_what_is_no_punch() -> None:
    values = {"then:rename": "yes", "template": "Card"}
    one = Observation(Aspect.TEMPLATE, "h1", (0,), "1", values, "missing")
    (cause,) = causes([Explanation(one.aspect, "missing", (("then:rename", "yes"),), (one,))], Protocol.V3, CORE)
    assert probes(cause) == []
