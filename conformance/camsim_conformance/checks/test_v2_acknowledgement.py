"""v2: the acknowledgement: every callback, whatever becomes of it, in time (V2-ACK)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.facts import Fact
from camsim.protocol.vocabulary import TemplateType as Kind
from camsim_conformance.findings.answers import acknowledged, in_time, wire_form
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Stage
from camsim_conformance.plan.framing_v2 import altered, steps_of
from camsim_conformance.plan.run_facts import DAY, MINUTE
from camsim_conformance.plan.told import Keep

from .registry import requirement
from .test_acknowledgement import busy, one_punch, timed

SIGNATURES = {
    "card-and-pin": (Kind.CARD, Kind.PASSWORD),
    "finger": (Kind.FINGERPRINT,),
    "face-in-parts": (Kind.FACE,),
    "palm-in-parts": (Kind.PALM,),
}


def _callbacks(make: Builder) -> Iterator[Case]:
    user = make.user()
    facts: dict[str, Fact] = {
        "punch": make.punch(user),
        "punch-as-printed": make.punch(user, make.ago(20 * MINUTE), input_="Card", temperature=None, mask=None),
        "deletion": make.deleted(make.changed_person()),
        "date": make.date(make.now),
        "photo": make.photo(user, make.ago(15 * MINUTE)),
        "rename": make.updated(user if make.profile.may_change_people else make.stranger()),
    }
    for name, fact in facts.items():
        yield Case(name, (make.step(fact),), stage=Stage.QUIET)


def _signatures(make: Builder) -> Iterator[Case]:
    for name, kinds in SIGNATURES.items():
        user = make.changed_person()
        fact = make.updated(user, *make.templates(user, *kinds))
        yield Case(name, tuple(steps_of(make, fact)))


@requirement("V2-ACK-001", cases=_callbacks, later=_signatures)
def test_every_v2_callback_is_acknowledged(case: Observed) -> None:
    """Each v2 callback is answered HTTP 200 with a JSON object whose status is exactly done."""
    case.ack = acknowledged(case)


def _unprocessable(make: Builder) -> Iterator[Case]:
    siesta = {"AttendanceType": "Siesta", "InputType": "Face"}
    steps = {
        "unknown-user": make.step(make.punch(make.stranger())),
        "unknown-user-deleted": make.step(make.deleted(make.stranger())),
        "far-future": make.step(make.punch(make.user(), make.now + 4 * 365 * DAY), keep=Keep.MAY),
        "time-is-no-number": altered(make, make.punch(make.user()), OperationTime="soon"),
        "time-is-empty": altered(make, make.punch(make.user()), OperationTime=""),
        "unknown-type": altered(make, make.punch(make.user()), OperationData=siesta),
    }
    for name, step in steps.items():
        yield Case(name, (step,), introduced=not name.startswith("unknown-user"))


@requirement("V2-ACK-002", cases=_unprocessable)
def test_an_unprocessable_v2_callback_is_acknowledged(case: Observed) -> None:
    """A v2 callback that cannot be processed is acknowledged all the same."""
    case.ack = acknowledged(case)


def _in_time(make: Builder) -> Iterator[Case]:
    yield timed(make, "punch", make.punch)
    yield timed(make, "photo", lambda user: make.photo(user, make.ago(MINUTE)))
    yield busy(make)


@requirement("V2-ACK-003", cases=_in_time)
def test_the_v2_acknowledgement_is_in_time(case: Observed) -> None:
    """The acknowledgement of a v2 callback comes within the deadline."""
    case.ack = in_time(case)


@requirement("V2-ACK-004", cases=one_punch)
def test_the_v2_acknowledgement_is_recorded(case: Observed) -> None:
    """What the acknowledgement of a v2 callback looks like on the wire is recorded."""
    case.ack = wire_form(case)
