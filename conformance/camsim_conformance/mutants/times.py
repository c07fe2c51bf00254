"""Receivers that store another moment than the one they were told."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from camsim.protocol import timestamps
from camsim.receiver.memory import Policy
from camsim.receiver.memory.readback import wall
from camsim.receiver.memory.records import Punch
from camsim.receiver.memory.store import Store

from .groups import PUNCHES
from .model import because, mutant

_COMPARED = because("the time of a stored punch is compared there too", *PUNCHES)
_OFFSETS = because("has punches in that offset", "CB-TIME-002", "CB-TIME-003", "CB-DEV-001", "CB-ORD-004")


class Shifted(Policy):
    """Reads another offset than the one that stands there."""

    def offset(self, told: int) -> int:
        """Minutes east as this receiver takes them."""
        raise NotImplementedError

    def moment(self, stamp: str) -> tuple[int, int]:
        at, told = super().moment(stamp)
        taken = self.offset(told)
        return at + 60 * (told - taken), taken


@mutant("offset-dropped", "drops the offset: the wall clock is stored as UTC", "CB-TIME-001", _COMPARED)
class OffsetDropped(Shifted):
    def offset(self, told: int) -> int:
        return 0


@mutant("offset-twice", "applies the offset in the wrong direction", "CB-TIME-001", _COMPARED)
class OffsetTwice(Shifted):
    def offset(self, told: int) -> int:
        return -told


@mutant("half-hours-dropped", "reads the hours of an offset and not its minutes", "CB-TIME-001", _COMPARED)
class HalfHoursDropped(Shifted):
    def offset(self, told: int) -> int:
        # Towards nought: -03:30 becomes -03:00, as when its hours are read as a number and its minutes dropped.
        hours = abs(told) // 60 * 60
        return hours if told >= 0 else -hours


@mutant("sign-dropped", "takes every offset for one east of UTC", "CB-TIME-003", _OFFSETS)
class SignDropped(Shifted):
    def offset(self, told: int) -> int:
        return abs(told)


@mutant("quarter-hours-dropped", "rounds offsets to half hours", "CB-TIME-003", _OFFSETS)
class QuarterHoursDropped(Shifted):
    def offset(self, told: int) -> int:
        return told // 30 * 30


@mutant("far-east-capped", "knows no offset beyond twelve hours", "CB-TIME-003", _OFFSETS)
class FarEastCapped(Shifted):
    def offset(self, told: int) -> int:
        return min(told, 720)


@mutant("one-zone", "takes every time for one of +0530", "CB-TIME-002 CB-TIME-003", _OFFSETS)
class OneZone(Shifted):
    def offset(self, told: int) -> int:
        return 330


@mutant("zone-change-lost", "drops a person's punches of another zone than the first", "CB-TIME-002", _OFFSETS)
class ZoneChangeLost(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        stored = store.punches.get(punch.user, ())
        if any(one.offset != punch.offset for one in stored):
            return False
        return await super().keep_punch(punch, store)


@mutant("time-for-logtime", "stores Time in place of LogTime", "CB-TIME-001", _COMPARED)
class TimeForLogTime(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        try:
            at = timestamps.parse(punch.sent).epoch_s
        except timestamps.TimestampError:
            at = punch.at
        return await super().keep_punch(replace(punch, at=at), store)


@mutant("arrival-for-logtime", "stores its own clock in place of LogTime", "CB-TIME-001", _COMPARED)
class ArrivalForLogTime(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        return await super().keep_punch(replace(punch, at=int(time.time())), store)


@mutant("seconds-dropped", "stores times without seconds", "CB-TIME-001", _COMPARED)
class SecondsDropped(Policy):
    def show_punch(self, punch: Punch) -> dict[str, Any]:
        return super().show_punch(replace(punch, at=punch.at // 60 * 60))


# Only punches of more than half a day are sure to hold an afternoon, whenever the suite runs.
@mutant("twelve-hours", "reads the clock as one of twelve hours", "CB-TIME-001", _COMPARED)
class TwelveHours(Policy):
    def moment(self, stamp: str) -> tuple[int, int]:
        at, offset = super().moment(stamp)
        if (at + offset * 60) % 86_400 >= 43_200:
            at -= 43_200
        return at, offset


@mutant("wall-for-some", "stores the wall clock for every other person", "CB-TIME-001", _COMPARED)
class WallForSome(Policy):
    def show_punch(self, punch: Punch) -> dict[str, Any]:
        shown = super().show_punch(punch)
        if punch.user[-1:] in "13579":
            shown["time"] = wall(punch.at, punch.offset) + "Z"
        return shown


@mutant("summer-time", "adds an hour of summer time", "CB-TIME-001", _COMPARED)
class SummerTime(Shifted):
    def offset(self, told: int) -> int:
        return told + 60
