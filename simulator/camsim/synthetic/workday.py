"""A realistic working day: who punches when, how and in which direction; and the rush at the start of a shift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from camsim import chance
from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import AttendanceType, InputType

DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60
RUSH_S = 10 * MINUTE_S
RUSH_SHARE = 0.8

ABSENT = 0.05
BREAK = 0.2
LUNCH = 0.7
OVERTIME = 0.06
OTHER_INPUT = 0.1

_HABITS = (
    (InputType.FACE, 45),
    (InputType.FINGERPRINT, 33),
    (InputType.CARD, 12),
    (InputType.PALM, 7),
    (InputType.PASSWORD, 3),
)
# Most people who go out for lunch press the same keys as in the morning and evening; some know the menu.
_LUNCH_KEYS = (
    ((AttendanceType.CHECK_OUT, AttendanceType.CHECK_IN), 6),
    ((AttendanceType.BREAK_OUT, AttendanceType.BREAK_IN), 2),
    ((AttendanceType.MEAL_OUT, AttendanceType.MEAL_IN), 2),
)


class User(Protocol):
    """Anybody with a UserID."""

    @property
    def user_id(self) -> str: ...


class Terminal(Protocol):
    """What a device can read at a punch; every device model is one."""

    @property
    def inputs(self) -> tuple[InputType, ...]: ...

    @property
    def camera(self) -> bool: ...

    @property
    def temperature_sensor(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Equipped:
    """A terminal with all the hardware there is."""

    inputs: tuple[InputType, ...] = tuple(InputType)
    camera: bool = True
    temperature_sensor: bool = True


EQUIPPED = Equipped()


class _Day(msgspec.Struct, frozen=True):
    """One person's dice for one day."""

    seed: int
    user_id: str
    number: int

    def happens(self, probability: float, what: str) -> bool:
        return chance.happens(probability, self.seed, self.user_id, f"day/{what}", self.number)

    def about(self, middle_s: float, spread_s: float, what: str) -> int:
        """Seconds around `middle_s`, bell-shaped, never further away than `spread_s`."""
        draws = (chance.fraction(self.seed, self.user_id, f"day/{what}/{part}", self.number) for part in range(3))
        return int(middle_s + spread_s * (sum(draws) * 2 / 3 - 1))


def working_day(
    seed: int, people: Iterable[User], day_start_s: int, offset: int, terminal: Terminal = EQUIPPED
) -> list[Punch]:
    """The punches of one day at that terminal, sorted by time (LogTime, then UserID).

    `day_start_s` is local midnight in UTC epoch seconds, `offset` the device's minutes east of UTC.
    """
    number = (day_start_s + offset * MINUTE_S) // DAY_S
    punches: list[Punch] = []
    for user in people:
        day = _Day(seed, user.user_id, number)
        for turn, (second, kind) in enumerate(_movements(day)):
            punches.append(_punch(day, day_start_s + second, offset, kind, terminal, turn))
    return sorted(punches, key=lambda punch: (punch.log_time, punch.user_id))


def _movements(day: _Day) -> Iterator[tuple[int, AttendanceType]]:
    """One person's way through the day as (second of the day, key pressed), in order of time."""
    if day.happens(ABSENT, "absent"):
        return
    yield day.about(9 * HOUR_S, 40 * MINUTE_S, "arrival"), AttendanceType.CHECK_IN
    if day.happens(BREAK, "morning"):
        yield from _away(
            day, 10.75 * HOUR_S, 15 * MINUTE_S, "morning", AttendanceType.BREAK_OUT, AttendanceType.BREAK_IN
        )
    if day.happens(LUNCH, "lunch"):
        keys = chance.weighted(_LUNCH_KEYS, day.seed, day.user_id, "lunch keys", 0)
        yield from _away(day, 12.75 * HOUR_S, 45 * MINUTE_S, "lunch", *keys)
    if day.happens(BREAK, "afternoon"):
        yield from _away(
            day, 15.5 * HOUR_S, 15 * MINUTE_S, "afternoon", AttendanceType.BREAK_OUT, AttendanceType.BREAK_IN
        )
    leave = day.about(18 * HOUR_S, 50 * MINUTE_S, "departure")
    yield leave, AttendanceType.CHECK_OUT
    if day.happens(OVERTIME, "overtime"):
        begin = leave + day.about(8 * MINUTE_S, 5 * MINUTE_S, "overtime/begin")
        yield begin, AttendanceType.OVERTIME_IN
        yield begin + day.about(2 * HOUR_S, HOUR_S, "overtime/length"), AttendanceType.OVERTIME_OUT


def _away(
    day: _Day, middle_s: float, length_s: float, what: str, out: AttendanceType, back: AttendanceType
) -> Iterator[tuple[int, AttendanceType]]:
    leave = day.about(middle_s, 25 * MINUTE_S, f"{what}/leave")
    yield leave, out
    yield leave + day.about(length_s, length_s / 2, f"{what}/length"), back


def _punch(day: _Day, log_time: int, offset: int, kind: AttendanceType, terminal: Terminal, turn: int) -> Punch:
    # Hardware that is missing brings no member: the page prints Temperature and FaceMask as optional (v3, #11).
    temperature = mask = None
    if terminal.temperature_sensor:
        temperature = round(36.1 + day.about(55, 55, f"temperature/{turn}") / 100, 1)
    if terminal.camera:
        mask = day.happens(0.05, f"mask/{turn}")
    return Punch(
        user_id=day.user_id,
        log_time=log_time,
        offset=offset,
        type=kind,
        input=_input(day, terminal.inputs, turn),
        temperature=temperature,
        mask=mask,
    )


def _input(day: _Day, able: Sequence[InputType], turn: int) -> InputType:
    """A person has a habit and now and then does otherwise; only what the device can read counts."""
    options = [(kind, weight) for kind, weight in _HABITS if kind in able]
    if day.happens(OTHER_INPUT, f"input/{turn}"):
        return chance.weighted(options, day.seed, day.user_id, f"day/other input/{turn}", day.number)
    return chance.weighted(options, day.seed, day.user_id, "habit", 0)


def arrivals(seed: int, people_count: int, start_s: int, duration_s: int) -> list[int]:
    """When `people_count` people arrive for a shift: sorted seconds in [start_s, start_s + duration_s).

    Four of five come in the ten minutes around the middle (all of them evenly when the whole is shorter than that).
    """
    if duration_s <= 0:
        raise ValueError(f"arrivals: duration_s is {duration_s}; it must be at least 1 second")
    rush = min(RUSH_S, duration_s)
    first = (duration_s - rush) // 2
    return sorted(start_s + _arrival(seed, n, first, rush, duration_s) for n in range(people_count))


def _arrival(seed: int, n: int, first: int, rush: int, duration_s: int) -> int:
    low, length = (first, rush) if chance.happens(RUSH_SHARE, seed, "", "shift/rush", n) else (0, duration_s)
    return low + int(chance.fraction(seed, "", "shift/arrival", n) * length)
