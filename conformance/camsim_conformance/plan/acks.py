"""Cases of acknowledgement: every operation, whatever becomes of it inside, in time (CB-ACK, CB-ORD-005, CB-PHOTO)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from camsim.protocol.facts import Fact
from camsim.protocol.v3.messages import callback_name
from camsim.protocol.vocabulary import TemplateType as Kind

from .builder import DAY, HOUR, MINUTE, Maker
from .cases import Case, Expect, Stage, Step

TRIES = 3  # of what is timed: the first and two spares


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield from _operations(make)
    yield from _unprocessable(make)
    yield from _in_time(make)
    yield Case("CB-ACK-004", "punch", (make.step(make.punch(make.user())),), stage=Stage.QUIET)
    yield from _groups(make)
    yield from _photo_order(make)
    yield from _photos(make)
    yield Case("CB-PORT-001", "url")
    yield Case("CB-RES-001", "storm")


def every_operation(make: Maker, user: str) -> list[Fact]:
    """One fact for each of the 11 callbacks, all of one person."""
    single = [make.updated(user, make.template(user, kind), first="", last="") for kind in (Kind.CARD, Kind.PASSWORD)]
    single += [
        make.updated(user, make.template(user, kind))
        for kind in (Kind.FINGERPRINT, Kind.FACE, Kind.PALM, Kind.USER_PHOTO)
    ]
    at = make.ago(20 * MINUTE)
    return [
        make.deleted(make.user()),
        make.date(make.now),
        make.updated(user),
        *single,
        make.photo(user, at),
        make.punch(user, at, "CheckOut", "Fingerprint"),
    ]


def _operations(make: Maker) -> Iterator[Case]:
    for fact in every_operation(make, make.user()):
        yield Case("CB-ACK-001", callback_name(fact), (make.step(fact),), stage=Stage.QUIET)


def _unprocessable(make: Maker) -> Iterator[Case]:
    def case(name: str, step: Step) -> Case:
        return Case("CB-ACK-002", name, (step,))

    yield case("unknown-user", make.step(make.punch(make.stranger())))
    yield case("unknown-user-deleted", make.step(make.deleted(make.stranger())))
    yield case("zero-log-time", _altered(make, LogTime="0000-00-00 00:00:00 GMT +0000"))
    yield case("empty-log-time", _altered(make, LogTime=""))
    yield case("far-future", make.step(make.punch(make.user(), make.now + 4 * 365 * DAY)))
    yield case("unknown-type", _altered(make, Type="Siesta"))
    yield case("unknown-input-type", _altered(make, InputType="Iris"))
    yield case("clock-back-to-2000", make.step(make.date(946_684_800)))


def _altered(make: Maker, **members: object) -> Step:
    message = make.message(make.punch(make.user()))
    message["RealTime"]["PunchLog"].update(members)
    return make.json(message, what="RealTimePunchLog")


def _in_time(make: Maker) -> Iterator[Case]:
    kinds: dict[str, Callable[[str], Fact]] = {
        "punch": lambda user: make.punch(user),
        "photo": lambda user: make.photo(user, make.ago(15 * MINUTE)),
        "face": lambda user: make.updated(user, make.template(user, Kind.FACE)),
    }
    for name, fact in kinds.items():
        first, *spares = [(make.step(fact(make.user())),) for _ in range(TRIES)]
        yield Case("CB-ACK-003", name, first, stage=Stage.QUIET, spares=tuple(spares))
    yield busy(make, "CB-ACK-003")


def busy(make: Maker, requirement: str) -> Case:
    """Four devices at once, three punches each."""
    first, *spares = [_burst(make) for _ in range(TRIES)]
    return Case(requirement, "busy", first, stage=Stage.BUSY, lanes=4, spares=tuple(spares))


def _burst(make: Maker) -> tuple[Step, ...]:
    return tuple(make.step(make.punch(make.stranger(), make.ago(n * MINUTE))) for n in range(12))


def _groups(make: Maker) -> Iterator[Case]:
    groups = {
        "card-and-pin": (Kind.CARD, Kind.PASSWORD),
        "face-and-card": (Kind.FACE, Kind.CARD),
        "all-six": tuple(Kind),
        "empty-array": (),
    }
    for name, kinds in groups.items():
        user = make.user()
        fact = make.updated(user, *(make.template(user, kind) for kind in kinds))
        yield Case("CB-ACK-005", name, (make.step(fact),))
    user = make.user()
    fingers = [make.template(user, Kind.FINGERPRINT, index) for index in (0, 1)]
    yield Case("CB-ACK-005", "two-fingers", (make.step(make.updated(user, *fingers)),))


def _photo_order(make: Maker) -> Iterator[Case]:
    at = make.ago(2 * HOUR)
    orders = {"before": (0, 1), "after": (1, 0), "alone": (0,)}
    for name, order in orders.items():
        user = make.user()
        both = [make.step(make.photo(user, at)), make.step(make.punch(user, at))]
        yield Case("CB-ORD-005", name, tuple(both[n] for n in order))
    user = make.user()
    yield Case(
        "CB-ORD-005", "eight-seconds-off", (make.step(make.punch(user, at)), make.step(make.photo(user, at + 8)))
    )


def _photos(make: Maker) -> Iterator[Case]:
    at = make.ago(3 * HOUR)
    for name, order in {"photo-first": (0, 1), "punch-first": (1, 0)}.items():
        user = make.user()
        punch = make.punch(user, at)
        both = [make.step(make.photo(user, at)), make.step(punch)]
        yield Case("CB-PHOTO-001", name, tuple(both[n] for n in order), Expect((user,), (punch,)))
    user = make.user()
    once = make.step(make.photo(user, at))
    yield Case("CB-PHOTO-002", "twice", (once, once))
    user = make.user()
    yield Case("CB-PHOTO-002", "three-of-one-user", tuple(make.step(make.photo(user, at + n * 60)) for n in range(3)))
