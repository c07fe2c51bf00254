"""The AuthToken: what is forged is not stored (CB-AUTH)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim import chance
from camsim.protocol.v3.messages import Message
from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.findings.answers import recorded
from camsim_conformance.findings.told import as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder, stored
from camsim_conformance.plan.cases import UNCHANGED, Case, Expect, Stage, Step
from camsim_conformance.plan.run_facts import HOUR
from camsim_conformance.plan.told import Keep, told_v3

from .registry import requirement

ABSENT = object()


def another_token(make: Builder) -> str:
    """A token as right in form as the device's own, which the target does not know."""
    return chance.token(make.profile.seed, "conformance", "forged")


def other_case(token: str) -> str:
    """The token with its letters in the other case; reversed when it has none."""
    swapped = token.swapcase()
    return swapped if swapped != token else token[::-1]


def _forgeries(make: Builder) -> dict[str, object]:
    """Wrong tokens by name; ABSENT leaves the member out."""
    token = make.device(0).token
    return {
        "another": another_token(make),
        "missing": ABSENT,
        "empty": "",
        "null": None,
        "true": True,
        "one-letter-less": token[:-1],
        "one-letter-more": token + "x",
        "other-case": other_case(token),
        "in-a-list": [token],
        "zero": 0,
        **matching_any(),
    }


def matching_any() -> dict[str, object]:
    """What finds every known token where the token is not compared but put into a query, by name."""
    # An object in a query of a document store, a wildcard of SQL's LIKE, a regular expression.
    return {"an-object": {"$ne": ""}, "a-wildcard": "%", "an-expression": ".*"}


def _forged(make: Builder) -> Iterator[Case]:
    for number, (name, token) in enumerate(_forgeries(make).items()):
        yield _forged_punch(make, f"punch-{name}", token, known=number % 4 == 1, tagged=number % 3 == 2)
    # Whom a target knows, or which tag stands in the URL, says nothing of who sends.
    wrong = another_token(make)
    yield _forged_punch(make, "punch-another-known", wrong, known=True, tagged=False)
    yield _forged_punch(make, "punch-another-tagged", wrong, known=False, tagged=True)
    if not make.profile.may_change_people:
        yield Case("people", blocked=UNCHANGED)
        return
    if make.claims("templates"):
        yield _forged_templates(make)
    if make.claims("names"):
        yield from _forged_names(make)


def _forged_punch(make: Builder, name: str, token: object, *, known: bool, tagged: bool) -> Case:
    """A punch with a wrong token; of somebody who has punched before when `known`, with the service tag in the URL when
    `tagged`, as the live gateway appends it."""
    user = make.user()
    honest = (make.step(make.punch(user, make.ago(3 * HOUR))),) if known else ()
    punch = make.punch(user)
    message = make.message(punch)
    _forge(message, token)
    told = told_v3(punch, message, Keep.NEVER)
    query = make.tag() if tagged else ""
    values = {"token": name.removeprefix("punch-"), "query": "stgid" if tagged else "none"}
    # Not judged: a target may refuse a forgery, or acknowledge it and store nothing (A-CB-29).
    step = make.json(message, what="forged punch", judged=False, told=told, values=values, query=query)
    return Case(name, (*honest, step), Expect((user,)), stage=Stage.FORGED)


def _forge(message: Message, token: object) -> None:
    if token is ABSENT:
        del message["RealTime"]["AuthToken"]
    else:
        message["RealTime"]["AuthToken"] = token


def _forged_templates(make: Builder) -> Case:
    """A card, and what carries no name: in v3 a finger, face and palm say themselves whose they are (#6 to #8)."""
    user = make.user()
    card, forged = make.twice(user, TemplateType.CARD)
    biometric = (TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM)
    steps = [make.step(make.updated(user)), make.step(make.updated(user, card))]
    for template in (forged, *make.templates(user, *biometric)):
        what = f"forged {template.type.lower()}"
        steps.append(make.step(make.updated(user, template), what=what, token=another_token(make), judged=False))
    return Case("card-another", tuple(steps), Expect.kept(user, stored(card)), stage=Stage.FORGED)


def _forged_names(make: Builder) -> Iterator[Case]:
    wrong = another_token(make)
    user = make.user()
    steps: tuple[Step, ...] = (
        make.step(make.updated(user, first="Meena", last="Iyer")),
        make.step(make.deleted(user), what="forged deletion", token=wrong, judged=False),
    )
    yield Case("deletion-another", steps, Expect.named(user, "Meena", "Iyer"), stage=Stage.FORGED)
    user = make.user()
    steps = (
        make.step(make.updated(user, first="Meena", last="Iyer")),
        make.step(make.updated(user, first="Forged", last="Name"), what="forged name", token=wrong, judged=False),
    )
    yield Case("name-another", steps, Expect.named(user, "Meena", "Iyer"), stage=Stage.FORGED)


@requirement("CB-AUTH-001", cases=_forged)
def test_a_forged_callback_is_not_stored(case: Observed) -> None:
    """A callback with a wrong or missing AuthToken is not stored."""
    case.state = as_told(case, Aspect.FORGERY)


def _answered(make: Builder) -> Iterator[Case]:
    message = make.message(make.punch(make.visitor()))
    _forge(message, another_token(make))
    yield Case("another", (make.json(message, what="forged punch", judged=False),), stage=Stage.FORGED)


@requirement("CB-AUTH-002", cases=_answered)
def test_the_answer_to_a_forgery_is_recorded(case: Observed) -> None:
    """What is answered to a forged token is recorded; any answer is right."""
    case.ack = recorded(case)
