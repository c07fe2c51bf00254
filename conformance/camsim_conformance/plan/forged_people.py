"""Forged changes of people: each operation and each type of template once, for people of whom something true was told.

One forged message a case. What is true comes before, so that there is something to be taken away or changed, and after
some of them, so that a person whom a refused message blocks is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from camsim.protocol.facts import Fact, UserUpdated
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol, TemplateType

from .builder import Builder
from .cases import Case, Expect, Stage, Step
from .forged_punches import another_token
from .framing_v2 import steps_of
from .histories import told_as
from .run_facts import DAY
from .told import Keep

FIRST, LAST = "Meena", "Iyer"


def forged_people(make: Builder) -> Iterator[Case]:
    """Deletion, rename, new person and change of date; a template of each type, and several in one message."""
    if make.claims("names"):
        yield from _names(make)
    if make.claims("templates"):
        yield from _templates(make)
        if make.profile.protocol is Protocol.V3:
            yield from _biometrics(make)
    yield _date(make)


def _forged(make: Builder, fact: Fact, what: str) -> tuple[Step, ...]:
    """The steps of a forged message; one, but for what v2 tells in pieces."""
    values = {"token": "another", "token-length": "same"}
    if isinstance(fact, UserUpdated) and fact.user_type == "Admin":
        values["role"] = "admin"
    if make.profile.protocol is Protocol.V2:
        token = another_token(make)
        made = steps_of(make, fact, what=what, token=token, keep=Keep.NEVER, judged=False, values=values)
        return tuple(made)
    step = make.step(fact, what=what, token=another_token(make), judged=False, values=values)
    # Not every callback is printed with a serial number: a check that looks for it first says so here.
    if "SerialNumber" not in envelope.decode(step.plain)["RealTime"]:
        step = replace(step, values={**values, "frame": "no-serial"})
    return (step,)


def _true(make: Builder, *facts: Fact) -> tuple[Step, ...]:
    steps: list[Step] = []
    for fact in facts:
        steps += told_as(make, fact)
    return tuple(steps)


def _case(name: str, user: str, *steps: tuple[Step, ...]) -> Case:
    together: list[Step] = []
    for some in steps:
        together += some
    return Case(name, tuple(together), Expect((user,)), stage=Stage.FORGED)


def _names(make: Builder) -> Iterator[Case]:
    user = make.user()
    known = make.updated(user, first=FIRST, last=LAST)
    punch = make.punch(user)
    card = [make.updated(user, make.template(user, TemplateType.CARD), first=FIRST, last=LAST)]
    before = _true(make, known, *(card if make.claims("templates") else ()), punch)
    yield _case("deletion-another", user, before, _forged(make, make.deleted(user), "forged deletion"))
    user = make.user()
    before = _true(make, make.updated(user, first=FIRST, last=LAST))
    renamed = make.updated(user, first="Forged", last="Name")
    yield _case("name-another", user, before, _forged(make, renamed, "forged name"))
    user = make.user()
    admin = make.updated(user, first="Forged", last="Admin", type_="Admin")
    yield _case("person-another", user, _forged(make, admin, "forged person"))


def _templates(make: Builder) -> Iterator[Case]:
    user = make.user()
    old, new = make.twice(user, TemplateType.CARD)
    before = _true(make, make.updated(user), make.updated(user, old))
    yield _case("card-another", user, before, _forged(make, make.updated(user, new), "forged card"))
    user = make.user()
    before = _true(make, make.updated(user, type_="Admin"))
    pin = make.updated(user, make.template(user, TemplateType.PASSWORD), type_="Admin")
    forged = _forged(make, pin, "forged PIN")
    card = make.updated(user, make.template(user, TemplateType.CARD), type_="Admin")
    yield _case("pin-another", user, before, forged, _true(make, card))
    user = make.user()
    old, new = make.twice(user, TemplateType.FINGERPRINT)
    before = _true(make, make.updated(user), make.updated(user, old))
    yield _case("fingerprint-another", user, before, _forged(make, make.updated(user, new), "forged fingerprint"))
    user = make.user()
    photo = make.updated(user, make.template(user, TemplateType.USER_PHOTO))
    before = _true(make, make.updated(user))
    yield _case("user-photo-another", user, before, _forged(make, photo, "forged user photo"))


def _biometrics(make: Builder) -> Iterator[Case]:
    """What v2 tells in pieces: as many wrong tokens would lock out whom they come from."""
    user = make.user()
    face = make.updated(user, make.template(user, TemplateType.FACE))
    yield _case("face-another", user, _forged(make, face, "forged face"))
    user = make.user()
    before = _true(make, make.updated(user))
    palm = make.updated(user, make.template(user, TemplateType.PALM))
    finger = make.updated(user, make.template(user, TemplateType.FINGERPRINT))
    yield _case("palm-another", user, before, _forged(make, palm, "forged palm"), _true(make, finger))
    user = make.user()
    before = _true(make, make.updated(user))
    both = make.updated(user, *make.templates(user, TemplateType.CARD, TemplateType.FINGERPRINT))
    yield _case("group-another", user, before, _forged(make, both, "forged group"))


def _date(make: Builder) -> Case:
    """A forged change of date moves nothing: the next punch has the time that it tells."""
    user = make.user()
    forged = _forged(make, make.date(make.now - 2 * DAY), "forged date")
    after = make.step(make.punch(user), values={"before:forged": "date"})
    return _case("date-another", user, forged, (after,))
