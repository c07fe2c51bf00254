"""Every value and every combination of values that a punch may have, and every order of a person's events (CB-ROW)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import EVERYTHING, as_told
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import UNCHANGED, Case, Expect
from camsim_conformance.plan.histories import histories, told_as
from camsim_conformance.plan.history_rows import rows
from camsim_conformance.plan.rows import array_rows, single_rows

from .registry import requirement


def combinations(make: Builder) -> Iterator[Case]:
    """One value at a time, then every two values together, and every three of the classes that receivers branch on."""
    yield from single_rows(make)
    yield from array_rows(make)


@requirement("CB-ROW-001", later=combinations)
def test_every_combination_is_stored_as_told(case: Observed) -> None:
    """A punch is acknowledged and stored as told, whatever values a device gives it and however they combine."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *EVERYTHING)


def orders(make: Builder) -> Iterator[Case]:
    """Templates and names by every value, then events of a person so that every two kinds follow each other."""
    if not make.profile.may_change_people:
        yield Case("histories", blocked=UNCHANGED)
        return
    yield from rows(make)
    yield from histories(make)
    yield _administrator(make)


def _administrator(make: Builder) -> Case:
    """Somebody who may open the device's menu punches and enrols as anybody else."""
    user = make.user()
    named = make.updated(user, first="Meena", last="Iyer", type_="Admin")
    carded = make.updated(user, make.template(user, TemplateType.CARD), type_="Admin")
    steps = told_as(make, named, values={"role": "admin"}) + told_as(make, carded, values={"role": "admin"})
    punch = make.punch(user)
    return Case("administrator", (*steps, make.step(punch, values={"role": "admin"})), Expect.rows(punch))


@requirement("CB-ROW-002", later=orders)
def test_every_order_of_events_is_stored_as_told(case: Observed) -> None:
    """What is told of a person is acknowledged and stored as told, in whatever order its events come."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *EVERYTHING)
