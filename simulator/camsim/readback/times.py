"""A stored time in any form that databases and programs keep: what it says of the instant and of the wall clock."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from camsim.protocol import timestamps

from .model import ReadBackError, TimePolicy

# Beyond it a number counts milliseconds: as seconds it would lie after the year 5138, as milliseconds in March 1973.
MOST_SECONDS = 100_000_000_000
_YEAR_S = 31_556_952
EARLIEST, LATEST = 946_684_800, 4_102_444_800  # the years 2000 and 2100
FORMS = (
    "2020-09-17T02:18:22Z, 2020-09-17T07:48:22+05:30, 2020-09-17 07:48:22 GMT +0530, or epoch seconds or milliseconds"
)


class Moment(NamedTuple):
    """What a stored time tells: epoch seconds of the instant, and its wall clock counted as UTC; None is not told."""

    instant: int | None
    wall: int | None


def seconds_of(value: object, policy: TimePolicy, source: str) -> int:
    """Epoch seconds of a stored time: the instant, or the wall clock counted as UTC. Raises: ReadBackError."""
    try:
        moment = moment_of(value)
    except ValueError:
        raise ReadBackError(f"{source}: time {value!r} cannot be read; write {FORMS}") from None
    if policy == "device-local" and moment.wall is not None:
        return moment.wall
    if moment.instant is None:
        # A time without offset could mean any zone: guessing one would hide the very fault that is looked for.
        raise ReadBackError(
            f"{source}: time {value!r} has no offset, and time_policy is instant: tell it with its offset, or in UTC "
            'with a Z (2020-09-17T02:18:22Z), or declare time_policy "device-local" when it is the device wall clock'
        )
    # A number says no wall clock: it stands for itself under both policies.
    return moment.instant


def moment_of(value: object) -> Moment:
    """Read a number, a datetime or a text. Raises: ValueError for what is no time."""
    if isinstance(value, datetime):
        return _of_datetime(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Moment(_epoch(value), None)
    text = str(value).strip()
    # Digits first: ISO 8601 has a form of nothing but digits, and would take some milliseconds for a date.
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return Moment(_epoch(Decimal(text)), None)
    try:
        return _of_datetime(datetime.fromisoformat(text))
    except ValueError:
        return _of_wire(text)


def _epoch(value: float | Decimal) -> int:
    if not math.isfinite(value):
        raise ValueError(value)
    if not -MOST_SECONDS <= value <= MOST_SECONDS:
        return math.floor(value / 1000)
    return math.floor(value)


def _of_datetime(moment: datetime) -> Moment:
    wall = math.floor(moment.replace(tzinfo=UTC).timestamp())
    if moment.tzinfo is None:
        return Moment(None, wall)
    return Moment(math.floor(moment.timestamp()), wall)


def _of_wire(text: str) -> Moment:
    """LogTime as it was sent, `2020-09-17 07:48:22 GMT +0530`, also with one-digit parts. Raises: ValueError."""
    stamp = timestamps.parse(text)
    if stamp.offset is None:
        return Moment(None, stamp.epoch_s)
    return Moment(stamp.epoch_s, stamp.epoch_s + stamp.offset * 60)


def unit_hint(seconds: int) -> str | None:
    """Why a stored time is no time of a person's punch, for one before 2000 or after 2100; None for the others."""
    if EARLIEST <= seconds < LATEST:
        return None
    year = 1970 + seconds // _YEAR_S
    for unit, scale in _UNITS.items():
        if EARLIEST <= seconds * scale < LATEST:
            return f"the year {year}; counted in {unit} it would be plausible"
    return f"the year {year}"


# Seconds that one of what was taken for a second would be. What is beyond MOST_SECONDS was divided by a thousand.
_UNITS: dict[str, float] = {
    "minutes": 60,
    "hours": 3600,
    "days": 86_400,
    "thousands of seconds": 1000,
    "microseconds": 1 / 1000,
    "nanoseconds": 1 / 1_000_000,
}
