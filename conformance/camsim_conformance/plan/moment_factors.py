"""The factors of the moment of a punch, and of its reading: its hour, its weekday, how warm the person was.

No row asks for these: they follow from when a run is and from what it tells. Who breaks at noon, on Sundays or above
37.5 degrees is told by them, and not by what happens to go with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from .values import Factor, Value

_CALENDAR = ("CB-ORD-004", "V2-ORD-001")
_SENSORS = ("CB-PUNCH-004", "V2-PUNCH-004")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BEFORE_HOURS = (4, 5, 6, 8, 12)  # where a receiver may begin a day, a shift or a half of the day
FROM_HOURS = (18, 20, 22)
FEVER, COLD = 37.5, 36.0  # degrees Celsius
LAST_MONTH = 12


def _hours() -> Iterator[Value]:
    yield Value("any", "at any hour", "", "", usual=True, crossed=False)
    for hour in range(24):
        yield Value(str(hour), f"on the device's clock at {hour:02}:xx", *_CALENDAR, crossed=False)


def _weekdays(clock: str = "") -> Iterator[Value]:
    yield Value("any", f"on any day of the week{clock}", "", "", usual=True, crossed=False)
    for name in WEEKDAYS:
        yield Value(name, f"on a {name}{clock}", *_CALENDAR, crossed=False)


def _if(name: str, phrase: str, otherwise: str, v3: str, v2: str) -> Factor:
    """A factor that says that something is so."""
    plain = Value("no", otherwise, "", "", usual=True, crossed=False)
    return Factor(name, (plain, Value("yes", phrase, v3, v2, crossed=False)))


def _parts_of_a_day() -> Iterator[Factor]:
    for hour in BEFORE_HOURS:
        phrase = f"between 00:00 and {hour - 1:02}:59 on the device's clock"
        yield _if(f"clock:before-{hour}", phrase, f"not {phrase}", *_CALENDAR)
    for hour in FROM_HOURS:
        phrase = f"between {hour}:00 and 23:59 on the device's clock"
        yield _if(f"clock:from-{hour}", phrase, f"not {phrase}", *_CALENDAR)


MOMENT_FACTORS: tuple[Factor, ...] = (
    Factor("hour", tuple(_hours())),
    *_parts_of_a_day(),
    _if("clock:midnight", "at 00:00:00 on the device's clock", "not at 00:00:00 on the device's clock", *_CALENDAR),
    Factor("weekday", tuple(_weekdays())),
    Factor("utc-weekday", tuple(_weekdays(" in UTC"))),
    _if(
        "month-day",
        "on a day whose number could be that of another month",
        "on a day whose number can be taken for no other month",
        *_CALENDAR,
    ),
    Factor(
        "warmth",
        (
            Value("usual", "of a usual Temperature", "", "", usual=True, crossed=False),
            Value("fever", f"with a Temperature above {FEVER}", *_SENSORS, crossed=False),
            Value("cold", f"with a Temperature below {COLD:g}", *_SENSORS, crossed=False),
        ),
    ),
)
