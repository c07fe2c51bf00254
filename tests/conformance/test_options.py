"""What the options of certify promise: whom they leave alone, the budget, --quick, --deep; no fault of our own load."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN, profile, run

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import start
from camsim_conformance.checks.sections import plan
from camsim_conformance.commands.options import OPTIONS, given, profile_of
from camsim_conformance.findings.answers import acknowledged, in_time
from camsim_conformance.model.answers import observe_answers
from camsim_conformance.model.history import occurrences
from camsim_conformance.observed import Observed
from camsim_conformance.plan import arrays, deep
from camsim_conformance.plan.cases import Case, Stage, Step
from camsim_conformance.plan.told import Deed
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.sending.exchange import Exchange, NoAnswer
from camsim_conformance.target.profile import Device, Profile, UsageError, check_selection, parse_features
from camsim_conformance.verdict.grade import Grade

NOW, PREFIX = 1_790_000_000, 12_345
KEY = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"
WHOLE = "core,user-data,photo,multi-zone,multi-device"
PEOPLE = tuple(str(70_000 + number) for number in range(320))
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def whole(protocol: Protocol, key: str | None = None, **more: Any) -> Profile:
    """Everything claimed, two devices."""
    devices = (Device(TOKEN, key=key), Device(TOKEN[::-1], "ZHM1100000002", "Second door", "CERT00002", key))
    return Profile("http://127.0.0.1:1/", devices, protocol, parse_features(WHOLE, protocol, key), "py:x:y", **more)


def asked(**more: object) -> Profile:
    """The profile of these options, all others as they are."""
    options = {option.name: option.default for option in OPTIONS} | {"auth_token": "T"} | more
    return profile_of("http://127.0.0.1:1/", given(options))[0]


def test_the_options_reach_the_profile() -> None:
    usual = asked()
    switches = (usual.quick, usual.deep, usual.allow_user_changes, usual.erase_on_delete)
    assert (usual.confirm, *switches) == (True, False, False, False, False)
    assert not asked(no_confirm=True).confirm
    assert asked(quick=True).quick
    assert asked(deep=True).deep
    assert asked(allow_user_changes=True).allow_user_changes
    assert asked(policy=["erase-on-delete"]).erase_on_delete


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"policy": ["keep-all"]}, "--policy keep-all: unknown; allowed are erase-on-delete"),
        ({"quick": True, "deep": True}, "--quick and --deep: one of them"),
        ({"deep": True, "users": "1,2"}, "--deep and --users"),
        ({"announce": True, "users": "1,2"}, "--announce would rename the people of --users"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        asked(**options)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_nobody_of_users_is_renamed_enrolled_or_deleted_unless_it_is_allowed(protocol: Protocol) -> None:
    changed = _changed(whole(protocol, people=PEOPLE))
    assert changed == set()
    allowed = whole(protocol, people=PEOPLE, allow_user_changes=True)
    assert _changed(allowed)
    cases = plan(allowed, NOW, PREFIX).cases
    assert not [case.id for case in cases if case.blocked is not None and "--users" in case.blocked]


def _changed(chosen: Profile) -> set[str]:
    """The people of --users of whom something is told that changes them."""
    found = set()
    for case in plan(chosen, NOW, PREFIX).cases:
        for step in case.steps:
            if step.told is not None and step.told.deed in (Deed.UPDATE, Deed.DELETE):
                found.add(step.told.user)
    return found & set(chosen.people)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_given_people_have_no_punch_of_an_earlier_run_told_again(protocol: Protocol) -> None:
    # The runs of one day: every edge of the calendar lies where it lay.
    first, second = (_told(protocol, NOW + later, PREFIX + later) for later in (0, 7321))
    assert not first & second


def _told(protocol: Protocol, now: int, prefix: int) -> set[tuple[str, int]]:
    """Person and time of all punches of a run."""
    cases = plan(whole(protocol, people=PEOPLE), now, prefix).cases
    return {(punch.user_id, punch.log_time) for case in cases for punch in case.expect.punches}


def test_what_would_change_people_of_users_is_named_with_its_reason() -> None:
    cases = plan(whole(Protocol.V3, people=PEOPLE), NOW, PREFIX).cases
    blocked = {case.requirement for case in cases if "--allow-user-changes" in (case.blocked or "")}
    assert {"CB-AUTH-001", "CB-TPL-001", "CB-USR-001", "CB-WIRE-002", "CB-PUNCH-006", "CB-ROW-002"} <= blocked


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_run_with_every_feature_sends_at_most_1700_requests(protocol: Protocol) -> None:
    counts = plan(whole(protocol, KEY), NOW, PREFIX).requests()
    assert set(counts) == set(Stage)
    assert 1000 < sum(counts.values()) <= 1700


@pytest.mark.parametrize("protocol", list(Protocol))
def test_quick_sends_the_named_cases_alone_and_says_so(protocol: Protocol) -> None:
    quick = plan(whole(protocol, quick=True), NOW, PREFIX)
    sent = [case for case in quick.cases if case.blocked is None]
    assert not [case.id for case in sent if "row-" in case.name or "history-" in case.name]
    reasons = {case.requirement: case.blocked for case in quick.cases if case.blocked is not None}
    assert all("--quick" in str(reasons[row]) for row in by_id() if "-ROW-" in row and row in reasons)
    assert sum("-ROW-" in row for row in reasons) == 2
    assert 4 * len(sent) < 3 * len(plan(whole(protocol), NOW, PREFIX).cases)


def test_quick_gives_no_grade_above_ack_and_says_why() -> None:
    with start(tokens=[TOKEN]) as running:
        result = run(profile(running.url, running.readback_url, quick=True, settle_s=0.2))
        given = run(profile(running.url, running.readback_url, people=PEOPLE, settle_s=0.2))
    assert given.grade is Grade.STATE
    assert "names, templates and deletions (people of --users are left as they are)" in given.not_shown
    assert result.grade is Grade.ACK
    assert "--quick sends neither combinations" in result.not_shown
    assert result.record.second is None


@pytest.mark.parametrize("protocol", list(Protocol))
def test_deep_rows_cover_nearly_all_triples_with_rows_that_are_possible(protocol: Protocol) -> None:
    told: list[tuple[int, int]] = []
    made = deep._Cover(protocol).fill(lambda _, done, total: told.append((done, total)))
    assert made.rows == deep.deep(protocol).rows  # the same in every run
    assert len(made.rows) <= deep.MOST_ROWS
    assert told == sorted(told)
    rows = (*arrays.rows(protocol), *made.rows)
    factors = arrays.choices(protocol)
    seen = {three for row in rows for three in combinations([(factor, row[factor]) for factor in factors], 3)}
    assert len(seen) == made.covered >= 0.95 * made.possible
    for row in made.rows:
        assert not [pair for pair in combinations(row.items(), 2) if frozenset(pair) in arrays.forbidden(protocol)]


def test_deep_adds_its_rows_and_no_punch_grows_older_than_a_month_by_it() -> None:
    plain = {case.id for case in plan(whole(Protocol.V3), NOW, PREFIX).cases}
    cases = plan(whole(Protocol.V3, deep=True), NOW, PREFIX).cases
    assert plain < {case.id for case in cases}
    rows = [case for case in cases if case.name.startswith("row-")]
    assert len(rows) > 400
    assert min(punch.log_time for case in rows for punch in case.expect.punches) > NOW - 30 * 86_400


# --- our own load ----------------------------------------------------------------------------------------------------

LATE = Exchange(0, status=200, body=b'{"status":"done"}', seconds=5.0)
NOTHING = Exchange(0, no_answer=NoAnswer.TIMEOUT, seconds=10.0)


def observed(exchange: Exchange, requirement: str) -> Observed:
    """A case of one punch with this answer."""
    chosen = profile("http://127.0.0.1:1/")
    case = next(case for case in plan(chosen, NOW, PREFIX).cases if case.requirement == requirement and case.steps)
    step = case.steps[0]
    only = replace(case, steps=(step,))
    return Observed(only, by_id()[requirement], chosen, target=None, exchanges=[exchange])  # type: ignore[arg-type]


@pytest.mark.parametrize(("lag_s", "verdict"), [(0.02, Verdict.ADVICE), (0.2, Verdict.COULD_NOT_RUN)])
@pytest.mark.parametrize("exchange", [LATE, NOTHING])
def test_lateness_while_our_own_loop_lagged_is_not_judged(exchange: Exchange, lag_s: float, verdict: Verdict) -> None:
    case = observed(replace(exchange, lag_s=lag_s), "CB-ACK-003")
    case.ack = in_time(case)
    assert case.verdict is verdict


def test_a_wrong_answer_is_wrong_however_late_our_loop_was() -> None:
    case = observed(replace(LATE, status=500, lag_s=0.5), "CB-ACK-001")
    case.ack = acknowledged(case)
    assert case.verdict is Verdict.FAIL
    case = observed(replace(NOTHING, lag_s=0.5), "CB-ACK-001")
    case.ack = acknowledged(case)
    assert case.verdict is Verdict.COULD_NOT_RUN


@pytest.mark.parametrize(("lag_s", "known"), [(0.02, True), (0.2, False)])
def test_no_answer_while_our_own_loop_lagged_is_unknown_to_the_model(lag_s: float, known: bool) -> None:
    chosen = profile("http://127.0.0.1:1/")
    case: Case = next(case for case in plan(chosen, NOW, PREFIX).cases if case.id == "CB-WIRE-001/raw-json")
    sent = list(occurrences([case], {case.id: [replace(NOTHING, lag_s=lag_s)]}, chosen))
    (one,) = observe_answers(sent, {}, chosen)
    assert (one.deviation, one.known) == ("no answer: timeout", known)


def test_a_target_is_certified_again_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import lasting

    globs = ("CB-ORD-*", "CB-DUP-00[1-5]", "CB-TIME-*", "CB-ACK-001")
    for people in ("none", "given"):
        assert lasting.lasting(Protocol.V3, people, 2, globs, settle_s=0.3) == 0


def test_the_steps_of_a_plan_are_known_before_anything_is_sent() -> None:
    chosen = check_selection(profile("http://127.0.0.1:1/", None, "CB-DUP-003"))
    made = plan(chosen, NOW, PREFIX)
    # Alone it has all its rounds: no row of the arrays sends copies at once.
    steps: list[Step] = [step for case in made.cases for step in case.steps]
    assert [step.copies for step in steps] == [8] * 13
    assert made.requests()[Stage.MAIN] == 8 * 13
