"""Rows of punches: what is sent has the values that the row asks for, also sealed and of shared people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest
from certifying import profile

from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan import rows, rows_ids, rows_people
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Stage, Step, Transport
from camsim_conformance.plan.plan import Stimuli, make_plan
from camsim_conformance.plan.punch_values import Planned, planned, values_of
from camsim_conformance.plan.run_facts import PeopleError
from camsim_conformance.plan.told import Keep
from camsim_conformance.target.profile import Device

NOW, PREFIX = 1_790_000_000, 12345
URL = "http://127.0.0.1:1/"
KEY = "k" * 32
EVERYTHING = frozenset({"core", "user-data", "photo", "multi-device"})
DEVICES = (Device("T" * 32), Device("U" * 32, serial="ZHM1100000002", stgid="CERT00002"))
SEALED = (Device("T" * 32, key=KEY), Device("U" * 32, serial="ZHM1100000002", stgid="CERT00002", key=KEY))
GIVEN = tuple(f"{number}" for number in range(30_000, 30_040))


def maker(protocol: Protocol, **more: Any) -> Builder:
    fields = {"features": EVERYTHING, "devices": DEVICES, "protocol": protocol, **more}
    return Builder(profile(fields.pop("url", URL), **fields), NOW, PREFIX)


def sealed(protocol: Protocol) -> Builder:
    return maker(protocol, devices=SEALED, features=EVERYTHING | {"aes"})


def every(make: Builder) -> list[Case]:
    return [*rows.single_rows(make), *rows.array_rows(make, requirement="X")]


def histories(cases: list[Case]) -> dict[str, list[Planned]]:
    """What is told of each person, in the order of the stages."""
    found: dict[str, list[Planned]] = {}
    for case in sorted(cases, key=lambda case: case.stage):
        for one in planned(case.steps):
            found.setdefault(one.told.user, []).append(one)
    return found


def own(case: Case) -> Step:
    return next(step for step in case.steps if "body" in step.values)


def differing(make: Builder, cases: list[Case]) -> Iterator[tuple[str, str, str, str]]:
    """Where the values found in what is sent are not those of the row."""
    told = histories(cases)
    for case in cases:
        step = own(case)
        assert step.told is not None
        history = told[step.told.user]
        index = next(n for n, one in enumerate(history) if one.step.told == step.told)
        for factor, value in values_of(history, index, make.now).items():
            if case.values[factor] != value:
                yield case.id, factor, case.values[factor], value


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("new", [maker, sealed])
def test_every_row_has_the_values_that_it_asks_for(protocol: Protocol, new: Any) -> None:
    make = new(protocol)
    assert list(differing(make, every(make))) == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_shared_people_change_no_value(protocol: Protocol) -> None:
    make = maker(protocol, people=GIVEN)
    cases = every(make)
    assert list(differing(make, cases)) == []
    assert len(make.people) <= 12
    assert {case.stage for case in cases if not case.name.endswith(rows.AGAIN)} == {Stage.QUIET}


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_row_alone_has_its_values_too(protocol: Protocol) -> None:
    make = maker(protocol)
    case = rows.punch_case(make, "x", {"repeat": "after-20", "age": "8-days"})
    assert list(differing(make, [case])) == []
    strangers = [step for step in case.steps if step.told is not None and step.told.keep is Keep.MAY]
    assert len(strangers) == 20
    assert len(list(rows.with_again(case))) == 1


@pytest.mark.parametrize("values", [{"neighbour": "4s"}, {"neighbour": "0s"}, {"age": "older"}, {"offset": "+0100"}])
def test_values_of_no_table_can_be_sent(values: dict[str, str]) -> None:
    make = maker(Protocol.V3)
    assert list(differing(make, [rows.punch_case(make, "x", values)])) == []


def test_values_that_cannot_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot meet"):
        rows.punch_case(maker(Protocol.V3), "x", {"repeat": "concurrent", "transport": "chunked"})


@pytest.mark.parametrize("protocol", list(Protocol))
def test_nothing_lies_ahead_and_what_must_be_kept_is_no_older_than_a_month(protocol: Protocol) -> None:
    for people in ((), GIVEN):
        make = maker(protocol, people=people)
        for case in every(make):
            for punch in case.expect.punches:
                assert 0 < NOW - punch.log_time <= 30 * 86400


def test_no_two_rows_share_a_person_or_a_moment() -> None:
    cases = [case for case in every(maker(Protocol.V3)) if not case.name.endswith(rows.AGAIN)]
    moments = [(punch.log_time, case.id) for case in cases for punch in case.expect.punches]
    people = [user for case in cases for user in case.expect.people]
    assert len(set(people)) == len(people)
    assert [two for two in pairwise(sorted(moments)) if two[0][0] == two[1][0]] == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_names_are_those_of_any_seed_and_the_bytes_those_of_one(protocol: Protocol) -> None:
    names = [case.id for case in every(maker(protocol))]
    assert names == [case.id for case in every(maker(protocol, seed=7))]
    assert len(set(names)) == len(names)
    assert every(maker(protocol)) == every(maker(protocol))


@pytest.mark.parametrize(("protocol", "most"), [(Protocol.V3, 600), (Protocol.V2, 480)])
def test_the_requests_of_a_run_are_few(protocol: Protocol, most: int) -> None:
    assert sum(step.copies for case in every(sealed(protocol)) for step in case.steps) <= most


def test_what_deviates_alone_is_left_out() -> None:
    make = maker(Protocol.V3)
    left = list(rows.array_rows(make, [("offset", "-0330"), ("repeat", "retold")]))
    assert left
    assert not any(case.values["offset"] == "-0330" or case.values["repeat"] == "retold" for case in left)


def test_what_is_not_claimed_is_not_sent() -> None:
    cases = every(maker(Protocol.V3, features=frozenset({"core"})))
    assert {(case.values["photo"], case.values["device"], case.values["length"]) for case in cases} == {
        ("none", "first", "3")
    }


def test_a_body_is_written_as_the_row_says() -> None:
    make = maker(Protocol.V3, url=f"{URL}callback?tenant=1")
    case = rows.punch_case(make, "x", {"body": "escaped", "label": "quotes", "query": "stgid", "temperature": "number"})
    step = own(case)
    frame = json.loads(step.plain)["RealTime"]
    assert b"CheckIn" not in step.plain
    assert case.expect.punches[0].user_id.encode() not in step.plain
    assert (frame["PunchLog"]["Type"], frame["PunchLog"]["Temperature"]) == ("CheckIn", 36.8)
    assert '"' in frame["LabelName"]
    assert step.query == "&stgid=CERT00001"
    assert b"\\/" in own(rows.punch_case(make, "x", {"body": "slashes"})).plain


def test_a_v2_form_holds_what_the_row_says() -> None:
    step = own(rows.punch_case(maker(Protocol.V2), "x", {"body": "another-field", "type": "MealIn"}))
    fields = parse_qs(step.wire.decode())
    assert set(fields) == {"v", "request_data", "last"}
    assert json.loads(fields["request_data"][0])["ApiRequestInfo"]["OperationData"]["AttendanceType"] == "MealStart"


@pytest.mark.parametrize("body", ["plain", "pretty", "another-field"])
def test_a_sealed_v2_form_has_the_length_of_its_row(body: str) -> None:
    make = sealed(Protocol.V2)
    step = own(rows.punch_case(make, "x", {"body": body, "length": "0"}))
    info = json.loads(parse_qs(step.wire.decode())["request_data"][0])["ApiRequestInfo"]
    plain = envelope.open_v3(info.encode(), KEY).plain
    assert len(plain) % 16 == 0
    assert (b"\n" in plain) == (body == "pretty")


def test_a_lost_answer_is_sent_again_and_copies_travel_at_once() -> None:
    make = maker(Protocol.V3)
    lost = rows.punch_case(make, "x", {"repeat": "lost-answer"})
    assert [step.transport for step in lost.steps] == [Transport.LOST_ACK, Transport.POOLED]
    assert lost.steps[1].retries > 0
    at_once = rows.punch_case(make, "x", {"repeat": "concurrent", "transport": "fresh"})
    assert [step.copies for step in at_once.steps] == [8]


@pytest.mark.parametrize("protocol", list(Protocol))
def test_ids_are_of_the_run_and_each_is_of_one_kind(protocol: Protocol) -> None:
    make = maker(protocol)
    cases = list(rows_ids.identity_rows(make))
    assert list(differing(make, cases)) == []
    people = [user for case in cases for user in case.expect.people]
    assert all(f"{PREFIX}" in user for user in people)
    assert set(people) <= set(make.people)
    assert {case.values["id"] for case in cases} >= {"short", "letters", "leading-zeros", "digits", "case-alone"}


STIMULI: Stimuli = (
    ("CB-PUNCH-001", rows.single_rows),
    ("CB-PUNCH-002", rows.array_rows),
    ("CB-PUNCH-006", rows_ids.identity_rows),
)


def test_given_people_are_shared_and_a_short_list_is_refused() -> None:
    few, many = GIVEN[:16], GIVEN
    for people in (few, many):
        chosen = profile(URL, features=EVERYTHING, devices=DEVICES, people=people)
        plan = make_plan(chosen, NOW, PREFIX, STIMULI)
        used = {user for case in plan.cases for user in case.expect.people}
        assert used <= set(people)
        assert len(used) > len(people) - 5  # but canaries and the preflight
        sent = [case for case in plan.cases if case.values]
        assert len({case.requirement for case in sent}) > 5
        assert list(differing(maker(Protocol.V3), sent)) == []
    with pytest.raises(PeopleError, match="this run needs"):
        make_plan(profile(URL, features=EVERYTHING, people=GIVEN[:5]), NOW, PREFIX, STIMULI)


def test_rows_that_do_not_fit_are_named() -> None:
    make = maker(Protocol.V3)
    row = {"age": "now", "order": "in-order", "neighbour": "none", "repeat": "none", "offset": "+0530"}
    placed, left = rows_people.shared_places(make, [dict(row) for _ in range(20)], ["1"])
    assert (len(placed), len(left)) == (12, 8)
    assert rows_people.least_people(make, [dict(row) for _ in range(20)]) == 2
