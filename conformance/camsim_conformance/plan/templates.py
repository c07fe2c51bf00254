"""Cases of user data: templates merge by Type and Index, names and deletions are reflected (CB-TPL, CB-USR)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import TemplateType as Kind

from .builder import Maker, stored
from .cases import Case, Expect, Step, StoredName


def cases(make: Maker) -> Iterator[Case]:
    """All of them; none without the feature."""
    if "user-data" not in make.profile.features:
        return
    yield from _merged(make)
    yield from _keyed(make)
    yield from _nested_id(make)
    yield _empty_array(make)
    yield from _early(make)
    yield from _recorded(make)
    yield from _users(make)
    yield from _punches_stay(make)


def _case(
    make: Maker, requirement: str, name: str, user: str, groups: Sequence[tuple[Template, ...]], **more: bool
) -> Case:
    """Tell groups of templates in turn, after the user's name; all of them must be there at the end."""
    named: tuple[Step, ...] = (make.step(make.updated(user)),) if more.get("named", True) else ()
    steps = named + tuple(make.step(make.updated(user, *group)) for group in groups)
    every = [template for group in groups for template in group]
    return Case(requirement, name, steps, Expect((user,), templates={user: stored(*every)}))


def _merged(make: Maker) -> Iterator[Case]:
    user = make.user()
    yield _case(make, "CB-TPL-001", "six-one-by-one", user, [(make.template(user, kind),) for kind in Kind])
    user = make.user()
    finger, face, card = (make.template(user, kind) for kind in (Kind.FINGERPRINT, Kind.FACE, Kind.CARD))
    yield _case(make, "CB-TPL-001", "in-groups", user, [(finger,), (face, card)])
    user = make.user()
    card, palm = make.template(user, Kind.CARD), make.template(user, Kind.PALM)
    yield _case(make, "CB-TPL-001", "same-callback-twice", user, [(card,), (palm,), (palm,)])


def _keyed(make: Maker) -> Iterator[Case]:
    user = make.user()
    fingers = [(make.template(user, Kind.FINGERPRINT, index),) for index in (6, 3)]
    yield _case(make, "CB-TPL-002", "two-fingers", user, fingers)
    user = make.user()
    again = [(make.template(user, Kind.FINGERPRINT, 6, generation),) for generation in (0, 1)]
    yield _case(make, "CB-TPL-002", "finger-again", user, [*again, (make.template(user, Kind.FINGERPRINT, 2),)])
    user = make.user()
    both = [(make.template(user, Kind.FINGERPRINT, 0),), (make.template(user, Kind.PALM, 0),)]
    yield _case(make, "CB-TPL-002", "same-index-other-type", user, both)
    user = make.user()
    yield _case(make, "CB-TPL-002", "new-card", user, [(make.template(user, Kind.CARD, 0, n),) for n in (0, 1)])
    user = make.user()
    pair = tuple(make.template(user, Kind.FINGERPRINT, index) for index in (0, 9))
    yield _case(make, "CB-TPL-002", "two-in-one-callback", user, [pair])


def _nested_id(make: Maker) -> Iterator[Case]:
    for kind in (Kind.FINGERPRINT, Kind.FACE, Kind.PALM):
        user = make.user()
        yield _case(make, "CB-TPL-003", kind.lower(), user, [(make.template(user, kind),)])


def _empty_array(make: Maker) -> Case:
    user = make.user()
    card, finger = make.template(user, Kind.CARD), make.template(user, Kind.FINGERPRINT)
    steps = (
        make.step(make.updated(user, card)),
        make.step(make.updated(user, finger)),
        make.step(make.updated(user, first="Asha", last="Menon")),
    )
    return Case("CB-TPL-004", "card-and-finger-stay", steps, Expect((user,), templates={user: stored(card, finger)}))


def _early(make: Maker) -> Iterator[Case]:
    user = make.user()
    finger = make.template(user, Kind.FINGERPRINT, 4)
    steps = (make.step(make.updated(user, finger)), make.step(make.updated(user)))
    yield Case("CB-TPL-005", "finger-then-name", steps, Expect((user,), templates={user: stored(finger)}))


def _recorded(make: Maker) -> Iterator[Case]:
    user = make.user()
    steps: tuple[Step, ...] = (
        make.step(make.updated(user)),
        make.step(make.updated(user, make.template(user, Kind.CARD))),
    )
    yield Case("CB-TPL-006", "card-with-empty-names", steps, Expect((user,), users={user: StoredName("Asha", "Rao")}))
    user = make.user()
    shared = make.operation_id()
    both = [make.template(user, kind) for kind in (Kind.CARD, Kind.PASSWORD)]
    steps = tuple(make.step(make.updated(user, template), operation_id=shared) for template in both)
    yield Case("CB-TPL-007", "card-and-pin", steps, Expect((user,), templates={user: stored(*both)}))


def _users(make: Maker) -> Iterator[Case]:
    gone, stays = make.users(2)
    steps: tuple[Step, ...] = (
        make.step(make.updated(gone, first="Ravi", last="Das")),
        make.step(make.updated(stays, first="Lena", last="Paul")),
        make.step(make.deleted(gone)),
    )
    expect = Expect((gone, stays), users={stays: StoredName("Lena", "Paul")}, gone=(gone,))
    yield Case("CB-USR-001", "deleted", steps, expect)
    user = make.user()
    steps = (make.step(make.updated(user, first="Ravi")), make.step(make.updated(user, first="Rajiv", last="Nair")))
    yield Case("CB-USR-001", "renamed", steps, Expect((user,), users={user: StoredName("Rajiv", "Nair")}))


def _punches_stay(make: Maker) -> Iterator[Case]:
    user = make.user()
    punch = make.punch(user)
    steps = (make.step(make.updated(user)), make.step(punch), make.step(make.deleted(user)))
    yield Case("CB-USR-002", "punch-then-deletion", steps, Expect((user,), (punch,)))
