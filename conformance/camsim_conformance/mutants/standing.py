"""Receivers in which an event changes or destroys what stands: a photo, a copy, a late punch, a name, a deletion."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Note, Punch, Received, Update
from camsim.receiver.memory.store import Store

from .groups import PEOPLE, PUNCHES, V2_PEOPLE, V2_PUNCHES
from .model import because, both, mutant
from .people import DeletionWithPunches
from .punches import PhotoForPunch

_PUNCHES = "looks at punches that stood"
_MAY = (because(_PUNCHES, *PUNCHES), because(_PUNCHES, *V2_PUNCHES))
_USERS = "looks at people who stood"
_PEOPLE_MAY = (because(_USERS, *PEOPLE), because(_USERS, *V2_PEOPLE))


class PhotoChanges(Policy):
    """Does something to the punch of a photo's moment."""

    def changed(self, punch: Punch) -> Punch:
        """What the punch becomes when its photo comes."""
        raise NotImplementedError

    def keep_other(self, fact: Fact, store: Store) -> None:
        super().keep_other(fact, store)
        if not isinstance(fact, Note) or fact.kind != "photo":
            return
        rows = store.punches.get(fact.user, [])
        rows[:] = [self.changed(row) if row.at == self.at(fact, row) else row for row in rows]

    def at(self, photo: Note, punch: Punch) -> int:
        """The photo's moment; v2 tells it as an epoch at the punch's offset."""
        if punch.protocol is Protocol.V2:
            return self.v2_moment(int(photo.text), punch.offset)
        return self.moment(photo.text)[0]


@both(
    "photo-nulls-type",
    "empties the type of a punch when its photo comes",
    ("CB-PHOTO-001", "V2-PHOTO-001"),
    _MAY,
    features="photo",
)
class PhotoNullsType(PhotoChanges):
    def changed(self, punch: Punch) -> Punch:
        return replace(punch, type=None)


@both(
    "photo-is-check-in",
    "makes a punch a check-in when its photo comes",
    ("CB-ROW-001", "V2-ROW-001"),
    _MAY,
    features="photo",
)
class PhotoIsCheckIn(PhotoChanges):
    def changed(self, punch: Punch) -> Punch:
        return replace(punch, type="CheckIn")


@both(
    "photo-moves-punch",
    "moves a punch by a minute when its photo comes",
    ("CB-PHOTO-001", "V2-PHOTO-001"),
    _MAY,
    features="photo",
)
class PhotoMovesPunch(PhotoChanges):
    def changed(self, punch: Punch) -> Punch:
        return replace(punch, at=punch.at + 60)


@mutant(
    "v2-photo-for-punch",
    "takes a punch for a copy of its photo",
    "V2-PHOTO-001",
    _MAY[1],
    protocol=Protocol.V2,
    features="photo",
)
class V2PhotoForPunch(PhotoForPunch):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if not isinstance(fact, Note) or fact.kind != "photo":
            return await super(PhotoForPunch, self).keep_one(fact, store)
        for device in self.settings.devices:
            at = self.v2_moment(int(fact.text), device.offset)
            store.keys.add((fact.user, at, device.stgid))
        return True


def _change_last(store: Store, user: str, change: Callable[[Punch], Punch]) -> None:
    """Change the newest stored punch of a person."""
    rows = store.punches.get(user, [])
    if rows:
        newest = max(rows, key=lambda row: row.at)
        rows[:] = [change(row) if row is newest else row for row in rows]


