"""Receivers that store what they were told and then answer 500: nothing is lost, and it is sent for ever."""

from __future__ import annotations

import time

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Outcome, Punch, Received, Reply, Update
from camsim.receiver.memory.store import Store

from .acknowledgements import ERROR
from .groups import ACKED, EVERYTHING, V2_ACKED, V2_EVERYTHING
from .model import because, both, mutant

_DAY_S = 86_400
_REASON = "sends such a callback too"
_MAY = (because(_REASON, *ACKED, "CB-DUP-005"), because(_REASON, *V2_ACKED))
# Who is never told that a person was renamed or deleted sends it again, which changes what stands.
_PEOPLE_MAY = (because(_REASON, *EVERYTHING), because(_REASON, *V2_EVERYTHING))


class StoredThenRefused(Policy):
    """Right in all that it stores."""

    def refuses(self, fact: Fact, received: Received) -> bool:
        """Whether what was stored of this fact is answered 500."""
        raise NotImplementedError

    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        if any(self.refuses(fact, received) for fact in self.facts(received)):
            return ERROR
        return super().acknowledge(received, outcome)


@both("stored-old-500", "stores a punch of more than a week ago, then fails", ("CB-ROW-001", "V2-ROW-001"), _MAY)
class StoredOld500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Punch) and fact.at < time.time() - 7.5 * _DAY_S


@both("stored-yesterday-500", "stores a punch of another day, then fails", ("CB-ROW-001", "V2-ROW-001"), _MAY)
class StoredYesterday500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        # Younger than two hours is no other day: the punches that prove the read-back may be of before midnight.
        return isinstance(fact, Punch) and time.time() - fact.at > 2 * 3600 and self._other_day(fact)

    def _other_day(self, punch: Punch) -> bool:
        shift = punch.offset * 60
        return (punch.at + shift) // _DAY_S != (int(time.time()) + shift) // _DAY_S


@both(
    "stored-second-device-500",
    "stores a punch of the second device, then fails",
    ("CB-ROW-001", "V2-ROW-001"),
    _MAY,
    features="multi-device",
)
class StoredSecondDevice500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        device = self.device_of(received)
        return isinstance(fact, Punch) and device is not None and device != self.settings.devices[0]


@mutant("stored-west-500", "stores a punch with an offset west of UTC, then fails", "CB-ROW-001", _MAY[0])
class StoredWest500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Punch) and fact.offset < 0


@both(
    "stored-no-temperature-500",
    "stores a punch without Temperature, then fails",
    ("CB-ROW-001", "V2-ROW-001"),
    _MAY,
)
class StoredNoTemperature500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Punch) and fact.temperature is None


@mutant("stored-utf8-label-500", "stores a punch whose label is not ASCII, then fails", "CB-WIRE-002", _MAY[0])
class StoredLabel500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Punch) and not str(received.body.get("LabelName", "")).isascii()


class Renames(StoredThenRefused):
    """Knows which update was a change of name."""

    def __init__(self) -> None:
        self._renamed: set[Fact] = set()

    def rename(self, update: Update, store: Store) -> None:
        before = store.people.get(update.user)
        told = (update.first or None, update.last or None)
        if before is not None and any(told) and before.first is not None and told != (before.first, before.last):
            self._renamed.add(update)
        super().rename(update, store)


@both(
    "stored-rename-500",
    "stores a change of name, then fails",
    ("CB-ROW-002", "V2-ROW-002"),
    _PEOPLE_MAY,
    features="user-data",
)
class StoredRename500(Renames):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return fact in self._renamed


@both(
    "stored-deletion-500",
    "deletes a person, then fails",
    ("CB-ACK-001", "V2-ACK-001"),
    _PEOPLE_MAY,
    features="user-data",
)
class StoredDeletion500(StoredThenRefused):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Deletion)
