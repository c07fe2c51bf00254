"""Receivers that double punches or drop punches that are none."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from aiohttp import web

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Punch, Reply
from camsim.receiver.memory.store import Store

from .groups import PUNCHES
from .model import because, mutant

_COPIES = because(
    "sends copies of one punch",
    *(
        "CB-DUP-001",
        "CB-DUP-002",
        "CB-DUP-003",
        "CB-DUP-005",
        "CB-DUP-007",
        "CB-PHOTO-001",
        "CB-ORD-003",
        "CB-PUNCH-006",
    ),
)
_NEAR = because("has punches of one person that this receiver takes for copies", *PUNCHES)
_RESENT = because("sends a punch again in a new message", "CB-DUP-007", "CB-ORD-003")

# The copies of a bulk resend are hours old as well.
_LATE_COPIES = ("CB-ROW-001", "CB-ROW-002", "CB-ORD-004")


@mutant("no-dedupe", "stores every copy", "CB-DUP-001 CB-DUP-002", _COPIES)
class NoDedupe(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        store.append(punch)
        return True


@mutant("dedupe-last", "compares with the person's last punch alone", "CB-DUP-001", _COPIES)
class DedupeLast(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        # Right for a copy that follows at once, wrong as soon as another punch lies between.
        last = store.punches.get(punch.user, [])[-1:]
        if last and last[0].at == punch.at:
            return False
        store.append(punch)
        return True


@mutant(
    "dedupe-few",
    "compares with the person's last four punches alone",
    "CB-DUP-007",
    {**_COPIES, **because("has a copy that comes after four other punches of its person", *_LATE_COPIES)},
)
class DedupeFew(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if any(known.at == punch.at for known in store.punches.get(punch.user, [])[-4:]):
            return False
        store.append(punch)
        return True


@mutant("dedupe-operation", "knows copies by OperationID", "CB-DUP-002", _RESENT)
class DedupeOperation(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return punch.operation


@mutant("dedupe-frame", "knows copies by their whole frame, Time included", "CB-DUP-002", _RESENT)
class DedupeFrame(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return punch


@mutant("dedupe-sent", "knows copies by person, LogTime and Time", "CB-DUP-002", _RESENT)
class DedupeSent(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, punch.at, punch.sent)


@mutant(
    "dedupe-race",
    "looks first and inserts later, without a lock",
    "CB-DUP-003",
    because("a retry may overlap the first attempt", "CB-DUP-005"),
)
class DedupeRace(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        key = self.punch_key(punch)
        known = key in store.keys
        await asyncio.sleep(0.03)
        if not known:
            store.keys.add(key)
            store.append(punch)
        return not known


@mutant(
    "dedupe-when-answered",
    "remembers a punch once its answer is out: a lost connection makes its retry a second row",
    "CB-DUP-005",
    because("copies overlap before the first is answered", "CB-DUP-003"),
)
class DedupeWhenAnswered(Policy):
    def __init__(self) -> None:
        self._latest: list[Hashable] = []
        self._known: set[Hashable] = set()

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        self._known = store.keys
        self._latest.append(self.punch_key(punch))
        if self._latest[-1] in store.keys:
            return False
        store.append(punch)
        return True

    async def send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        keys, self._latest = self._latest, []
        await asyncio.sleep(0.03)
        if request.transport is not None and not request.transport.is_closing():
            self._known.update(keys)
        return await super().send(request, reply)


@mutant("one-an-hour", "keeps one punch of a person an hour", "CB-PUNCH-003", _NEAR)
class OneAnHour(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, punch.at // 3600)


@mutant("one-a-minute", "keeps one punch of a person a minute", "CB-PUNCH-003", _NEAR)
class OneAMinute(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, punch.at // 60)


@mutant("one-type-a-day", "keeps one punch of a type a day", "CB-PUNCH-003", _NEAR)
class OneTypeADay(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, (punch.at + punch.offset * 60) // 86_400, punch.type)


@mutant("debounce", "drops a punch within a minute of another of the same person", "CB-PUNCH-003", _NEAR)
class Debounce(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if any(abs(one.at - punch.at) < 60 for one in store.punches.get(punch.user, ())):
            return False
        return await super().keep_punch(punch, store)


@mutant("one-a-second", "takes two people who come in in one second for one", "CB-PUNCH-003", _NEAR)
class OneASecond(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.at, punch.type)
