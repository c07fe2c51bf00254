"""v2: cases of users and their signatures (V2-TPL, V2-USR, V2-WIRE-002), and their acknowledgement."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from camsim.protocol.facts import Template
from camsim.protocol.v2 import signatures as signatures_v2
from camsim.protocol.vocabulary import TemplateType as Kind

from .builder import Maker, stored
from .cases import Case, Expect, Step, StoredName, TemplateKey
from .framing_v2 import steps_of

NAMES = {
    "blank-inside": ("Mary Ann", "de Souza"),
    "plus-and-ampersand": ("A+B", "C&D=E"),
    "percent": ("100%25", "%41"),
    "accents": ("José", "Müller"),
    "tamil": ("தமிழ்", "செல்வி"),
}


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield from _acknowledged(make)
    if "user-data" not in make.profile.features:
        return
    for name, (first, last) in NAMES.items():
        user = make.user()
        step = make.step(make.updated(user, first=first, last=last))
        yield Case("V2-WIRE-002", name, (step,), Expect((user,), users={user: StoredName(first, last)}))
    yield from _merged(make)
    yield from _again(make)
    yield from _names_stay(make)
    yield from _users(make)
    if "aes" in make.profile.features:
        user = make.user()
        step = make.step(make.updated(user, first="Aïda", last="Öz"))
        yield Case("V2-ENC-001", "user", (step,), Expect((user,), users={user: StoredName("Aïda", "Öz")}))


def _told(make: Maker, user: str, *templates: Template, **more: str) -> tuple[Step, ...]:
    return tuple(steps_of(make, make.updated(user, *templates, **more)))


def _acknowledged(make: Maker) -> Iterator[Case]:
    kinds = {
        "card-and-pin": (Kind.CARD, Kind.PASSWORD),
        "finger": (Kind.FINGERPRINT,),
        "face-in-parts": (Kind.FACE,),
        "palm-in-parts": (Kind.PALM,),
    }
    for name, some in kinds.items():
        user = make.user()
        yield Case("V2-ACK-001", name, _told(make, user, *(make.template(user, kind) for kind in some)))
    user = make.user()
    yield Case("V2-WIRE-003", "user-photo", _told(make, user, make.template(user, Kind.USER_PHOTO)))


def stored_parts(*templates: Template) -> dict[TemplateKey, str]:
    """What the read-back must show: faces and palms by the parts that were told."""
    found: dict[TemplateKey, str] = {}
    for template in templates:
        if template.type not in signatures_v2.PARTS:
            found |= stored(template)
            continue
        for item in signatures_v2.items(template):
            sha = hashlib.sha256(base64.b64decode(item["Template"])).hexdigest()
            found[str(template.type), item["AdditionalData1"]] = sha
    return found


def _case(make: Maker, requirement: str, name: str, user: str, *groups: tuple[Template, ...]) -> Case:
    steps = make.step(make.updated(user)), *(step for group in groups for step in _told(make, user, *group))
    every = [template for group in groups for template in group]
    return Case(requirement, name, steps, Expect((user,), templates={user: stored_parts(*every)}))


def _merged(make: Maker) -> Iterator[Case]:
    user = make.user()
    card, pin = make.template(user, Kind.CARD), make.template(user, Kind.PASSWORD)
    yield _case(make, "V2-TPL-001", "card-and-pin", user, (card, pin))
    user = make.user()
    fingers = [(make.template(user, Kind.FINGERPRINT, index),) for index in (6, 3)]
    yield _case(make, "V2-TPL-001", "two-fingers", user, *fingers)
    user = make.user()
    card, face = make.template(user, Kind.CARD), make.template(user, Kind.FACE)
    yield _case(make, "V2-TPL-001", "face-in-parts", user, (card,), (face,))
    user = make.user()
    finger, photo = make.template(user, Kind.FINGERPRINT, 1), make.template(user, Kind.USER_PHOTO)
    yield _case(make, "V2-TPL-001", "finger-and-photo", user, (finger,), (photo,))


def _again(make: Maker) -> Iterator[Case]:
    user = make.user()
    again = [(make.template(user, Kind.FINGERPRINT, 6, generation),) for generation in (0, 1)]
    yield _case(make, "V2-TPL-002", "finger-again", user, *again)
    user = make.user()
    cards = [(make.template(user, Kind.CARD, 0, generation),) for generation in (0, 1)]
    yield _case(make, "V2-TPL-002", "new-card", user, *cards)


def _names_stay(make: Maker) -> Iterator[Case]:
    for kind in (Kind.FINGERPRINT, Kind.FACE, Kind.PALM):
        user = make.user()
        card = make.template(user, Kind.CARD)
        steps = (
            *_told(make, user, card, first="Meena", last="Iyer"),
            *_told(make, user, make.template(user, kind)),
        )
        expect = Expect((user,), users={user: StoredName("Meena", "Iyer")})
        yield Case("V2-TPL-003", kind.lower(), steps, expect)


def _users(make: Maker) -> Iterator[Case]:
    gone, stays = make.users(2)
    steps = (
        make.step(make.updated(gone, first="Ravi", last="Das")),
        make.step(make.updated(stays, first="Lena", last="Paul")),
        make.step(make.deleted(gone)),
    )
    yield Case(
        "V2-USR-001", "deleted", steps, Expect((gone, stays), users={stays: StoredName("Lena", "Paul")}, gone=(gone,))
    )
    user = make.user()
    renamed = (make.step(make.updated(user, first="Ravi")), make.step(make.updated(user, first="Rajiv", last="Nair")))
    yield Case("V2-USR-001", "renamed", renamed, Expect((user,), users={user: StoredName("Rajiv", "Nair")}))
