"""Time: the moment of LogTime survives offsets (CB-TIME)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim_conformance.findings.times import one_time
from camsim_conformance.findings.told import as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.run_facts import DAY, HOUR, MINUTE, SPREAD_S

from .registry import requirement
from .test_punches import in_turn

ODD_OFFSETS = {"minus-0330": -210, "plus-0545": 345, "plus-1400": 840, "plus-0000": 0}


def moments(make: Builder) -> Iterator[Case]:
    """Instants whose day, hour and second a careless target gets wrong."""
    night = _night(make)
    afternoon = night - 11 * HOUR + 20 * MINUTE  # 15:20 the day before
    instants = {
        "minutes-old": make.ago(11 * MINUTE),
        "hours-old": make.ago(7 * HOUR),
        "two-at-night": night,  # another day in UTC than on the device's wall
        "afternoon": afternoon,  # twelve hours earlier on a clock without AM and PM
        "odd-second": make.ago(2 * HOUR) + 37,
    }
    for name, at in instants.items():
        yield in_turn(make, name, make.punch(make.user(), at))


def _night(make: Builder) -> int:
    """The last two o'clock on the device's wall, at least an hour ago."""
    ahead = make.offset * 60
    night = (make.now + ahead - HOUR) // DAY * DAY + 2 * HOUR - ahead + make.jitter
    return night if night < make.now - HOUR else night - DAY


@requirement("CB-TIME-001", cases=moments)
def test_the_stored_time_is_right(case: Observed) -> None:
    """The stored time is the instant of LogTime, or the device's wall clock where the adapter declares that policy."""
    case.state = as_told(case, Aspect.ROW, Aspect.INSTANT)


def _two_offsets(make: Builder) -> Iterator[Case]:
    at = make.ago(3 * HOUR)
    one, other = make.users(2)
    yield in_turn(make, "one-instant", make.punch(one, at, offset=330), make.punch(other, at, offset=60))
    user = make.user()
    later = make.punch(user, at + 30 * MINUTE, "CheckOut", offset=0)
    yield in_turn(make, "order", make.punch(user, at, offset=330), later)


@requirement("CB-TIME-002", cases=_two_offsets)
def test_one_instant_is_one_time(case: Observed) -> None:
    """One instant told in two offsets is one time, and order holds across offsets."""
    case.state = one_time(case)


def _odd_offsets(make: Builder) -> Iterator[Case]:
    # Three people were made since CB-TIME-002 took its instant: the same one, in yet other offsets.
    at = make.ago(3 * HOUR) + 3 * SPREAD_S
    for name, offset in ODD_OFFSETS.items():
        yield in_turn(make, name, make.punch(make.user(), at, offset=offset))


@requirement("CB-TIME-003", cases=_odd_offsets)
def test_odd_offsets_are_read(case: Observed) -> None:
    """Offsets of half and quarter hours, west of UTC and far east, are read: -0330, +0545, +1400."""
    case.state = as_told(case, Aspect.ROW, Aspect.INSTANT)
