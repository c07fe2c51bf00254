"""Repetition: one punch is one row, however often and however it comes (CB-DUP)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from camsim.protocol.facts import Fact
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim_conformance.findings import told
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect, Transport
from camsim_conformance.plan.plan import ROWS
from camsim_conformance.plan.run_facts import HOUR, MINUTE

from .registry import requirement
from .test_order import in_or_out

RETRIES = 5
ROUNDS = 2  # the rows of the arrays that send copies at once are ten more
ROUNDS_ALONE = 12  # a race that is lost in one round of three is seen in twelve with 99 in 100
RESENT = (5, 3)  # punches of two people: the copy of the first comes after four others of the same person


def identical(make: Builder) -> Iterator[Case]:
    """The same bytes again."""
    punch = make.punch(make.user(), type_="CheckOut", input_="Card")
    step = make.step(punch)
    yield Case("twice", (step, step), Expect.rows(punch))
    user = make.user()
    first, other = make.punch(user), make.punch(user, make.ago(12 * MINUTE), "CheckOut")
    step = make.step(first)
    steps = (step, make.step(other), step, step)
    yield Case("three-times-with-another-between", steps, Expect.rows(first, other))


@requirement("CB-DUP-001", cases=identical)
def test_an_identical_resend_is_one_row(case: Observed) -> None:
    """A byte-identical re-send of a punch is one row."""
    case.state = told.as_told(case, *told.ROWS, *told.FIELDS)


def _retold(make: Builder) -> Iterator[Case]:
    # Drawn before the first case: the ids of a run are numbered as they are drawn.
    other, another = make.operation_id(), make.operation_id()
    yield _told_again(make, "new-operation-id-and-time", other, make.now + 30)
    yield _told_again(make, "new-operation-id", another, make.now)
    yield _told_again(make, "new-time", None, make.now + 30)


def _told_again(make: Builder, name: str, operation_id: str | None, time_s: int) -> Case:
    """The punch again under another OperationID, or its own for None, and another Time."""
    punch = make.punch(make.user())
    known = make.operation_id()
    first = make.step(punch, operation_id=known, time_s=make.now)
    again = make.step(punch, operation_id=operation_id or known, time_s=time_s)
    return Case(name, (first, again), Expect.rows(punch))


@requirement("CB-DUP-002", cases=_retold)
def test_a_retold_punch_is_one_row(case: Observed) -> None:
    """A re-send with a new OperationID and a new Time is one row."""
    case.state = told.as_told(case, *told.ROWS, *told.FIELDS)


def _at_once(make: Builder) -> Iterator[Case]:
    rows = not make.profile.quick and any(row.id == ROWS[Protocol.V3] for row in make.profile.selected())
    # Everybody is made in either case: so the cases after these keep their people.
    for number, user in enumerate(make.users(ROUNDS_ALONE), start=1):
        if rows and number > ROUNDS:
            return
        punch = make.punch(user)
        step = make.step(punch, copies=8, transport=Transport.FRESH)
        yield Case(f"eight-at-once-{number:02d}", (step,), Expect.rows(punch))


@requirement("CB-DUP-003", cases=_at_once)
def test_copies_at_once_are_one_row(case: Observed) -> None:
    """Eight copies of one punch at the same moment are one row."""
    case.state = told.as_told(case, *told.ROWS)


def _repeated(make: Builder) -> Iterator[Case]:
    user = make.user()
    enrolled = user if make.profile.may_change_people else make.stranger()
    facts: dict[str, Fact] = {
        "punch": make.punch(user),
        "card": make.updated(enrolled, make.template(enrolled, TemplateType.CARD)),
        "deletion": make.deleted(make.changed_person()),
    }
    for name, fact in facts.items():
        step = make.step(fact)
        yield Case(name, (step, step))


@requirement("CB-DUP-004", cases=_repeated)
def test_a_duplicate_is_acknowledged(case: Observed) -> None:
    """A duplicate is acknowledged."""
    case.ack = acknowledged(case)


def lost(make: Builder) -> Iterator[Case]:
    """The connection is dropped, then the same bytes come until they are acknowledged."""
    for name, transport in {"answer-lost": Transport.LOST_ACK, "dropped-early": Transport.LOST_EARLY}.items():
        punch = make.punch(make.user())
        step = make.step(punch)
        dropped = replace(step, transport=transport, judged=False)
        yield Case(name, (dropped, replace(step, retries=RETRIES)), Expect.rows(punch))


@requirement("CB-DUP-005", cases=lost)
def test_a_lost_acknowledgement_makes_no_double(case: Observed) -> None:
    """When an acknowledgement is lost on its way and the punch is retried until done, it is one row."""
    case.state = told.as_told(case, *told.ROWS, *told.FIELDS)


def _on_two_devices(make: Builder) -> Iterator[Case]:
    if len(make.profile.devices) < 2:
        return
    punch = make.punch(make.user())
    steps = (make.step(punch, device=0), make.step(punch, device=1))
    yield Case("two-devices", steps, Expect.rows(punch))


@requirement("CB-DUP-006", cases=_on_two_devices)
def test_one_moment_on_two_devices_is_recorded(case: Observed) -> None:
    """One user at one moment on two devices: one row or two is recorded."""
    case.state = told.as_told(case, *told.ROWS)


def _bulk_resend(make: Builder) -> Iterator[Case]:
    base = make.ago(9 * HOUR)
    punches = []
    for who, (user, count) in enumerate(zip(make.users(2), RESENT, strict=True)):
        for n in range(count):
            punches.append(make.punch(user, base + n * 7 * MINUTE + who * 13, in_or_out(n)))
    live_user = make.user()
    live = [make.punch(live_user, make.ago((10 - n) * MINUTE)) for n in range(4)]
    first = make.steps(punches)
    again = [make.step(punch, time_s=make.now + 45) for punch in punches]
    for n, punch in enumerate(live):
        again.insert(n * 3 + 1, make.step(punch))
    yield Case("overlap", (*first, *again), Expect.rows(*punches, *live))


@requirement("CB-DUP-007", cases=_bulk_resend)
def test_a_bulk_resend_makes_no_doubles(case: Observed) -> None:
    """A bulk resend that overlaps live punches makes no doubles and loses none."""
    case.state = told.as_told(case, *told.ROWS, *told.FIELDS)
