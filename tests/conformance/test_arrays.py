"""The shipped covering arrays: what they promise to cover, counted."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan import arrays
from camsim_conformance.plan.factors import BY_NAME, PUNCH_FACTORS, usual_values, value_of
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Level


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_two_values_that_can_meet_meet_in_some_row(protocol: Protocol) -> None:
    seen = {frozenset(pair) for row in arrays.rows(protocol) for pair in combinations(row.items(), 2)}
    missing = []
    for (one, names), (other, others) in combinations(arrays.choices(protocol).items(), 2):
        for name, another in product(names, others):
            pair = frozenset({(one, name), (other, another)})
            if pair not in seen and pair not in arrays.forbidden(protocol):
                missing.append(pair)
    assert missing == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_three_classes_meet_in_some_row(protocol: Protocol) -> None:
    groups = arrays.classes(protocol)
    rows = arrays.rows(protocol)
    missing = []
    for factors in combinations(groups, 3):
        seen = {tuple(arrays.class_of(factor, row[factor]) for factor in factors) for row in rows}
        missing += [three for three in product(*(groups[factor] for factor in factors)) if three not in seen]
    assert missing == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_no_row_holds_what_cannot_meet_or_more_than_one_value_that_no_page_prints(protocol: Protocol) -> None:
    for row in arrays.rows(protocol):
        assert arrays.possible(row, protocol)
        assert all(arrays.exists(factor, name, protocol) for factor, name in row.items())
        caps = [value.cap for value in map(value_of, row, row.values()) if value is not None]
        assert len(caps) - caps.count(Level.MUST) <= 1


def test_classes_hold_only_values_of_the_tables_and_at_most_four_each() -> None:
    for protocol in Protocol:
        for factor, groups in arrays.classes(protocol).items():
            names = [name for members in groups.values() for name in members]
            assert len(groups) <= 4
            assert all(BY_NAME[factor].value(name) for name in names)
            assert len(set(names)) == len(names)


def test_a_name_is_of_the_values_that_are_not_usual() -> None:
    assert arrays.row_name(usual_values()) == arrays.row_name({})
    assert arrays.row_name({"type": "CheckOut", "age": "today"}) == arrays.row_name(
        {"age": "today", "type": "CheckOut"}
    )
    # Waivers name rows: this one must never change.
    assert arrays.row_name({"offset": "-0330", "age": "8-days"}) == "row-32c1fcd5"
    for protocol in Protocol:
        rows = arrays.array(protocol, "pairs") + arrays.array(protocol, "triples")
        assert len({arrays.row_name(row) for row in rows}) == len(arrays.rows(protocol))


def test_every_value_belongs_to_a_requirement_of_its_protocol() -> None:
    for factor in PUNCH_FACTORS:
        assert [value.usual for value in factor.values].count(True) == 1
        for value in factor.values:
            assert {value.v3, value.v2} - {""} <= set(by_id())
            assert value.v3.startswith("CB-") or not value.v3
            assert value.v2.startswith("V2-") or not value.v2
