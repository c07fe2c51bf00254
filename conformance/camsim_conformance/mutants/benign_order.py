"""Right receivers that go by when an event of a person happened, and leave out what is older than what they have."""

from __future__ import annotations

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Json, Received, Update
from camsim.receiver.memory.store import Store

from .model import benign

_WHY = "a change of a person happens later than what it changes"


class NewestWins(Policy):
    """Texts of times are compared: of one length and zone they compare as the moments do."""

    def __init__(self) -> None:
        self._newest: dict[str, str] = {}
        self._at = ""
        self._named: dict[str, str] = {}

    def moment_of(self, received: Received) -> str:
        """When the event of a message happened."""
        raise NotImplementedError

    def facts(self, received: Received) -> list[Fact]:
        self._at = self.moment_of(received)
        return super().facts(received)

    def keep_other(self, fact: Fact, store: Store) -> None:
        if isinstance(fact, Update | Deletion):
            if self._at < self._newest.get(fact.user, ""):
                return
            self._newest[fact.user] = self._at
        super().keep_other(fact, store)

    def rename(self, update: Update, store: Store) -> None:
        # Of two names of one moment the first stays: nobody renames within a second.
        named = store.people.get(update.user)
        same = self._named.get(update.user) == self._at if named is not None else False
        if (update.first or update.last) and not same:
            self._named[update.user] = self._at
            super().rename(update, store)


def _inner(received: Received) -> Json:
    for name in ("UserUpdated", "UserDeleted"):
        item = received.body.get(name)
        if isinstance(item, dict):
            return item
    return received.body


@benign("newest-event-wins", "leaves out what happened to a person before what it has, by OperationTime", _WHY)
class NewestEventWins(NewestWins):
    def moment_of(self, received: Received) -> str:
        return str(_inner(received).get("OperationTime") or "")


@benign("newest-message-wins", "leaves out what was sent of a person before what it has, by Time", _WHY, Protocol.V3)
class NewestMessageWins(NewestWins):
    def moment_of(self, received: Received) -> str:
        return str(received.body.get("Time") or "")