@both("copy-turns-type", "takes a copy for the way out", ("CB-DUP-001", "V2-DUP-001"), _MAY)
class CopyTurnsType(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        key = self.punch_key(punch)
        new = await super().keep_punch(punch, store)
        if not new:
            rows = store.punches[punch.user]
            rows[:] = [replace(row, type="CheckOut") if self.punch_key(row) == key else row for row in rows]
        return new


@both("late-replaces", "puts a late punch in the place of the newest", ("CB-ORD-001", "V2-ORD-001"), _MAY)
class LateReplaces(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        newer = [row for row in store.punches.get(punch.user, ()) if row.at > punch.at]
        new = await super().keep_punch(punch, store)
        if new and newer:
            store.punches[punch.user].remove(max(newer, key=lambda row: row.at))
        return new


@both(
    "quote-moves-punches",
    "puts ids into SQL text: an id with a quote and OR changes the punches of others",
    ("CB-ORD-002", "V2-ORD-002"),
    _MAY,
)
class QuoteMovesPunches(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        kept = await super().keep_punch(punch, store)
        found = re.search(r"' OR ", punch.user, re.IGNORECASE)
        for user in list(store.punches) if found else ():
            _change_last(store, user, lambda row: replace(row, at=row.at + 3600))
        return kept


@both(
    "rename-erases-templates",
    "replaces a person on a change of name",
    ("CB-ROW-002", "V2-ROW-002"),
    _PEOPLE_MAY,
    features="user-data",
)
class RenameErasesTemplates(Policy):
    def rename(self, update: Update, store: Store) -> None:
        before = store.people.get(update.user)
        told = (update.first or None, update.last or None)
        renamed = before is not None and before.first and any(told) and told != (before.first, before.last)
        if renamed:
            store.templates.pop(update.user, None)
        super().rename(update, store)


@both(
    "rename-erases-punches",
    "begins a person anew on a change of name",
    ("CB-ROW-002", "V2-ROW-002"),
    (_MAY[0] | _PEOPLE_MAY[0], _MAY[1] | _PEOPLE_MAY[1]),
    features="user-data",
)
class RenameErasesPunches(Policy):
    def rename(self, update: Update, store: Store) -> None:
        before = store.people.get(update.user)
        told = (update.first or None, update.last or None)
        if before is not None and before.first and any(told) and told != (before.first, before.last):
            store.punches.pop(update.user, None)
        super().rename(update, store)


mutant(
    "v2-deletion-with-punches",
    "deletes a person's punches too",
    "V2-ROW-002",
    _MAY[1] | _PEOPLE_MAY[1],
    protocol=Protocol.V2,
    features="user-data",
)(DeletionWithPunches)


@mutant(
    "v2-lazy-erases",
    "takes a lazy answer for a new state: the person's newest punch goes",
    "V2-ORD-002",
    _MAY[1],
    protocol=Protocol.V2,
)
class LazyErases(Policy):
    def keep_other(self, fact: Fact, store: Store) -> None:
        super().keep_other(fact, store)
        rows = store.punches.get(fact.user, [])
        if isinstance(fact, Note) and fact.kind == "lazy" and rows:
            rows.remove(max(rows, key=lambda row: row.at))


@mutant(
    "v2-photo-under-punch",
    "knows a photo by its operation alone: under RealTimePunchLog it is a punch",
    "V2-PHOTO-001",
    _MAY[1],
    protocol=Protocol.V2,
    features="photo",
)
class PhotoUnderPunch(Policy):
    def facts(self, received: Received) -> list[Fact]:
        info = received.body
        data = info.get("OperationData")
        if info.get("Operation") == "RealTimePunchLog" and isinstance(data, dict):
            return [self.v2_punch(self.user_text(info.get("UserId")), data, received)]
        return super().facts(received)


@both(
    "before-deletion-lost",
    "drops a punch that comes after its person was deleted",
    ("CB-ROW-002", "V2-ROW-002"),
    (_MAY[0] | _PEOPLE_MAY[0], _MAY[1] | _PEOPLE_MAY[1]),
    features="user-data",
)
class BeforeDeletionLost(Policy):
    def __init__(self) -> None:
        self._gone: set[str] = set()

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        self._gone.add(deletion.user)
        super().drop_user(deletion, store)

    def keep_update(self, update: Update, store: Store) -> None:
        self._gone.discard(update.user)
        super().keep_update(update, store)

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        return punch.user not in self._gone and await super().keep_punch(punch, store)
