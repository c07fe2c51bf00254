"""Receivers that take the wrong sender or the wrong person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Outcome, Punch, Received, RefusedError, Reply
from camsim.receiver.memory.store import Store

from .groups import PUNCHES
from .model import because, mutant


@mutant("token-unchecked", "never looks at the AuthToken", "CB-AUTH-001")
class TokenUnchecked(Policy):
    def authentic(self, received: Received) -> bool:
        return True


@mutant("token-optional", "checks the AuthToken only when there is one", "CB-AUTH-001")
class TokenOptional(Policy):
    def authentic(self, received: Received) -> bool:
        return not received.token or super().authentic(received)


@mutant("token-prefix", "compares the start of the AuthToken", "CB-AUTH-001")
class TokenPrefix(Policy):
    def authentic(self, received: Received) -> bool:
        given = received.token
        # Without devices there is no token to compare with.
        if not self.settings.devices:
            return True
        for device in self.settings.devices:
            if given and (given.startswith(device.token) or device.token.startswith(given)):
                return True
        return False


@mutant("token-any-case", "compares the AuthToken without regard to case", "CB-AUTH-001")
class TokenAnyCase(Policy):
    def authentic(self, received: Received) -> bool:
        known = [device.token.lower() for device in self.settings.devices]
        return not known or received.token.lower() in known


@mutant("token-of-punches", "checks the AuthToken of punches alone", "CB-AUTH-001", features="user-data")
class TokenOfPunches(Policy):
    def authentic(self, received: Received) -> bool:
        return "PunchLog" not in received.body or super().authentic(received)


@mutant("token-after-store", "stores first and checks the AuthToken for its answer", "CB-AUTH-001")
class TokenAfterStore(Policy):
    def authentic(self, received: Received) -> bool:
        return True

    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        return super().acknowledge(received, outcome) if super().authentic(received) else self.rejected(received)


@mutant("ids-zeros", "strips the leading zeros of user ids", "CB-PUNCH-006")
class IdsZeros(Policy):
    def user_text(self, value: Any) -> str:
        text = super().user_text(value)
        return text.lstrip("0") or text


@mutant("ids-lower-case", "turns user ids into lower case", "CB-PUNCH-006")
class IdsLowerCase(Policy):
    def user_text(self, value: Any) -> str:
        return super().user_text(value).lower()


@mutant("ids-alphanumeric", "drops hyphens and underscores from user ids", "CB-PUNCH-006")
class IdsAlphanumeric(Policy):
    def user_text(self, value: Any) -> str:
        return super().user_text(value).replace("-", "").replace("_", "")


@mutant(
    "ids-numeric",
    "takes user ids for numbers and fails on letters",
    "CB-PUNCH-006",
    because("has an id that is no number", "CB-ACK-002", "CB-SEC-001"),
)
class IdsNumeric(Policy):
    def user_text(self, value: Any) -> str:
        text = super().user_text(value)
        if text and not text.isdecimal():
            raise RefusedError(Reply(500, b'{"error":"invalid literal for int"}'))
        return text


@mutant(
    "device-bound",
    "keeps a person's punches of the first device alone",
    "CB-DEV-001",
    because("may come from several devices", *PUNCHES),
    features="multi-device",
)
class DeviceBound(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        for one in store.punches.get(punch.user, ()):
            if _on_two_devices(one, punch):
                return False
        return await super().keep_punch(punch, store)


def _on_two_devices(one: Punch, other: Punch) -> bool:
    # A callback without SerialNumber says nothing of its device: it is never another one.
    return bool(one.device and other.device) and one.device != other.device


@mutant(
    "door-to-door",
    "takes two devices within ten minutes for one punch",
    "CB-DEV-001",
    because("may come from several devices", *PUNCHES),
    features="multi-device",
)
class DoorToDoor(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        for one in store.punches.get(punch.user, ()):
            if abs(one.at - punch.at) < 600 and _on_two_devices(one, punch):
                return False
        return await super().keep_punch(punch, store)


@mutant("own-serial", "keeps nothing of a callback that came without SerialNumber", "CB-PUNCH-007")
class OwnSerial(Policy):
    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        if any(isinstance(fact, Punch) for fact in facts) and "SerialNumber" not in received.body:
            return Outcome.FAILED
        return await super().keep(facts, store, received)
