"""Whom somebody else's deletion may take along, what two people share, and the whole sentences of such causes."""

from __future__ import annotations

import pytest
from telling import builder, occurrences, people

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.model.observation import OTHER_USER, Aspect, Deviation, Explanation, Observation
from camsim_conformance.model.others import NOBODY, others_of
from camsim_conformance.model.wholes import whole
from camsim_conformance.mutants import policy
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.people_rows import deletions_of_others, people_rows
from camsim_conformance.plan.story import Story
from camsim_conformance.plan.then_factors import OTHER_DELETED


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_deletion_is_of_a_part_of_an_id_or_of_nobody_who_is_known(protocol: Protocol) -> None:
    make = builder(protocol)
    by_name = {case.name: people(occurrences([case])) for case in deletions_of_others(make)}
    assert set(by_name) == {"deleted-unknown", "deleted-zeros", "deleted-part"}
    wanted = {"deleted-unknown": ["unknown"], "deleted-zeros": ["part"], "deleted-part": ["begin", "end", "end"]}
    for name, told in by_name.items():
        others = others_of(told)
        found = [others[user].deleted_after(some[0]) for user, some in told.items()]
        assert [kind for kind in found if kind != "no"] == wanted[name]


def test_who_has_a_pin_first_and_who_has_it_too() -> None:
    case = next(case for case in people_rows(builder(Protocol.V3)) if case.name == "template-shared-number")
    told = people(occurrences([case]))
    others = others_of(told)
    seen = []
    for user, some in told.items():
        (telling,) = (one for one in some if one.told.templates)
        seen.append({others[user].shares(sha, telling) for sha in telling.told.templates.values()})
        assert NOBODY.shares(next(iter(telling.told.templates.values())), telling) == "no"
    assert seen == [{"first"}, {"later"}]


def test_every_third_event_is_the_second_device_s_where_there_is_one() -> None:
    features = frozenset({"core", "user-data", "photo", "multi-device"})
    devices = []
    for some in (features, features - {"multi-device"}):
        story = Story(builder(Protocol.V3, features=some), "7", turn=0)
        for _ in range(5):
            story.tell()
        devices.append([step.device for step in story.case("x", {}).steps])
    assert devices == [[0, 0, 1, 0, 0, 1], [0] * 6]


@pytest.mark.parametrize("protocol", list(Protocol))
def test_rows_of_people_tell_no_time_twice_but_the_one_that_is_meant(protocol: Protocol) -> None:
    for case in people_rows(builder(protocol)):
        assert isinstance(case, Case)
        assert {step.told.user for step in case.steps if step.told is not None} == set(case.expect.people)


def explanation(
    aspect: Aspect, deviation: str, *values: tuple[str, str], other: str = "", right: int = 0
) -> Explanation:
    wrong = Observation(aspect, "case", (0,), "12", dict(values), deviation, notes={OTHER_USER: other})
    return Explanation(aspect, deviation, values, (wrong,), right)


def test_some_causes_begin_with_what_their_author_would_say() -> None:
    gone = explanation(Aspect.PERSON, Deviation.MISSING, (OTHER_DELETED, "known"))
    assert whole(gone) == "A deletion removes other people too"
    often = explanation(Aspect.TEMPLATE, Deviation.MISSING, (OTHER_DELETED, "unknown"), right=3)
    assert whole(often) == "Now and then a deletion of somebody who is not known removes somebody else"
    assert whole(explanation(Aspect.PERSON, Deviation.MISSING, (OTHER_DELETED, "no"))) == ""
    zeros = explanation(Aspect.COUNT, Deviation.OTHER_PERSON, ("id", "leading-zeros"), other="34")
    assert whole(zeros).startswith("UserIDs lose their leading zeros")
    part = explanation(Aspect.COUNT, Deviation.OTHER_PERSON, ("type", "CheckIn"), other="123")
    assert whole(part).startswith("UserIDs are compared in part")


def test_the_mutants_of_people_are_there() -> None:
    assert policy("deletion-by-part").name == "deletion-by-part"
