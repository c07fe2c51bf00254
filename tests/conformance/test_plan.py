"""The plan: pure, run-unique, within the rules for ids and times."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from certifying import profile

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.checks.sections import plan
from camsim_conformance.plan.cases import Stage
from camsim_conformance.plan.rows import AGAIN
from camsim_conformance.plan.run_facts import PeopleError
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.target.profile import Device, parse_features

NOW = 1_790_000_000
URL = "http://127.0.0.1:1/"
EVERYTHING = frozenset({"core", "user-data", "photo"})


def made(prefix: int = 12345, **more: object):
    return plan(profile(URL, features=EVERYTHING, **more), NOW, prefix)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_the_same_arguments_give_the_same_bytes(protocol: Protocol) -> None:
    assert made(protocol=protocol) == made(protocol=protocol)


def test_two_runs_share_no_person() -> None:
    assert not set(made(10001).left_behind) & set(made(10002).left_behind)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_ids_have_at_most_nine_digits_but_where_letters_are_the_case(protocol: Protocol) -> None:
    special = {
        user
        for case in made(protocol=protocol).cases
        if "PUNCH-006" in case.id or "USR-001" in case.id
        for user in case.expect.people
    }
    rest = set(made(protocol=protocol).left_behind) - special
    assert [user for user in rest if not re.fullmatch("[0-9]{1,9}", user)] == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_no_two_cases_share_a_person_but_the_hostile_ones(protocol: Protocol) -> None:
    owners: dict[str, set[str]] = {}
    for case in made(protocol=protocol).cases:
        # Good punches beside hostile bodies are one person's, minutes apart.
        for user in case.expect.people if case.stage is not Stage.HOSTILE else ():
            # A copy that comes later is a case of its own, of the same person.
            owners.setdefault(user, set()).add(case.id.removesuffix(AGAIN))
    assert {user: ids for user, ids in owners.items() if len(ids) > 1} == {}


def test_punches_that_must_be_stored_lie_in_the_last_ninety_days() -> None:
    for case in made().cases:
        for punch in case.expect.punches:
            # A loss at the calendar's older edges is excused by its age; a fast clock is seconds ahead.
            assert case.record or "edge" in case.values or 0 < NOW - punch.log_time < 91 * 86400


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_selected_requirement_has_a_case(protocol: Protocol) -> None:
    chosen = profile(URL, features=EVERYTHING, protocol=protocol)
    assert {case.requirement for case in plan(chosen, NOW, 1).cases} == {row.id for row in chosen.selected()}


def test_a_feature_that_is_not_claimed_blocks_its_requirements() -> None:
    cases = {case.requirement: case for case in plan(profile(URL), NOW, 1).cases}
    assert "templates" in (cases["CB-TPL-001"].blocked or "")


def test_hostile_cases_come_last() -> None:
    assert {case.requirement for case in made().stage(Stage.HOSTILE)} >= {"CB-ROB-003", "CB-SEC-001"}


def test_given_people_are_used_and_a_short_list_is_refused() -> None:
    chosen = profile(URL, None, "CB-DUP-001", people=tuple(f"{n}" for n in range(1, 400)))
    assert set(plan(chosen, NOW, 1).people) <= set(chosen.people)
    with pytest.raises(PeopleError, match="this run needs 9"):
        plan(replace(chosen, people=("1", "2")), NOW, 1)


def test_announce_introduces_people_first() -> None:
    case = plan(profile(URL, None, "CB-DUP-001", announce=True), NOW, 1).cases[0]
    assert case.steps[0].what == "announce"
    assert b"UserUpdated" in case.steps[0].plain


def test_levels_follow_the_features() -> None:
    row = next(row for row in profile(URL).selected() if row.id == "CB-TIME-002")
    assert (row.level_for(frozenset({"core"})), row.level_for(frozenset({"multi-zone"}))) == (Level.SHOULD, Level.MUST)


def test_an_encrypted_plan_never_shows_its_plain_bytes() -> None:
    key = "k" * 32
    chosen = profile(URL, features=EVERYTHING | {"aes"}, devices=(Device("T" * 32, key=key),))
    sealed = [step for case in plan(chosen, NOW, 1).cases for step in case.steps if step.sealed]
    assert len(sealed) > 200
    assert not any(b"RealTime" in step.wire for step in sealed)


def test_names_and_templates_are_claimed_apart_or_together() -> None:
    def asked(features: str) -> frozenset[str]:
        return parse_features(features, Protocol.V3, None)

    assert asked("user-data") == {"core", "user-data", "names", "templates"}
    assert asked("names") == {"core", "names"}
    for claimed, told, not_told in (("names", "CB-USR-001", "CB-TPL-001"), ("templates", "CB-TPL-001", "CB-USR-001")):
        cases = {case.requirement: case for case in plan(profile(URL, features=asked(claimed)), NOW, 10_000).cases}
        assert cases[told].blocked is None
        assert cases[not_told].blocked
    names = {case.name for case in plan(profile(URL, features=asked("templates")), NOW, 10_000).cases}
    assert ("card-another" in names, "name-another" in names, "quotes-in-name" in names) == (True, False, False)
