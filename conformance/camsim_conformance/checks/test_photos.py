"""Attendance photos: beside their punch, before it, without it, twice (CB-PHOTO, CB-ORD-005)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import FIELDS, ROWS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect, Step
from camsim_conformance.plan.run_facts import HOUR, MINUTE, SPREAD_S

from .registry import requirement

LATER_S = 8  # the page prints a photo eight seconds younger than its punch


def _orders(make: Builder) -> Iterator[Case]:
    at = make.ago(2 * HOUR)
    yield from around_a_punch(make, at)
    user = make.user()
    punch = make.step(make.punch(user, at), judged=False)
    yield Case("eight-seconds-off", (punch, make.step(make.photo(user, at + LATER_S))))


def around_a_punch(make: Builder, at: int) -> Iterator[Case]:
    """A photo before its punch, after it, and without one."""
    photo, punch = photo_and_punch(make, at)
    yield Case("before", (photo, punch))
    photo, punch = photo_and_punch(make, at)
    yield Case("after", (punch, photo))
    photo, _ = photo_and_punch(make, at)
    yield Case("alone", (photo,))


def photo_and_punch(make: Builder, at: int) -> tuple[Step, Step]:
    """The two steps that report one moment of one person."""
    user = make.user()
    # The answer to the punch is not what is asked here.
    return make.step(make.photo(user, at)), make.step(make.punch(user, at), judged=False)


@requirement("CB-ORD-005", cases=_orders)
def test_a_photo_without_its_punch_is_acknowledged(case: Observed) -> None:
    """A photo (#10) before its punch, or without one, is acknowledged."""
    case.ack = acknowledged(case)


def _beside_a_punch(make: Builder) -> Iterator[Case]:
    at = make.ago(3 * HOUR)
    for name in ("photo-first", "punch-first"):
        user = make.user()
        punch = make.punch(user, at)
        steps = [make.step(make.photo(user, at)), make.step(punch)]
        if name == "punch-first":
            steps.reverse()
        yield Case(name, tuple(steps), Expect.rows(punch))


@requirement("CB-PHOTO-001", cases=_beside_a_punch)
def test_a_photo_neither_replaces_nor_doubles_its_punch(case: Observed) -> None:
    """A photo (#10) is separate from its punch (#11): it neither replaces nor doubles it."""
    case.state = as_told(case, *ROWS, Aspect.INSTANT, *FIELDS)


def _repeated(make: Builder) -> Iterator[Case]:
    # Two people were made since CB-PHOTO-001 took its moment: all four cases lie in the same one.
    at = make.ago(3 * HOUR) + 2 * SPREAD_S
    once = make.step(make.photo(make.user(), at))
    yield Case("twice", (once, once))
    user = make.user()
    yield Case("three-of-one-user", tuple(make.step(make.photo(user, at + n * MINUTE)) for n in range(3)))


@requirement("CB-PHOTO-002", cases=_repeated)
def test_a_photo_is_acknowledged(case: Observed) -> None:
    """A photo of the size live devices send is acknowledged, also twice."""
    case.ack = acknowledged(case)
