"""Histories: every two kinds of event meet, the same run gives the same bytes, and only what is claimed is told."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from telling import NOW, builder

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.histories import histories
from camsim_conformance.plan.history_rows import CHANGES, SCRIPTS, THEN, name_rows, rows, template_rows
from camsim_conformance.plan.history_walks import FIRST, LONGEST, NEVER_AFTER, PAIRED, Kind, State, after, walks
from camsim_conformance.plan.told import Deed, Keep, Told

EVERY = frozenset(Kind)


def tales(case: Case) -> list[Told]:
    return [step.told for step in case.steps if step.told is not None]


def test_every_two_kinds_meet_or_it_is_said_why_not() -> None:
    met = {pair for walk in walks(EVERY) for pair in pairwise(walk)}
    senseless = {(one, other) for other, (_, ones) in NEVER_AFTER.items() for one in ones}
    every = {(one, other) for one in PAIRED for other in PAIRED}
    assert every - met == senseless
    assert {tuple(walk[: len(first)]) for first, walk in zip(FIRST, walks(EVERY), strict=False)} == set(FIRST)


def test_a_history_makes_sense_at_every_step_and_is_short_enough_to_explain() -> None:
    for walk in walks(EVERY):
        assert len(walk) <= LONGEST
        state = State()
        for kind in walk:
            following = after(state, kind)
            assert following is not None
            state = following


def test_with_fewer_features_or_announced_people_there_are_fewer_kinds() -> None:
    bare = builder(Protocol.V3, features=frozenset({"core", "names"}))
    assert {told.deed for case in histories(bare) for told in tales(case)} == set(Deed) - {*NOT_TOLD, Deed.PHOTO}
    assert not any(told.templates for case in histories(bare) for told in tales(case))
    assert list(template_rows(bare)) == []
    announced = builder(Protocol.V3, announce=True)
    assert {case.steps[0].told.deed for case in histories(announced) if case.steps[0].told} == {Deed.UPDATE}
    assert list(histories(builder(Protocol.V3, features=frozenset({"core"})))) == []


NOT_TOLD = frozenset({Deed.LAZY, Deed.OTHER})


def test_people_of_somebody_else_are_left_alone() -> None:
    make = builder(Protocol.V3, people=("1", "2"))
    assert [*histories(make), *rows(make)] == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_the_same_run_gives_the_same_bytes_and_another_one_the_same_names(protocol: Protocol) -> None:
    assert list(histories(builder(protocol))) == list(histories(builder(protocol)))
    other = builder(protocol, seed=7)
    assert [case.name for case in histories(other)] == [case.name for case in histories(builder(protocol))]


@pytest.mark.parametrize("protocol", list(Protocol))
def test_what_is_told_lies_in_the_past_in_order_and_is_not_too_much(protocol: Protocol) -> None:
    cases = list(histories(builder(protocol)))
    assert sum(len(case.steps) for case in cases) <= 220
    for case in cases:
        told = [one for one in tales(case) if one.deed in (Deed.UPDATE, Deed.DELETE, Deed.DATE)]
        times = [one.at for one in told]
        assert times == sorted(times)
        assert all(one.at < NOW for one in tales(case))
        assert case.expect.people == tuple({one.user for one in tales(case)} - {""})


def test_only_a_punch_of_somebody_who_was_deleted_may_be_left_out() -> None:
    may_be: list[Told] = []
    for case in histories(builder(Protocol.V3)):
        deleted: list[int] = []
        for told in tales(case):
            if told.deed is Deed.DELETE:
                deleted.append(told.at)
            if told.keep is not Keep.MUST:
                assert told.punch is not None
                assert deleted[0] < told.at
                may_be.append(told)
    assert may_be


def test_every_two_values_of_a_template_meet_in_a_row() -> None:
    cases = [case for case in template_rows(builder(Protocol.V3)) if len(case.values) == 4]
    assert len(cases) == 30
    kinds = {case.values["template"] for case in cases}
    choices = {"template": kinds, "change": CHANGES, "group": ("alone", "grouped"), "then": THEN}
    for one, other in combinations(choices, 2):
        met = {(case.values[one], case.values[other]) for case in cases}
        assert len(met) == len(choices[one]) * len(choices[other])


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_name_is_told_by_creation_and_by_change(protocol: Protocol) -> None:
    told = [tales(case)[-1].names for case in name_rows(builder(protocol))]
    for script, name in SCRIPTS.items():
        assert told.count(name) == (0 if script == "last-word" and protocol is Protocol.V2 else 2)
