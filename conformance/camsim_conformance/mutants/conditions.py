"""Receivers that lose a punch, or store it at the moment of its arrival, under a condition."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import replace

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Json, Punch, Received
from camsim.receiver.memory.store import Store

from .groups import PUNCHES, V2_PUNCHES
from .model import because, both, mutant
from .punches import Losing

_DAY_S, _HOUR_S = 86_400, 3600
_REASON = "has stored punches of that kind"
_MAY = (because(_REASON, *PUNCHES), because(_REASON, *V2_PUNCHES))
_OUTS = ("CheckOut", "BreakOut", "OverTimeOut", "MealOut", "MealEnd")


def _wall(punch: Punch) -> int:
    """Seconds on the clock of the device's wall."""
    return punch.at + 60 * punch.offset


# --- lost ------------------------------------------------------------------------------------------------------------


@both("out-alone-lost", "drops an out of a person who has no in", ("CB-ORD-004", "V2-ORD-001"), _MAY)
class OutAloneLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.type in _OUTS and punch.user not in store.punches


@both("night-out-lost", "drops the early out of a day without an in", ("CB-ORD-004", "V2-ORD-001"), _MAY)
class NightOutLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        day = _wall(punch) // _DAY_S
        known = [one for one in store.punches.get(punch.user, ()) if _wall(one) // _DAY_S == day]
        return punch.type in _OUTS and _wall(punch) % _DAY_S < 10 * _HOUR_S and not known


@both("midnight-lost", "takes 00:00:00 for no time at all", ("CB-ORD-004", "V2-ORD-001"), _MAY)
class MidnightLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return _wall(punch) % _DAY_S == 0


@both("no-temperature-lost", "drops a punch without Temperature", ("CB-ROW-001", "V2-ROW-001"), _MAY)
class NoTemperatureLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.temperature is None


@both("no-mask-lost", "drops a punch without FaceMask", ("CB-ROW-001", "V2-ROW-001"), _MAY)
class NoMaskLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.mask is None


class ByFrame(Policy):
    """Looks at the frame around a punch."""

    received: Received | None = None

    def facts(self, received: Received) -> list[Fact]:
        self.received = received
        return super().facts(received)

    def lacks(self, name: str) -> bool:
        """Whether the callback has no such member."""
        return self.received is not None and name not in self.received.body


@mutant("no-label-lost", "drops a punch without LabelName", "CB-PUNCH-007", _MAY[0])
class NoLabelLost(ByFrame, Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return self.lacks("LabelName")


@both("room-for-a-hundred", "has room for a hundred punches", ("CB-ORD-003", "V2-ORD-002"), _MAY)
class RoomForAHundred(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return self.punch_key(punch) not in store.keys and len(store.keys) >= 100


@mutant("wall-key", "knows copies by the wall clock: one time under two offsets is one", "CB-TIME-002", _MAY[0])
class WallKey(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, _wall(punch))


@mutant(
    "wall-beside-utc",
    "compares the wall clock with stored UTC: a punch one offset later is a copy",
    "CB-ROW-001",
    _MAY[0],
)
class WallBesideUtc(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        stored = {one.at for one in store.punches.get(punch.user, ())}
        return punch.at not in stored and _wall(punch) in stored


@mutant("query-doubled-lost", "acknowledges a callback with a doubled stgid and loses it", "CB-ROB-002", _MAY[0])
class QueryDoubledLost(Losing):
    _doubled = False

    def open_v3(self, body: bytes, stgid: str) -> Received:
        self._doubled = "?" in stgid
        return super().open_v3(body, stgid)

    def loses(self, punch: Punch, store: Store) -> bool:
        return self._doubled


# --- stored at the moment of arrival ----------------------------------------------------------------------------------


class AtArrival(Policy):
    """Stores some punches with its own clock."""

    def strikes(self, punch: Punch) -> bool:
        """Whether this punch gets the receiver's own clock."""
        raise NotImplementedError

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        key = self.punch_key(punch)
        if not self.strikes(punch) or key in store.keys:
            return await super().keep_punch(punch, store)
        return store.add(key, replace(punch, at=int(time.time())))


@both("overtime-at-arrival", "stores overtime with its own clock", ("CB-PUNCH-002", "V2-PUNCH-002"), _MAY)
class OvertimeAtArrival(AtArrival):
    def strikes(self, punch: Punch) -> bool:
        return str(punch.type).startswith("OverTime")


@both("meals-at-arrival", "stores meals with its own clock", ("CB-PUNCH-002", "V2-PUNCH-002"), _MAY)
class MealsAtArrival(AtArrival):
    def strikes(self, punch: Punch) -> bool:
        return str(punch.type).startswith("Meal")


@both("cards-at-arrival", "stores punches by card with its own clock", ("CB-PUNCH-001", "V2-PUNCH-001"), _MAY)
class CardsAtArrival(AtArrival):
    def strikes(self, punch: Punch) -> bool:
        return punch.input == "Card"


@both("masks-at-arrival", "stores punches with a mask worn with its own clock", ("CB-ROW-001", "V2-ROW-001"), _MAY)
class MasksAtArrival(AtArrival):
    def strikes(self, punch: Punch) -> bool:
        return punch.mask is True


@mutant("no-serial-at-arrival", "stores a punch without SerialNumber with its own clock", "CB-PUNCH-007", _MAY[0])
class NoSerialAtArrival(ByFrame, AtArrival):
    def strikes(self, punch: Punch) -> bool:
        return self.lacks("SerialNumber")


# --- another type than the one that was told --------------------------------------------------------------------------


@both(
    "types-by-turn",
    "ignores the type: in, out, in, out, as the punches of a person come",
    ("CB-PUNCH-002", "V2-PUNCH-002"),
    _MAY,
)
class TypesByTurn(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        turn = "CheckOut" if len(store.punches.get(punch.user, ())) % 2 else "CheckIn"
        return await super().keep_punch(replace(punch, type=turn), store)


@both(
    "punch-escapes-kept",
    "leaves \\u escapes in punches as they are",
    ("CB-WIRE-003", "V2-ROW-001"),
    _MAY,
)
class PunchEscapesKept(Policy):
    """Reads names of members rightly, and the texts of a punch as they are written."""

    _escaped = False

    def loads(self, text: bytes) -> Json:
        self._escaped = b"\\u00" in text
        return super().loads(text)

    def punch(self, item: Json, received: Received) -> Fact:
        return self._as_written(super().punch(item, received))

    def v2_punch(self, user: str, data: Json, received: Received) -> Fact:
        return self._as_written(super().v2_punch(user, data, received))

    def _as_written(self, fact: Fact) -> Fact:
        if not self._escaped or not isinstance(fact, Punch):
            return fact
        return replace(fact, type=_escaped(fact.type), input=_escaped(fact.input))


def _escaped(text: str | None) -> str | None:
    return None if text is None else "".join(f"\\u{ord(sign):04x}" for sign in text)
