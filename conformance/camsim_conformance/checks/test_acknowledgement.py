"""The acknowledgement: every callback, whatever becomes of it, in time (CB-ACK, CB-PORT)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from camsim.protocol.facts import Fact
from camsim.protocol.v3.messages import callback_name
from camsim.protocol.vocabulary import TemplateType as Kind
from camsim_conformance.findings.answers import acknowledged, in_time, wire_form
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Stage, Step
from camsim_conformance.plan.run_facts import DAY, MINUTE
from camsim_conformance.plan.told import Keep
from camsim_conformance.requirements.verdicts import Finding

from .registry import requirement

TRIES = 3  # of what is timed: the first and two spares
IN_2000 = 946_684_800  # where a device's clock starts again without its battery
MakeFact = Callable[[str], Fact]


def _operations(make: Builder) -> Iterator[Case]:
    # One at a time, so that a wrong answer belongs to one callback for sure.
    for fact in every_operation(make):
        yield Case(callback_name(fact), (make.step(fact),), stage=Stage.QUIET)


def every_operation(make: Builder) -> list[Fact]:
    """One fact for each of the 11 callbacks, all of one person but the deletion."""
    user = make.changed_person()
    gone, changed, named = make.deleted(make.changed_person()), make.date(make.now), make.updated(user)
    # Card and PIN come with empty names, as the page prints #4 and #5.
    card, pin = make.templates(user, Kind.CARD, Kind.PASSWORD)
    texts = [make.updated(user, card, first="", last=""), make.updated(user, pin, first="", last="")]
    pictures = make.templates(user, Kind.FINGERPRINT, Kind.FACE, Kind.PALM, Kind.USER_PHOTO)
    alone = [make.updated(user, picture) for picture in pictures]
    at = make.ago(20 * MINUTE)
    photo, punch = make.photo(user, at), make.punch(user, at, "CheckOut", "Fingerprint")
    # Made in the order in which they are sent: a device tells what happened in the order of its times.
    return [gone, changed, named, *texts, *alone, photo, punch]


@requirement("CB-ACK-001", cases=_operations)
def test_every_callback_is_acknowledged(case: Observed) -> None:
    """Each of the 11 callbacks, sent as the page prints it, is answered HTTP 200 with a JSON object whose status is
    exactly done.
    """
    case.ack = acknowledged(case)


def _unprocessable(make: Builder) -> Iterator[Case]:
    yield Case("unknown-user", (make.step(make.punch(make.stranger())),), introduced=False)
    yield Case("unknown-user-deleted", (make.step(make.deleted(make.stranger())),), introduced=False)
    yield Case("zero-log-time", (_altered(make, LogTime="0000-00-00 00:00:00 GMT +0000"),))
    yield Case("empty-log-time", (_altered(make, LogTime=""),))
    yield Case("far-future", (make.step(make.punch(make.user(), make.now + 4 * 365 * DAY), keep=Keep.MAY),))
    yield Case("unknown-type", (_altered(make, Type="Siesta"),))
    yield Case("unknown-input-type", (_altered(make, InputType="Iris"),))
    yield Case("clock-back-to-2000", (make.step(make.date(IN_2000)),))


def _altered(make: Builder, **members: str) -> Step:
    message = make.message(make.punch(make.user()))
    message["RealTime"]["PunchLog"].update(members)
    return make.json(message, what="RealTimePunchLog")


@requirement("CB-ACK-002", cases=_unprocessable)
def test_what_cannot_be_processed_is_acknowledged(case: Observed) -> None:
    """A callback that cannot be processed is acknowledged all the same."""
    case.ack = acknowledged(case)


def _in_time(make: Builder) -> Iterator[Case]:
    yield timed(make, "punch", make.punch)
    yield timed(make, "photo", lambda user: make.photo(user, make.ago(15 * MINUTE)))
    yield timed(make, "face", lambda user: make.updated(user, make.template(user, Kind.FACE)), make.changed_person)
    yield busy(make)


def timed(make: Builder, name: str, fact: MakeFact, person: Callable[[], str] | None = None) -> Case:
    """A fact alone on the line, with spares of other people; of a `person` of the run."""
    first, *spares = [(make.step(fact((person or make.user)())),) for _ in range(TRIES)]
    return Case(name, first, stage=Stage.QUIET, spares=tuple(spares))


def busy(make: Builder) -> Case:
    """Four devices at once, three punches each."""
    # Of visitors: whether anything of a burst is stored is no question here.
    first, *spares = [_burst(make) for _ in range(TRIES)]
    return Case("busy", first, stage=Stage.BUSY, at_once=4, spares=tuple(spares))


def _burst(make: Builder) -> tuple[Step, ...]:
    return tuple(make.step(make.punch(make.visitor(), make.ago(n * MINUTE)), keep=Keep.MAY) for n in range(12))


@requirement("CB-ACK-003", cases=_in_time)
def test_the_acknowledgement_is_in_time(case: Observed) -> None:
    """The acknowledgement comes within the deadline, also for photos and while several devices send at once."""
    case.ack = in_time(case)


def one_punch(make: Builder) -> Iterator[Case]:
    """A plain punch whose answer is looked at."""
    yield Case("punch", (make.step(make.punch(make.user())),), stage=Stage.QUIET)


@requirement("CB-ACK-004", cases=one_punch)
def test_the_acknowledgement_is_recorded(case: Observed) -> None:
    """What the acknowledgement looks like on the wire is recorded: body, content type, extra members, redirects."""
    case.ack = wire_form(case)


def _groups(make: Builder) -> Iterator[Case]:
    groups: dict[str, tuple[Kind, ...]] = {
        "card-and-pin": (Kind.CARD, Kind.PASSWORD),
        "face-and-card": (Kind.FACE, Kind.CARD),
        # All six at once would be larger than anything the page prints: 64 KiB is a usual limit.
        "all-but-the-photo": tuple(kind for kind in Kind if kind is not Kind.USER_PHOTO),
        "empty-array": (),
    }
    for name, kinds in groups.items():
        user = make.changed_person()
        yield Case(name, (make.step(make.updated(user, *make.templates(user, *kinds))),))
    user = make.changed_person()
    fingers = (make.template(user, Kind.FINGERPRINT, 0), make.template(user, Kind.FINGERPRINT, 1))
    yield Case("two-fingers", (make.step(make.updated(user, *fingers)),))


@requirement("CB-ACK-005", cases=_groups)
def test_groups_and_empty_arrays_are_acknowledged(case: Observed) -> None:
    """Templates in groups, and a user update with an empty Template array, are acknowledged."""
    case.ack = acknowledged(case)


def _url(make: Builder) -> Iterator[Case]:
    yield Case("url")  # nothing is sent: the URL itself is looked at


@requirement("CB-PORT-001", cases=_url)
def test_port_and_scheme_are_recorded(case: Observed) -> None:
    """Port and scheme are recorded: 80 or 443 in production, 8123 for tests, HTTPS recommended."""
    case.ack = Finding(
        holds=True,
        expected="80 or 443 in production, 8123 for tests",
        actual=f"{case.target.scheme} on port {case.target.port}",
    )
