"""Order and completeness: late punches are kept, nothing is lost, nothing invented (CB-ORD)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim import chance
from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import AttendanceType, InputType
from camsim_conformance.findings.told import FIELDS, ROWS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.calendar import edges
from camsim_conformance.plan.cases import Case, Expect
from camsim_conformance.plan.run_facts import DAY, HOUR, MINUTE

from .registry import requirement
from .test_photos import LATER_S
from .test_punches import in_turn

_TYPES, _METHODS = tuple(AttendanceType), tuple(InputType)
SHIFT = (("CheckIn", 9), ("BreakOut", 13), ("BreakIn", 14), ("CheckOut", 18))


def older(make: Builder) -> Iterator[Case]:
    """New first, old after it."""
    for name, age in {"hour-older": HOUR, "day-older": DAY}.items():
        user = make.user()
        new, old = make.punch(user, type_="CheckOut"), make.punch(user, make.ago(15 * MINUTE + age))
        yield in_turn(make, name, new, old)
    user = make.user()
    falling = [make.punch(user, make.ago((20 + 90 * n) * MINUTE), in_or_out(n)) for n in range(5)]
    yield in_turn(make, "five-falling", *falling)
    # The same bytes are sent until they are acknowledged: after an outage the message itself is hours old.
    old = make.punch(make.user(), make.ago(5 * HOUR))
    step = make.step(old, time_s=old.log_time + 5, values={"sent": "hours-ago"})
    yield Case("old-message", (step,), Expect.rows(old))


def in_or_out(n: int) -> str:
    """In for the even ones, out for the odd ones."""
    return "CheckOut" if n % 2 else "CheckIn"


@requirement("CB-ORD-001", cases=older)
def test_an_older_punch_is_kept(case: Observed) -> None:
    """A punch that is older than one already stored is kept."""
    case.state = as_told(case, *ROWS, *FIELDS)


def _sets(make: Builder) -> Iterator[Case]:
    yield four_days(make)
    user = make.user()
    yield in_turn(make, "in-without-out", make.punch(user, make.ago(26 * HOUR)))
    if make.claims("photo"):
        yield _photographed(make)
    yield never_punched(make)


def four_days(make: Builder) -> Case:
    """Four days of two people, in order."""
    punches = []
    for who, user in enumerate(make.users(2)):
        for back in range(4, 0, -1):
            # Counted back from the start of the run, so nothing lies ahead of the target's clock.
            start = make.ago(back * DAY + 20 * HOUR)
            for type_, hour in SHIFT:
                jitter = chance.between(0, 1500, make.profile.seed, str(who), f"day/{type_}", back)
                punches.append(make.punch(user, start + hour * HOUR + jitter, type_))
    punches.sort(key=lambda punch: punch.log_time)
    return in_turn(make, "four-days", *punches)


def _photographed(make: Builder) -> Case:
    """The printed photo is eight seconds younger than its printed punch: taken for a punch, it doubles each."""
    user, other = make.users(2)
    at = make.ago(5 * HOUR)
    punch = make.punch(user, at, "CheckOut")
    steps = (make.step(punch), make.step(make.photo(user, at + LATER_S)), make.step(make.photo(other, at)))
    return Case("photos-are-no-punches", steps, Expect((user, other), (punch,)))


def never_punched(make: Builder) -> Case:
    """A person nothing is sent of, and nothing may be stored of."""
    return Case("never-punched", (), Expect((make.user(),)))


@requirement("CB-ORD-002", cases=_sets)
def test_the_stored_set_is_the_sent_set(case: Observed) -> None:
    """The stored set is the sent set: nothing missing, nothing invented."""
    case.state = as_told(case, *ROWS)


def cached(make: Builder) -> Iterator[Case]:
    """A hundred cached punches in a seeded order, with live ones between."""
    old = _cached_punches(make)
    live_user = make.user()
    live = [make.punch(live_user, make.ago((14 - n) * MINUTE), in_or_out(n)) for n in range(12)]
    mixed: list[Punch] = chance.shuffled(old, make.profile.seed, "", "cached order")
    for n, punch in enumerate(live):
        mixed.insert(4 + n * 9, punch)
    # And what the busiest of them punched first comes again, when the device has told all.
    copied = next(punch for punch in mixed if punch.user_id == old[0].user_id)
    steps = (*make.steps(mixed), make.step(copied))
    yield Case("hundred", steps, Expect.rows(*mixed), at_once=2)


def _cached_punches(make: Builder) -> list[Punch]:
    """One person punches 44 times within 32 hours, of every Type and by every method; four others 14 times each: who
    keeps so many of a person, of a day or of a kind has something to drop."""
    base = make.ago(2 * DAY)
    punches = []
    for who, user in enumerate(make.users(5)):
        count = 14 if who else 44
        for n in range(count):
            # At even distances, on a whole ten seconds before the seeded part.
            at = base + n * (32 * HOUR // count) // 10 * 10
            at += chance.between(0, 500, make.profile.seed, str(who), "cached", n)
            type_ = in_or_out(n) if who else _TYPES[n % len(_TYPES)]
            punches.append(make.punch(user, at, type_, "Face" if who else _METHODS[n % len(_METHODS)]))
    return punches


@requirement("CB-ORD-003", cases=cached)
def test_a_hundred_cached_punches_are_kept(case: Observed) -> None:
    """A hundred cached punches, shuffled and mixed with live ones, are all kept."""
    case.state = as_told(case, *ROWS, *FIELDS)


def _calendar(make: Builder) -> Iterator[Case]:
    user = make.user()
    yield in_turn(make, "thirty-days-old", make.punch(user), make.punch(user, make.ago(30 * DAY)))
    yield from edges(make)


@requirement("CB-ORD-004", cases=_calendar)
def test_old_punches_and_calendar_edges_keep_their_place(case: Observed) -> None:
    """Punches of 30 days ago, and around midnight, the end of a month and the end of a year, keep their place."""
    case.state = as_told(case, *ROWS, Aspect.INSTANT)
