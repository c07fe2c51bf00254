"""v2: users and their signatures (V2-TPL, V2-USR)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from camsim.protocol.facts import Template
from camsim.protocol.v2 import signatures as signatures_v2
from camsim.protocol.v2.messages import DOCUMENTED, StyleV2
from camsim.protocol.vocabulary import TemplateType as Kind
from camsim_conformance.findings.told import as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder, stored
from camsim_conformance.plan.cases import Case, Expect
from camsim_conformance.plan.framing_v2 import steps_of
from camsim_conformance.plan.told import TemplateKey

from .registry import requirement
from .test_templates import deleted_and_renamed, of_others

MOST = StyleV2(parts={Kind.FACE: signatures_v2.MOST_PARTS, Kind.PALM: 5})


def _stored_parts(style: StyleV2, *templates: Template) -> dict[TemplateKey, str]:
    """What the read-back must show: faces and palms by the parts that were sent."""
    parts: dict[TemplateKey, str] = {}
    for template in templates:
        if template.type not in signatures_v2.PARTS:
            parts |= stored(template)
            continue
        for item in signatures_v2.items(template, style.parts):
            sha = hashlib.sha256(base64.b64decode(item["Template"])).hexdigest()
            parts[str(template.type), item["AdditionalData1"]] = sha
    return parts


def _groups(make: Builder, name: str, user: str, *groups: tuple[Template, ...], style: StyleV2 = DOCUMENTED) -> Case:
    """Groups of templates in turn, after the user's name; each is as many callbacks as v2 makes of it."""
    steps = [make.step(make.updated(user))]
    every: list[Template] = []
    for group in groups:
        steps += steps_of(make, make.updated(user, *group), style=style)
        every += group
    return Case(name, tuple(steps), Expect.kept(user, _stored_parts(style, *every)))


def _merged(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    card, pin = make.templates(user, Kind.CARD, Kind.PASSWORD)
    yield _groups(make, "card-and-pin", user, (card, pin))
    user = make.user()
    six, three = make.template(user, Kind.FINGERPRINT, 6), make.template(user, Kind.FINGERPRINT, 3)
    yield _groups(make, "two-fingers", user, (six,), (three,))
    user = make.user()
    finger, face = make.template(user, Kind.FINGERPRINT, 2), make.template(user, Kind.FACE)
    # The finger has the number of a part; the parts are as many as the page allows (V2:89).
    yield _groups(make, "face-in-parts", user, (finger,), (face,), style=MOST)
    user = make.user()
    finger, photo = make.template(user, Kind.FINGERPRINT, 1), make.template(user, Kind.USER_PHOTO)
    yield _groups(make, "finger-and-photo", user, (finger,), (photo,))


@requirement("V2-TPL-001", later=_merged)
def test_signatures_are_merged(case: Observed) -> None:
    """Signatures that arrive one by one are merged: fingers, parts of a face, card and PIN."""
    case.state = as_told(case, Aspect.TEMPLATE)


def _again(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    six, again = make.twice(user, Kind.FINGERPRINT, 6)
    yield _groups(make, "finger-again", user, (six,), (again,))
    user = make.user()
    card, new = make.twice(user, Kind.CARD)
    yield _groups(make, "new-card", user, (card,), (new,))


@requirement("V2-TPL-002", later=_again)
def test_a_signature_is_updated(case: Observed) -> None:
    """A signature that comes again updates the stored one."""
    case.state = as_told(case, Aspect.TEMPLATE)


def _empty_names(make: Builder) -> Iterator[Case]:
    if not make.claims("names"):
        return
    for kind in (Kind.FINGERPRINT, Kind.FACE, Kind.PALM):
        user = make.user()
        # With a card, because only beside card and PIN v2 tells a name.
        named = make.updated(user, make.template(user, Kind.CARD), first="Meena", last="Iyer")
        nameless = make.updated(user, make.template(user, kind))
        steps = (*steps_of(make, named), *steps_of(make, nameless))
        yield Case(kind.lower(), steps, Expect.named(user, "Meena", "Iyer"))


@requirement("V2-TPL-003", later=_empty_names)
def test_empty_names_erase_nothing(case: Observed) -> None:
    """Name and Priority are read with card and PIN only: the empty ones beside a finger or face erase nothing."""
    case.state = as_told(case, Aspect.NAME)


def _touched_by_none(make: Builder) -> Iterator[Case]:
    if not make.claims("templates"):
        return
    user = make.user()
    card, finger = make.templates(user, Kind.CARD, Kind.FINGERPRINT)
    yield _groups(make, "card-and-finger-stay", user, (card,), (finger,), ())


@requirement("V2-TPL-004", later=_touched_by_none)
def test_what_carries_no_signature_removes_none(case: Observed) -> None:
    """What carries no signature removes none: a change of name, a punch, a photo, a lazy response."""
    case.state = as_told(case, Aspect.TEMPLATE)


@requirement("V2-USR-001", later=deleted_and_renamed)
def test_v2_deletions_and_renames_are_reflected(case: Observed) -> None:
    """A deletion at a v2 device and a change of name are reflected."""
    case.state = as_told(case, Aspect.NAME, Aspect.PERSON)


@requirement("V2-USR-002", later=of_others)
def test_a_v2_deletion_takes_nobody_else_along(case: Observed) -> None:
    """A deletion takes nobody else along, neither people nor their signatures."""
    case.state = as_told(case, Aspect.NAME, Aspect.PERSON, Aspect.TEMPLATE)
