"""User data: templates merge by Type and Index, names and deletions are reflected (CB-TPL, CB-USR)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import TemplateType as Kind
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import ROWS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder, stored
from camsim_conformance.plan.cases import Case, Expect, Step, StoredName
from camsim_conformance.plan.people_rows import deletions_of_others
from camsim_conformance.plan.run_facts import HOUR, MINUTE

from .registry import requirement


def _groups(make: Builder, name: str, user: str, *groups: tuple[Template, ...]) -> Case:
    """Groups of templates in turn, after the user's name; all of them must be there at the end."""
    # The name first: a target may take templates of known users alone (CB-TPL-005 asks for the other order).
    steps = [make.step(make.updated(user), judged=False)]
    every: list[Template] = []
    for group in groups:
        steps.append(make.step(make.updated(user, *group)))
        every += group
    return Case(name, tuple(steps), Expect.kept(user, stored(*every)))


def _merged(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    yield _groups(make, "six-one-by-one", user, *((template,) for template in make.templates(user, *Kind)))
    user = make.user()
    finger, face, card = make.templates(user, Kind.FINGERPRINT, Kind.FACE, Kind.CARD)
    yield _groups(make, "in-groups", user, (finger,), (face, card))
    user = make.user()
    card, palm = make.templates(user, Kind.CARD, Kind.PALM)
    yield _groups(make, "same-callback-twice", user, (card,), (palm,), (palm,))


@requirement("CB-TPL-001", cases=_merged)
def test_split_templates_are_merged(case: Observed) -> None:
    """Templates that arrive in several callbacks are merged."""
    case.state = as_told(case, Aspect.TEMPLATE)


def _keyed(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    six, three = make.template(user, Kind.FINGERPRINT, 6), make.template(user, Kind.FINGERPRINT, 3)
    yield _groups(make, "two-fingers", user, (six,), (three,))
    user = make.user()
    six, again = make.twice(user, Kind.FINGERPRINT, 6)
    yield _groups(make, "finger-again", user, (six,), (again,), (make.template(user, Kind.FINGERPRINT, 2),))
    user = make.user()
    finger, palm = make.templates(user, Kind.FINGERPRINT, Kind.PALM)
    yield _groups(make, "same-index-other-type", user, (finger,), (palm,))
    user = make.user()
    card, new = make.twice(user, Kind.CARD)
    yield _groups(make, "new-card", user, (card,), (new,))
    user = make.user()
    pair = (make.template(user, Kind.FINGERPRINT, 0), make.template(user, Kind.FINGERPRINT, 9))
    yield _groups(make, "two-in-one-callback", user, pair)


@requirement("CB-TPL-002", cases=_keyed)
def test_the_key_is_type_and_index(case: Observed) -> None:
    """Templates are kept by Type and Index: the same key is updated, another key is not."""
    case.state = as_told(case, Aspect.TEMPLATE)


def _nested_id(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    for kind in (Kind.FINGERPRINT, Kind.FACE, Kind.PALM):
        user = make.user()
        yield _groups(make, kind.lower(), user, (make.template(user, kind),))


@requirement("CB-TPL-003", cases=_nested_id)
def test_the_template_names_its_user(case: Observed) -> None:
    """#6 to #8 have no UserID of their own: that of the template is used."""
    case.ack = acknowledged(case)
    case.state = as_told(case, Aspect.TEMPLATE)


def _empty_array(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    card, finger = make.templates(user, Kind.CARD, Kind.FINGERPRINT)
    steps = (
        make.step(make.updated(user, card)),
        make.step(make.updated(user, finger)),
        make.step(make.updated(user, first="Asha", last="Menon")),
    )
    yield Case("card-and-finger-stay", steps, Expect.kept(user, stored(card, finger)))


@requirement("CB-TPL-004", cases=_empty_array)
def test_an_empty_array_removes_nothing(case: Observed) -> None:
    """An update with an empty Template array removes no template."""
    case.state = as_told(case, Aspect.TEMPLATE)


def _early(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    finger = make.template(user, Kind.FINGERPRINT, 4)
    steps = (make.step(make.updated(user, finger)), make.step(make.updated(user)))
    # Introduced first, the user would be known before the template, and the case be none.
    yield Case("finger-then-name", steps, Expect.kept(user, stored(finger)), introduced=False)


@requirement("CB-TPL-005", cases=_early)
def test_an_early_template_is_not_lost(case: Observed) -> None:
    """A template that arrives before its user is known is not lost."""
    case.state = as_told(case, Aspect.TEMPLATE)


def _empty_names(make: Builder) -> Iterator[Case]:
    if not make.claims("names"):
        return
    user = make.user()
    steps = (make.step(make.updated(user)), make.step(make.updated(user, make.template(user, Kind.CARD))))
    yield Case("card-with-empty-names", steps, Expect.named(user, "Asha", "Rao"))


@requirement("CB-TPL-006", cases=_empty_names)
def test_empty_names_are_recorded(case: Observed) -> None:
    """The empty names that #4 and #5 carry erase no stored name."""
    case.state = as_told(case, Aspect.NAME)


def _shared_operation_id(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    shared = make.operation_id()  # as the printed samples of #4 and #5 do
    both = make.templates(user, Kind.CARD, Kind.PASSWORD)
    moment = make.ago(MINUTE)  # they share it too
    facts = [replace(make.updated(user, template), at=moment) for template in both]
    steps = tuple(make.step(fact, operation_id=shared) for fact in facts)
    yield Case("card-and-pin", steps, Expect.kept(user, stored(*both)))


@requirement("CB-TPL-007", cases=_shared_operation_id)
def test_a_shared_operation_id_is_recorded(case: Observed) -> None:
    """What becomes of a card and a PIN that share an OperationID, as the printed samples do, is recorded."""
    case.state = as_told(case, Aspect.TEMPLATE)


def deleted_and_renamed(make: Builder) -> Iterator[Case]:
    """One of two people deleted, and one renamed; for both protocols."""
    if not make.claims("names"):
        return
    gone, stays = make.users(2)
    steps: tuple[Step, ...] = (
        make.step(make.updated(gone, first="Ravi", last="Das")),
        make.step(make.updated(stays, first="Lena", last="Paul")),
        make.step(make.deleted(gone)),
    )
    expect = Expect((gone, stays), users={stays: StoredName("Lena", "Paul")}, gone=(gone,))
    yield Case("deleted", steps, expect)
    user = make.user()
    steps = (make.step(make.updated(user, first="Ravi")), make.step(make.updated(user, first="Rajiv", last="Nair")))
    yield Case("renamed", steps, Expect.named(user, "Rajiv", "Nair"))


@requirement("CB-USR-001", cases=deleted_and_renamed)
def test_deletions_and_renames_are_reflected(case: Observed) -> None:
    """A deletion at the device and a change of name are reflected."""
    case.state = as_told(case, Aspect.NAME, Aspect.PERSON)


def _punch_then_deletion(make: Builder) -> Iterator[Case]:
    if not make.claims("names"):
        return
    user = make.user()
    punch = make.punch(user)
    steps = (make.step(make.updated(user)), make.step(punch), make.step(make.deleted(user)))
    yield Case("punch-then-deletion", steps, Expect.rows(punch))
    yield deleted_late(make)


def deleted_late(make: Builder) -> Case:
    """A device that was away tells its deletion late: it is older than punches that were told before it."""
    user = make.user()
    # Older than the deletion: who goes by the times of events would be right to keep a person made after it.
    created = make.step(msgspec.structs.replace(make.updated(user), at=make.ago(6 * HOUR)))
    punches = [make.punch(user, make.ago(hours * HOUR)) for hours in (5, 3, 1)]
    deleted = msgspec.structs.replace(make.deleted(user), at=make.ago(2 * HOUR))
    steps = (created, *make.steps(punches), make.step(deleted))
    return Case("punch-then-late-deletion", steps, Expect.rows(*punches))


@requirement("CB-USR-002", cases=_punch_then_deletion)
def test_punches_outlive_their_user(case: Observed) -> None:
    """Punches stay when their user is deleted at the device."""
    case.state = as_told(case, *ROWS)


def of_others(make: Builder) -> Iterator[Case]:
    """Deletions beside others, where people are kept; for both protocols."""
    if make.claims("names"):
        yield from deletions_of_others(make)


@requirement("CB-USR-003", later=of_others)
def test_a_deletion_takes_nobody_else_along(case: Observed) -> None:
    """A deletion takes nobody else along, neither people nor their templates."""
    case.state = as_told(case, Aspect.NAME, Aspect.PERSON, Aspect.TEMPLATE)
