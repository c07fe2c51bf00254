"""Cases of order and completeness: late punches are kept, nothing is lost, nothing invented (CB-ORD)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from camsim import chance
from camsim.protocol.facts import Punch

from .builder import DAY, HOUR, MINUTE, Maker
from .cases import Case, Expect
from .punches import people_of, stored_case

QUARANTINE = 80 * DAY  # live receivers set aside what is older than 90 days (field notes): only recorded


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield from older(make, "CB-ORD-001")
    yield complete(make, "CB-ORD-002")
    user = make.user()
    yield stored_case(make, "CB-ORD-002", "in-without-out", make.punch(user, make.ago(26 * HOUR)))
    if "photo" in make.profile.features:
        yield _photographed(make)
    yield Case("CB-ORD-002", "never-punched", (), Expect((make.user(),)))
    yield cached(make, "CB-ORD-003")
    yield from _calendar(make)


def older(make: Maker, requirement: str) -> Iterator[Case]:
    """New first, old after it."""
    for name, age in {"hour-older": HOUR, "day-older": DAY}.items():
        user = make.user()
        new, old = make.punch(user, type_="CheckOut"), make.punch(user, make.ago(15 * MINUTE + age))
        yield stored_case(make, requirement, name, new, old)
    user = make.user()
    falling = [make.punch(user, make.ago((20 + 90 * n) * MINUTE), "CheckOut" if n % 2 else "CheckIn") for n in range(5)]
    yield stored_case(make, requirement, "five-falling", *falling)


def complete(make: Maker, requirement: str) -> Case:
    """Four days of three people, in order."""
    day = (("CheckIn", 9), ("BreakOut", 13), ("BreakIn", 14), ("CheckOut", 18))
    punches = []
    for who, user in enumerate(make.users(3)):
        for back in range(4, 0, -1):
            # Counted back from the start of the run, so nothing lies ahead of the target's clock.
            start = make.ago(back * DAY + 20 * HOUR)
            for type_, hour in day:
                jitter = chance.between(0, 1500, make.profile.seed, str(who), f"day/{type_}", back)
                punches.append(make.punch(user, start + hour * HOUR + jitter, type_))
    punches.sort(key=lambda punch: punch.log_time)
    return stored_case(make, requirement, "four-days", *punches)


def _photographed(make: Maker) -> Case:
    """The printed photo is eight seconds younger than its printed punch: taken for a punch, it doubles each."""
    user, other = make.users(2)
    at = make.ago(5 * HOUR)
    punch = make.punch(user, at, "CheckOut")
    steps = (make.step(punch), make.step(make.photo(user, at + 8)), make.step(make.photo(other, at)))
    return Case("CB-ORD-002", "photos-are-no-punches", steps, Expect((user, other), (punch,)))


def cached(make: Maker, requirement: str) -> Case:
    """A hundred cached punches in a seeded order, with live ones between."""
    people = make.users(5)
    seed = make.profile.seed
    base = make.ago(2 * DAY)
    old = [
        make.punch(
            user, base + n * 97 * MINUTE // 10 * 10 + chance.between(0, 500, seed, str(who), "cached", n), _type(n)
        )
        for who, user in enumerate(people)
        for n in range(20)
    ]
    live_user = make.user()
    live = [make.punch(live_user, make.ago((14 - n) * MINUTE), _type(n)) for n in range(12)]
    mixed: list[Punch] = chance.shuffled(old, seed, "", "cached order")
    for n, punch in enumerate(live):
        mixed.insert(4 + n * 9, punch)
    steps = tuple(make.step(punch) for punch in mixed)
    return Case(requirement, "hundred", steps, Expect(people_of(tuple(mixed)), tuple(mixed)), lanes=2)


def _type(n: int) -> str:
    return "CheckOut" if n % 2 else "CheckIn"


def _calendar(make: Maker) -> Iterator[Case]:
    user = make.user()
    yield stored_case(make, "CB-ORD-004", "thirty-days-old", make.punch(user), make.punch(user, make.ago(30 * DAY)))
    for name, edge in edges(make).items():
        user = make.user()
        punches = (make.punch(user, edge + 40), make.punch(user, edge - 35, "CheckOut"), make.punch(user, edge))
        case = stored_case(make, "CB-ORD-004", name, *punches)
        if make.now - edge <= QUARANTINE:
            yield case
        else:
            yield Case(case.requirement, name, case.steps, case.expect, record=True)


def edges(make: Maker) -> dict[str, int]:
    """The last midnight, month's end and year's end on the device's wall clock, at least an hour ago, as instants."""
    zone = timedelta(minutes=make.offset)
    wall = datetime.fromtimestamp(make.now - HOUR, UTC) + zone
    midnight = wall.replace(hour=0, minute=0, second=0)
    found = {"midnight": midnight, "month": midnight.replace(day=1), "year": midnight.replace(day=1, month=1)}
    return {name: int((edge - zone).timestamp()) for name, edge in found.items()}
