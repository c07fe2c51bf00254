"""When a punch was and among how many: the values of plan/moment_factors and plan/crowd_factors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from camsim.protocol.facts import Punch

from .crowd_factors import over
from .factors import DAY
from .moment_factors import BEFORE_HOURS, COLD, FEVER, FROM_HOURS, LAST_MONTH, WEEKDAYS
from .punch_values import Sent, key_of, others, punches, wall


def moment_values(punch: Punch) -> dict[str, str]:
    """What the clock of the device shows at a punch, and how warm the person is."""
    clock = datetime.fromtimestamp(wall(punch), UTC)
    found = {"hour": str(clock.hour), "weekday": WEEKDAYS[clock.weekday()]}
    found["utc-weekday"] = WEEKDAYS[datetime.fromtimestamp(punch.log_time, UTC).weekday()]
    found.update({f"clock:before-{hour}": "yes" for hour in BEFORE_HOURS if clock.hour < hour})
    found.update({f"clock:from-{hour}": "yes" for hour in FROM_HOURS if clock.hour >= hour})
    if wall(punch) % DAY == 0:
        found["clock:midnight"] = "yes"
    if clock.day <= LAST_MONTH and clock.day != clock.month:
        found["month-day"] = "yes"
    if punch.temperature is not None and punch.temperature > FEVER:
        found["warmth"] = "fever"
    elif punch.temperature is not None and punch.temperature < COLD:
        found["warmth"] = "cold"
    return found


def crowd_values(history: Sequence[Sent], place: int) -> dict[str, str]:
    """How many punches of its person lie around the one that is told at a place of the history."""
    key, punch = key_of(history[place]), history[place].told.punch
    if key is None or punch is None:
        return {}
    place = punches(history)[key]
    rest = list(others(history, key, punch))
    earlier = [other for at, other in rest if at < place]
    day = wall(punch) // DAY
    return {
        **over("had", len(earlier)),
        **over("more", len(rest) - len(earlier)),
        **over("left", sum(other.log_time > punch.log_time for _, other in rest)),
        **over("utc-day-had", sum(other.log_time // DAY == punch.log_time // DAY for other in earlier)),
        **over("day-had", sum(wall(other) // DAY == day for other in earlier)),
        **over("type-had", sum(other.type == punch.type for other in earlier)),
        **over("input-had", sum(other.input == punch.input for other in earlier)),
    }
