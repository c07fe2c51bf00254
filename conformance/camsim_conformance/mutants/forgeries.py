"""Receivers that check the token of some messages only, too late, or remember what they refused."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Punch, Received
from camsim.receiver.memory.store import Store

from .model import because, both

DAY_S = 86400
_AUTH = ("CB-AUTH-001", "V2-AUTH-001")
_NOTHING: tuple[dict[str, str], dict[str, str]] = ({}, {})
_LOST = "punches that come after a refused message are lost"
_LOSES = (because(_LOST, "CB-ORD-002"), because(_LOST, "V2-ORD-002"))


class _Unchecked(Policy):
    """Believes whoever tells some kind of fact."""

    def spared(self, fact: Fact) -> bool:
        """Whether the token of such a fact is not looked at."""
        raise NotImplementedError

    def authentic(self, received: Received) -> bool:
        return super().authentic(received) or any(map(self.spared, self.facts(received)))


@both("forged-check-outs", "looks at the token when somebody comes, and not when somebody goes", _AUTH, _NOTHING)
class ForgedCheckOuts(_Unchecked):
    def spared(self, fact: Fact) -> bool:
        return isinstance(fact, Punch) and fact.type == "CheckOut"


@both("forged-old", "lets old punches in unchecked: their token may have been changed since", _AUTH, _NOTHING)
class ForgedOld(_Unchecked):
    def spared(self, fact: Fact) -> bool:
        return isinstance(fact, Punch) and fact.at < time.time() - DAY_S


@both("forged-deletions", "looks at no token of a deletion", _AUTH, _NOTHING, features="user-data")
class ForgedDeletions(_Unchecked):
    def spared(self, fact: Fact) -> bool:
        return isinstance(fact, Deletion)


class _Remembers(Policy):
    """Remembers what it refused."""

    def __init__(self) -> None:
        self.refused: set[object] = set()

    def key(self, punch: Punch) -> object:
        """What is remembered of a punch."""
        return punch.user, punch.at

    def authentic(self, received: Received) -> bool:
        right = super().authentic(received)
        if not right:
            self.refused.update(self.key(punch) for punch in _punches(self.facts(received)))
        return right

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        return self.key(punch) not in self.refused and await super().keep_punch(punch, store)


def _punches(facts: Iterable[Fact]) -> Iterator[Punch]:
    for fact in facts:
        if isinstance(fact, Punch):
            yield fact


@both("seen-before-checked", "counts a refused punch as seen: the true one is a copy", _AUTH, _LOSES)
class SeenBeforeChecked(_Remembers):
    pass


@both("blocked-by-forgery", "blocks the person for whom a wrong token came", _AUTH, _LOSES)
class BlockedByForgery(_Remembers):
    def key(self, punch: Punch) -> object:
        return punch.user


@both(
    "changed-before-checked", "changes the row of UserID and LogTime first and looks at the token then", _AUTH, _NOTHING
)
class ChangedBeforeChecked(Policy):
    def __init__(self) -> None:
        self._stored: set[object] = set()
        self._forged = False

    def authentic(self, received: Received) -> bool:
        right = super().authentic(received)
        known = any((punch.user, punch.at) in self._stored for punch in _punches(self.facts(received)))
        self._forged = not right and known
        return right or known

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if self._forged:
            rows = store.punches[punch.user]
            rows[:] = [punch if row.at == punch.at else row for row in rows]
            return False
        self._stored.add((punch.user, punch.at))
        return await super().keep_punch(punch, store)
