"""The explanation names the very values under which a target deviates."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from explaining import condition, observed, rows

from camsim_conformance.model.cover import Table, one_for_all, pure
from camsim_conformance.model.explain import explain, holds
from camsim_conformance.model.noise import description
from camsim_conformance.model.observation import Aspect, Observation, Values


def named(random: Random, size: int) -> tuple[bool, bool] | None:
    """Is the condition named exactly; is it named or an alternative. None when no row has it."""
    values = condition(random, size)
    found = explain(observed(rows(random), [values]))
    if not found:
        return None
    alone = len(found) == 1
    exact = alone and set(found[0].values) == set(values)
    return exact, exact or (alone and any(set(other) == set(values) for other in found[0].alternatives))


@pytest.mark.parametrize(("size", "least"), [(1, 0.95), (2, 0.9)])
def test_the_very_condition_is_named(size: int, least: float) -> None:
    results = [named(Random(seed), size) for seed in range(60)]
    shown = [result for result in results if result is not None]
    assert len(shown) >= 50
    assert sum(exact for exact, _ in shown) >= least * len(shown)


def test_three_values_are_named_where_enough_rows_have_them() -> None:
    hits = tried = 0
    for seed in range(120):
        random = Random(seed)
        values = condition(random, 3)
        some = observed(rows(random), [values])
        if sum(one.wrong for one in some) >= 3:
            tried += 1
            hits += [set(one.values) for one in explain(some)] == [set(values)]
    # Where by chance two of the three values never met otherwise, they are the simpler explanation.
    assert tried >= 20
    assert hits >= 0.85 * tried


@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (2, 2), (1, 1, 1)])
def test_faults_that_are_independent_are_told_apart(sizes: tuple[int, ...]) -> None:
    hits = tried = 0
    for seed in range(8):
        random = Random(seed)
        some = rows(random)
        faults = [condition(random, size) for size in sizes]
        observations = observed(some, faults)
        if all(any(holds(values, one) for one in observations) for values in faults):
            tried += 1
            hits += {frozenset(one.values) for one in explain(observations)} == {frozenset(one) for one in faults}
    assert hits >= 0.75 * tried


@pytest.mark.parametrize("seed", range(8))
def test_nothing_pure_holds_for_a_right_one_and_all_wrong_ones_are_covered(seed: int) -> None:
    random = Random(seed)
    faults = [condition(random, random.randint(1, 3)) for _ in range(random.randint(1, 4))]
    observations = observed(rows(random, 150), faults, chance=random.choice([1, 1, 0.5]), random=random)
    observations = [replace(one, known=random.random() < 0.9) for one in observations]
    found = explain(observations)
    covered = {one.case for explanation in found for one in explanation.wrong}
    assert covered == {one.case for one in observations if one.wrong}
    for explanation in found:
        right = [one for one in observations if one.right and holds(explanation.values, one)]
        assert len(right) == explanation.right
        for values in explanation.alternatives:
            assert not any(one.right and holds(values, one) for one in observations)


def test_a_fault_that_comes_and_goes_is_told_with_both_numbers() -> None:
    random = Random(3)
    (found,) = explain(observed(rows(random), [(("type", "MealIn"),)], chance=0.9, random=random))
    assert found.values == (("type", "MealIn"),)
    assert found.right > 0
    assert found.outside[0] == 0


def test_what_happens_at_any_time_is_told_as_such() -> None:
    random = Random(5)
    (found,) = explain(observed(rows(random, 600), [()], Aspect.ANSWER, "http 500", 0.02, random))
    assert found.values == ()
    assert found.right == found.without + found.right > 0


def test_a_fault_of_everything_has_no_values() -> None:
    some = observed(rows(Random(1), 20), [()])
    (found,) = explain(some)
    assert (found.values, found.right, len(found.wrong)) == ((), 0, len(some))


def test_what_is_not_known_is_never_right() -> None:
    seen = observed(rows(Random(1)), [(("offset", "-0330"),)])
    # The right ones of one more value are hidden: whatever is missing under it may as well be.
    hidden = [replace(one, known=one.values["type"] != "MealIn") for one in seen]
    assert [one.values for one in explain(hidden)] == [(("offset", "-0330"),)]
    blind = [replace(one, known=one.wrong) for one in seen]
    assert [one.values for one in explain(blind)] == [()]


def test_deviations_are_not_mixed() -> None:
    some = rows(Random(2))
    lost = observed(some, [(("type", "MealIn"),)])
    late = observed(some, [(("age", "8-days"),)], Aspect.INSTANT, "shifted")
    early = observed(some, [(("offset", "-0330"),)], Aspect.INSTANT, "wrong")
    told = [two if one.right else one for one, two in zip(late, early, strict=True)]
    found = {(one.aspect, one.deviation): one.values for one in explain([*lost, *told])}
    assert found == {
        (Aspect.ROW, "missing"): (("type", "MealIn"),),
        (Aspect.INSTANT, "shifted"): (("age", "8-days"),),
        (Aspect.INSTANT, "wrong"): (("offset", "-0330"),),
    }


def test_without_anything_right_one_deviation_is_told_from_the_other() -> None:
    some = observed(rows(Random(4)), [(("offset", "-0330"),)], Aspect.ANSWER, "http 500")
    refused = [one if one.wrong else replace(one, deviation="http 404") for one in some]
    found = {one.deviation: one.values for one in explain(refused)}
    assert found["http 500"] == (("offset", "-0330"),)


def test_factors_that_no_row_has_are_explained_as_well() -> None:
    values = [{"then:rename": "no"}, {"then:rename": "yes"}, {"then:rename": "yes", "then:card": "yes"}, {}]
    some = [Observation(Aspect.NAME, f"h{place}", (), "1", one) for place, one in enumerate(values)]
    told = [replace(one, deviation="null" if one.values.get("then:rename") == "yes" else None) for one in some]
    (found,) = explain(told)
    assert found.values == (("then:rename", "yes"),)


def test_the_order_of_observations_does_not_matter() -> None:
    random = Random(11)
    some = observed(rows(random), [condition(random, 3), condition(random, 2)])
    shuffled = random.sample(some, len(some))
    assert [one.values for one in explain(some)] == [one.values for one in explain(shuffled)]


def test_bit_sets_and_bits() -> None:
    pairs: list[Values] = [(("a", "1"), ("b", "1")), (("a", "1"), ("b", "2")), (("a", "2"), ("b", "1"))]
    table = Table([dict(pairs[0])], [dict(one) for one in pairs[1:]])
    assert pure(table, 1) == []
    assert [table.pairs[pair] for pair in pure(table, 2)[0].pairs] == list(pairs[0])
    assert one_for_all(table, 1) == pure(table, 2)[0]
    assert description(4, 2) == pytest.approx(4)
    assert description(4, 0) == 0
