"""Cases of time: the moment of LogTime survives offsets (CB-TIME)."""

from __future__ import annotations

from collections.abc import Iterator

from .builder import DAY, HOUR, MINUTE, Maker
from .cases import Case, Expect

ODD_OFFSETS = {"minus-0330": -210, "plus-0545": 345, "plus-1400": 840, "plus-0000": 0}


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield from moments(make, "CB-TIME-001")
    at = make.ago(3 * HOUR)
    people = make.users(2)
    same = tuple(make.punch(user, at, offset=offset) for user, offset in zip(people, (330, 60), strict=True))
    yield Case("CB-TIME-002", "one-instant", tuple(make.step(punch) for punch in same), Expect(tuple(people), same))
    user = make.user()
    pair = (make.punch(user, at, offset=330), make.punch(user, at + 30 * MINUTE, "CheckOut", offset=0))
    yield Case("CB-TIME-002", "order", tuple(make.step(punch) for punch in pair), Expect((user,), pair))
    for name, offset in ODD_OFFSETS.items():
        punch = make.punch(make.user(), at, offset=offset)
        yield Case("CB-TIME-003", name, (make.step(punch),), Expect((punch.user_id,), (punch,)))


def moments(make: Maker, requirement: str) -> Iterator[Case]:
    """Instants whose day, hour and second a careless target gets wrong."""
    wall_night = (make.now + make.offset * 60 - HOUR) // DAY * DAY + 2 * HOUR - make.offset * 60
    night = wall_night if wall_night < make.now - HOUR else wall_night - DAY
    afternoon = night - 11 * HOUR + 20 * MINUTE  # 15:20 the day before
    for name, at in {
        "minutes-old": make.ago(11 * MINUTE),
        "hours-old": make.ago(7 * HOUR),
        "two-at-night": night,  # another day in UTC than on the device's wall
        "afternoon": afternoon,  # twelve hours earlier on a clock without AM and PM
        "odd-second": make.ago(2 * HOUR) + 37,
    }.items():
        punch = make.punch(make.user(), at)
        yield Case(requirement, name, (make.step(punch),), Expect((punch.user_id,), (punch,)))
