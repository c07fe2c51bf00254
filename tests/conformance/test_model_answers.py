"""What was sent and acknowledged; which answers are looked at, and in which words those of one cause are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from certifying import profile
from punching import NOON, punch, told

from camsim.protocol import cipher
from camsim_conformance.model.answers import observe_answers, signature, step_values
from camsim_conformance.model.history import NOTHING, Occurrence, histories, occurrences
from camsim_conformance.plan.cases import Case, Stage, Step, Transport
from camsim_conformance.plan.told import Deed, Keep, Told
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.sending.exchange import Exchange, NoAnswer
from camsim_conformance.target.profile import Device

PROFILE = profile("http://127.0.0.1:1/")
DONE, BROKEN = b'{"status":"done"}', b'{"status":"ok"}'
STEP = Step("RealTimePunchLog", b"", b"")


def answer(status: int | None = 200, body: bytes = DONE, step: int = 0, **more: object) -> Exchange:
    return Exchange(step, status, body=body, **more)  # type: ignore[arg-type]


def update(user: str, deed: Deed = Deed.UPDATE) -> Told:
    return Told(deed, user, NOON)


# --- what was sent ---------------------------------------------------------------------------------------------------


def case(name: str, *steps: Step, stage: Stage = Stage.MAIN) -> Case:
    return Case(name, steps, requirement="X", stage=stage)


def sent(cases: list[Case], answers: Mapping[str, list[Exchange]]) -> list[Occurrence]:
    return list(occurrences(cases, answers, PROFILE))


def test_steps_come_in_the_order_of_their_stages_and_only_when_they_were_sent() -> None:
    cases = [case("late", STEP, stage=Stage.LATE), case("main", STEP, STEP), case("unsent", STEP)]
    found = sent(cases, {"X/late": [answer()], "X/main": [answer(step=1)]})
    assert [(one.id, one.number) for one in found] == [("X/main", 1), ("X/late", 0)]
    assert found[0].told is NOTHING


@pytest.mark.parametrize(
    ("answers", "acknowledged"),
    [
        ([answer(500), answer(200, attempt=2)], True),  # the gateway asks for no more than one
        ([answer(copy=1), answer(None, no_answer=NoAnswer.CLOSED, copy=2)], True),
        ([answer(500), answer(200, BROKEN)], False),
    ],
)
def test_one_acknowledgement_of_several_is_enough(answers: list[Exchange], acknowledged: bool) -> None:
    (one,) = sent([case("a", STEP)], {"X/a": answers})
    assert (one.acknowledged, one.exchanges) == (acknowledged, tuple(answers))


def test_each_person_has_a_history_and_nobody_has_none() -> None:
    clock = replace(STEP, told=Told(Deed.DATE))
    steps = [replace(STEP, told=update(user)) for user in ("1", "2", "1")]
    found = histories(sent([case("a", *steps, clock)], {"X/a": [answer(step=number) for number in range(4)]}))
    assert {user: [one.number for one in some] for user, some in found.items()} == {"1": [0, 2], "2": [1]}


# --- signatures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        (answer(), None),
        (answer(200, b'{"status": "done", "id": 4711}'), None),
        (answer(500, b""), "HTTP 500"),
        (answer(500, b"\n<html><h1>Fault  17</h1>\nat line 4711"), "HTTP 500 Fault 17"),
        (answer(422, b'{"user": 123456}'), 'HTTP 422 {"user": …}'),
        (answer(201), 'HTTP 201 {"status":"done"}'),
        (answer(500, b"x" * 200), "HTTP 500 " + "x" * 60),
        (answer(None, no_answer=NoAnswer.TIMEOUT, detail="after 4.2 s"), "no answer: timeout"),
        (answer(None), "no answer: broken"),
    ],
)
def test_an_answer_is_told_by_status_shape_and_first_line(exchange: Exchange, words: str | None) -> None:
    assert signature(exchange, PROFILE, STEP) == words


def test_a_wrong_status_of_any_person_is_one_signature() -> None:
    found = {signature(answer(200, b'{"status": "user %d unknown"}' % user), PROFILE, STEP) for user in (123, 45678)}
    assert len(found) == 1
    assert found != {signature(answer(200, BROKEN), PROFILE, STEP)}


def test_two_members_status_are_no_acknowledgement_unless_both_are_done() -> None:
    twice = signature(answer(200, b'{"status":"error","status":"done"}'), PROFILE, STEP)
    assert twice is not None
    assert "several members" in twice
    assert signature(answer(200, b'{"status":"done","status":"done"}'), PROFILE, STEP) is None


def test_an_encrypted_answer_is_opened_first() -> None:
    key = "k" * 32
    keyed = replace(PROFILE, devices=(Device("t" * 32, key=key),))
    assert signature(answer(200, cipher.encrypt(key, DONE)), keyed, STEP) is None
    assert signature(answer(403, cipher.encrypt(key, b"no 4711")), keyed, STEP) == "HTTP 403 no …"


# --- which answers ---------------------------------------------------------------------------------------------------


def looked_at(one: Occurrence, *answers: Exchange) -> list[str | None]:
    return [found.deviation for found in observe_answers([replace(one, exchanges=answers)], {}, PROFILE)]


def test_every_copy_and_attempt_is_looked_at() -> None:
    assert looked_at(told(punch()), answer(), answer(503, b"", copy=2), answer()) == [None, "HTTP 503", None]


@pytest.mark.parametrize("transport", [Transport.LOST_ACK, Transport.LOST_EARLY, Transport.CUT])
def test_what_is_dropped_on_purpose_has_no_answer(transport: Transport) -> None:
    one = told(punch())
    assert looked_at(replace(one, step=replace(one.step, transport=transport)), answer(None)) == []


def test_to_a_forgery_and_to_what_no_device_sends_any_answer_is_right() -> None:
    assert looked_at(told(punch(), keep=Keep.NEVER), answer(403, b"")) == []
    odd = replace(told(punch()), told=NOTHING)
    assert looked_at(replace(odd, step=replace(STEP, judged=False)), answer(400, b"")) == []
    assert looked_at(odd, answer(400, b"")) == ["HTTP 400"]  # the printed key, with nonsense in it, is asked for


def test_what_may_be_stored_or_not_must_be_acknowledged() -> None:
    assert looked_at(told(punch(), keep=Keep.MAY), answer(404, b"")) == ["HTTP 404"]


def test_the_answer_to_what_is_only_recorded_is_recorded() -> None:
    one = told(punch())
    (found,) = observe_answers(
        [replace(one, case=replace(one.case, record=True), exchanges=(answer(413, b""),))],
        {(one.id, 0): {"operation": "RealTimePunchLog"}},
        PROFILE,
    )
    assert (found.level, found.user, found.requirement) == (Level.RECORD, "7", "CB-PUNCH-001")
    assert found.values == {"operation": "RealTimePunchLog"}
    assert found.actual.startswith("HTTP 413")


def test_a_step_knows_whether_its_person_was_known() -> None:
    one = told(punch())
    updated, deleted = (replace(one, told=update("7", deed)) for deed in (Deed.UPDATE, Deed.DELETE))

    def state(*before: Occurrence) -> tuple[str, str]:
        found = step_values(one, before)
        return found["known"], found["deleted"]

    assert state() == state(one) == ("no", "no")
    assert state(updated) == ("yes", "no")
    assert state(updated, deleted) == ("no", "yes")
    assert state(updated, deleted, updated) == ("yes", "no")
    labelled = replace(one, step=replace(one.step, values={"label": "utf8", "transport": "expect"}))
    assert step_values(labelled, ()).items() >= {"label": "utf8", "transport": "expect", "deed": "punch"}.items()
