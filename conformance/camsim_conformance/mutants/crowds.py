"""Receivers that lose a punch by what lies beside it: quick pairs, short breaks, too many, a fever, a late deletion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from camsim.protocol import timestamps
from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Outcome, Punch, Received
from camsim.receiver.memory.store import Store

from .groups import PUNCHES, V2_PUNCHES
from .model import because, both, mutant
from .punches import Losing

_QUICK_S, _BREAK_S, _MINUTE_S, _HOUR_S, _NOON = 10, 120, 60, 3600, 12
_FEVER, _MOST = 37.5, 20
_LOST = (because("may hold such a punch", *PUNCHES), because("may hold such a punch", *V2_PUNCHES))
_SECONDS = ("CB-PUNCH-003", "V2-PUNCH-003")


def _before(punch: Punch, store: Store, type_: str, most_s: int) -> list[Punch]:
    """The punches of a type that the person made at most so many seconds before."""
    found = []
    for other in store.punches.get(punch.user, ()):
        if other.type == type_ and 0 < punch.at - other.at < most_s:
            found.append(other)
    return found


@both("quick-pair-undone", "lets a CheckOut within ten seconds undo the CheckIn", _SECONDS, _LOST)
class QuickPairUndone(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        new = await super().keep_punch(punch, store)
        if new and punch.type == "CheckOut":
            for other in _before(punch, store, "CheckIn", _QUICK_S):
                store.punches[punch.user].remove(other)
        return new


@both("short-break-lost", "takes a break of less than two minutes for none", _SECONDS, _LOST)
class ShortBreakLost(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        new = await super().keep_punch(punch, store)
        begun = _before(punch, store, "BreakOut", _BREAK_S) if new and punch.type == "BreakIn" else []
        for other in [*begun, punch] if begun else []:
            store.punches[punch.user].remove(other)
        return new


@both("third-in-a-minute-lost", "keeps two punches of a person in a minute of the clock", _SECONDS, _LOST)
class ThirdInAMinuteLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        minute = punch.at // _MINUTE_S
        return sum(other.at // _MINUTE_S == minute for other in store.punches.get(punch.user, ())) > 1


@both("newest-twenty", "keeps the newest twenty punches of a person", ("CB-ORD-003", "V2-ORD-002"), _LOST)
class NewestTwenty(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        new = await super().keep_punch(punch, store)
        mine = store.punches.get(punch.user, [])
        store.punches[punch.user] = sorted(mine, key=lambda one: one.at)[-_MOST:]
        return new


@both("fever-lost", "takes nobody's punch above 37.5 degrees", ("CB-PUNCH-004", "V2-PUNCH-004"), _LOST)
class FeverLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.temperature is not None and float(punch.temperature) > _FEVER


@both("noon-at-midnight", "reads 12:30 as 00:30", ("CB-ORD-004", "V2-ORD-001"), _LOST)
class NoonAtMidnight(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        hour = (punch.at + punch.offset * _MINUTE_S) // _HOUR_S % 24
        moved = punch.at - _NOON * _HOUR_S if hour == _NOON else punch.at
        return await super().keep_punch(replace(punch, at=moved), store)


@mutant(
    "late-deletion-erases",
    "erases with a person the punches that are newer than the deletion",
    "CB-USR-002",
    features="user-data",
)
class LateDeletionErases(Policy):
    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        for fact in facts:
            if isinstance(fact, Deletion):
                told = received.body.get("UserDeleted", {}).get("OperationTime", "")
                self._erase(fact.user, told, store)
        return await super().keep(facts, store, received)

    def _erase(self, user: str, told: str, store: Store) -> None:
        deleted = timestamps.parse(told).epoch_s if told else None
        mine = store.punches.get(user, [])
        store.punches[user] = [one for one in mine if deleted is None or one.at <= deleted]


@both(
    "older-of-another-device-lost",
    "drops what another device had cached when something newer is there",
    ("CB-DEV-001", "V2-DUP-003"),
    _LOST,
    features="multi-device",
)
class OlderOfAnotherDeviceLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        for other in store.punches.get(punch.user, ()):
            told = bool(other.device and punch.device) and other.device != punch.device
            if told and other.at > punch.at:
                return True
        return False


_V2_ROWS = because("may hold such a punch", *V2_PUNCHES)


@mutant("v2-none-as-in", "takes None for a CheckIn", "V2-PUNCH-002", _V2_ROWS, protocol=Protocol.V2)
class NoneAsIn(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        type_ = "CheckIn" if punch.type in (None, "None") else punch.type
        return await super().keep_punch(replace(punch, type=type_), store)


@mutant(
    "v2-photo-empties-punch",
    "lets a photo under the operation of a punch empty the row of its moment",
    "V2-PHOTO-001",
    _V2_ROWS,
    protocol=Protocol.V2,
)
class PhotoEmptiesPunch(Policy):
    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        data: Any = received.body.get("OperationData")
        if received.body.get("Operation") == "RealTimePunchLog" and "AttendancePhoto" in (data or {}):
            self._empty(str(received.body.get("UserId")), int(received.body.get("OperationTime", 0)), store)
        return await super().keep(facts, store, received)

    def _empty(self, user: str, stamp: int, store: Store) -> None:
        mine = store.punches.get(user, [])
        for place, one in enumerate(mine):
            if stamp in (one.at, one.at + one.offset * _MINUTE_S):
                mine[place] = replace(one, type=None, input=None)
