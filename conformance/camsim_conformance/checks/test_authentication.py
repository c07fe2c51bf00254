"""The AuthToken: what is forged is not stored (CB-AUTH)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim_conformance.findings.answers import recorded
from camsim_conformance.findings.told import ROWS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import UNCHANGED, Case, Expect, Stage
from camsim_conformance.plan.forged_people import forged_people
from camsim_conformance.plan.forged_punches import another_token, forged_punches
from camsim_conformance.plan.run_facts import MINUTE
from camsim_conformance.requirements.verdicts import Finding

from .registry import requirement


def forgeries(make: Builder) -> Iterator[Case]:
    """Punches under every form of a wrong token, and each change of a person once."""
    yield from forged_punches(make)
    if not make.profile.may_change_people:
        yield Case("people", blocked=UNCHANGED)
        return
    yield from forged_people(make)


@requirement("CB-AUTH-001", cases=forgeries)
def test_a_forged_callback_is_not_stored(case: Observed) -> None:
    """A callback with a wrong or missing AuthToken is not stored."""
    case.state = nothing_forged(case)


def nothing_forged(case: Observed) -> Finding:
    """Nothing of the forgery is stored; where a true message told the same, that one is."""
    shows = any(one.aspect is Aspect.FORGERY for one in case.observations)
    return as_told(case, *((Aspect.FORGERY,) if shows else (*ROWS, Aspect.INSTANT)))


def _answered(make: Builder) -> Iterator[Case]:
    if not make.claims("photo"):
        message = make.message(make.punch(make.visitor()), token=another_token(make))
        yield Case("another", (make.json(message, what="forged punch", judged=False),), stage=Stage.FORGED)
        return
    # Of a moment without a punch: nothing of it may become a row.
    user = make.user()
    photo = make.photo(user, make.ago(MINUTE))
    step = make.step(photo, what="forged photo", token=another_token(make), judged=False)
    yield Case("another", (step,), Expect((user,)), stage=Stage.FORGED)


@requirement("CB-AUTH-002", cases=_answered)
def test_the_answer_to_a_forgery_is_recorded(case: Observed) -> None:
    """What is answered to a forged token is recorded; any answer is right."""
    case.ack = recorded(case)
