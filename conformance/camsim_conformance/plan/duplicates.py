"""Cases of repetition: one punch is one row, however often and however it comes (CB-DUP)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from camsim.protocol.facts import Fact, Punch
from camsim.protocol.vocabulary import TemplateType

from .builder import HOUR, MINUTE, Maker
from .cases import Case, Expect, Step, Transport
from .punches import people_of

RETRIES = 5


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield from identical(make, "CB-DUP-001")
    yield from _retold(make)
    for name in ("first", "second", "third"):
        punch = make.punch(make.user())
        yield _one_row(
            "CB-DUP-003", f"eight-at-once-{name}", (make.step(punch, copies=8, transport=Transport.FRESH),), punch
        )
    yield from _acknowledged(make)
    yield from lost(make, "CB-DUP-005")
    punch = make.punch(make.user())
    steps = (make.step(punch, device=0), make.step(punch, device=1))
    yield _one_row("CB-DUP-006", "two-devices", steps, punch)
    yield _resend(make)


def _one_row(requirement: str, name: str, steps: tuple[Step, ...], *punches: Punch) -> Case:
    return Case(requirement, name, steps, Expect(people_of(punches), punches))


def identical(make: Maker, requirement: str) -> Iterator[Case]:
    """The same bytes again."""
    punch = make.punch(make.user(), type_="CheckOut", input_="Card")
    step = make.step(punch)
    yield _one_row(requirement, "twice", (step, step), punch)
    user = make.user()
    first, other = make.punch(user), make.punch(user, make.ago(12 * MINUTE), "CheckOut")
    step = make.step(first)
    yield _one_row(requirement, "three-times-with-another-between", (step, make.step(other), step, step), first, other)


def _retold(make: Maker) -> Iterator[Case]:
    changes: dict[str, dict[str, Any]] = {
        "new-operation-id-and-time": {"time_s": make.now + 30, "operation_id": make.operation_id()},
        "new-operation-id": {"time_s": make.now, "operation_id": make.operation_id()},
        "new-time": {"time_s": make.now + 30},
    }
    for name, change in changes.items():
        punch = make.punch(make.user())
        known = make.operation_id()
        again: dict[str, Any] = {"operation_id": known, **change}
        steps = (make.step(punch, operation_id=known, time_s=make.now), make.step(punch, **again))
        yield _one_row("CB-DUP-002", name, steps, punch)


def _acknowledged(make: Maker) -> Iterator[Case]:
    user = make.user()
    facts: dict[str, Fact] = {
        "punch": make.punch(user),
        "card": make.updated(user, make.template(user, TemplateType.CARD)),
        "deletion": make.deleted(make.user()),
    }
    for name, fact in facts.items():
        step = make.step(fact)
        yield Case("CB-DUP-004", name, (step, step))


def lost(make: Maker, requirement: str) -> Iterator[Case]:
    """The connection is dropped, then the same bytes come until they are acknowledged."""
    for name, transport in {"answer-lost": Transport.LOST_ACK, "dropped-early": Transport.LOST_EARLY}.items():
        punch = make.punch(make.user())
        step = make.step(punch)
        dropped = replace(step, transport=transport, judged=False)
        retried = replace(step, retries=RETRIES)
        yield _one_row(requirement, name, (dropped, retried), punch)


def _resend(make: Maker) -> Case:
    base = make.ago(9 * HOUR)
    punches = [
        make.punch(user, base + n * 7 * MINUTE + who * 13, "CheckOut" if n % 2 else "CheckIn")
        for who, user in enumerate(make.users(3))
        for n in range(7)
    ][:20]
    live_user = make.user()
    live = [make.punch(live_user, make.ago((10 - n) * MINUTE)) for n in range(4)]
    first = [make.step(punch) for punch in punches]
    again = [make.step(punch, time_s=make.now + 45) for punch in punches]
    for n, punch in enumerate(live):
        again.insert(n * 5 + 2, make.step(punch))
    return _one_row("CB-DUP-007", "overlap", (*first, *again), *punches, *live)
