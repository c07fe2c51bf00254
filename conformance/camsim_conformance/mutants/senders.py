"""Receivers that believe a wrong sender, or take one person for another."""

from __future__ import annotations

import asyncio
import fnmatch
import re
from typing import Any

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Punch, Received, RefusedError, Reply, Update
from camsim.receiver.memory.store import Store

from .acknowledgements import ERROR, always
from .duplicates import DedupeFew, DedupeLast, DedupeRace
from .groups import ACKED, EVERYTHING, V2_ACKED, V2_EVERYTHING, V2_PUNCHES
from .model import because, both, mutant
from .robustness import SqlQuote

_AUTH = ("CB-AUTH-001", "V2-AUTH-001")
_IDS = ("CB-PUNCH-006", "V2-PUNCH-006")
_NOTHING: tuple[dict[str, str], dict[str, str]] = ({}, {})
_COPIES = "sends copies of one punch"
_PEOPLE = "has an id of that kind"
_ID_MAY = (because(_PEOPLE, *EVERYTHING), because(_PEOPLE, *V2_EVERYTHING))


@both("token-pattern", "takes the AuthToken for a pattern that a known one has to match", _AUTH, _NOTHING)
class TokenPattern(Policy):
    def authentic(self, received: Received) -> bool:
        pattern = received.token.replace("%", "*").replace(".*", "*")
        known = [device.token for device in self.settings.devices]
        return super().authentic(received) or (bool(pattern) and bool(fnmatch.filter(known, pattern)))


@both("token-object", "puts the AuthToken into a query: an object matches every token", _AUTH, _NOTHING)
class TokenObject(Policy):
    def authentic(self, received: Received) -> bool:
        return isinstance(received.body.get("AuthToken"), dict) or super().authentic(received)


@both("token-list", "looks for a known token in what it was given: a list will do", _AUTH, _NOTHING)
class TokenList(Policy):
    def authentic(self, received: Received) -> bool:
        given = received.body.get("AuthToken")
        known = [device.token for device in self.settings.devices]
        return super().authentic(received) or (isinstance(given, list) and any(one in known for one in given))


@both(
    "forged-biometrics",
    "has a route of its own, without a check, for fingers, faces and palms",
    _AUTH,
    _NOTHING,
    features="user-data",
)
class ForgedBiometrics(Policy):
    def authentic(self, received: Received) -> bool:
        return super().authentic(received) or any(map(_biometric, self.facts(received)))


def _biometric(fact: Fact) -> bool:
    kinds = {item.type for item in fact.templates} if isinstance(fact, Update) else set()
    return bool(kinds & {"Fingerprint", "Face", "Palm"})


@both("ids-cut-at-nine", "cuts user ids to nine characters: two people are one", _IDS, _ID_MAY)
class IdsCutAtNine(Policy):
    def user_text(self, value: Any) -> str:
        return super().user_text(value)[:9]


@both("ids-clamped", "keeps user ids in 32 bits: greater ones are the greatest", _IDS, _ID_MAY)
class IdsClamped(Policy):
    def user_text(self, value: Any) -> str:
        text = super().user_text(value)
        if not re.fullmatch(r"[1-9][0-9]*", text):
            return text
        return str(min(int(text), 2**31 - 1))


# --- copies -----------------------------------------------------------------------------------------------------------


@both(
    "race-500",
    "looks first and inserts later: the second of two copies at once breaks its unique key",
    ("CB-ROW-001", "V2-ROW-001"),
    (because(_COPIES, *ACKED, "CB-DUP-003", "CB-DUP-005"), because(_COPIES, *V2_ACKED, "V2-DUP-001")),
)
class Race500(Policy):
    def __init__(self) -> None:
        self._inserting: set[object] = set()

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        key = self.punch_key(punch)
        if key in self._inserting:
            raise RefusedError(ERROR)
        if key in store.keys:
            return False
        self._inserting.add(key)
        await asyncio.sleep(0.03)
        self._inserting.discard(key)
        return store.add(key, punch)


_V2_COPIES = because(_COPIES, *V2_PUNCHES)
mutant("v2-dedupe-race", "looks first and inserts later", "V2-ROW-001", _V2_COPIES, protocol=Protocol.V2)(DedupeRace)
mutant("v2-dedupe-last", "compares with the last one alone", "V2-DUP-001", _V2_COPIES, protocol=Protocol.V2)(DedupeLast)
mutant("v2-dedupe-few", "compares with the last four alone", "V2-DUP-001", _V2_COPIES, protocol=Protocol.V2)(DedupeFew)
mutant(
    "v2-sql-quote",
    "puts ids and names into SQL text: a quote is a syntax error",
    "V2-ROW-002",
    _ID_MAY[1],
    protocol=Protocol.V2,
)(SqlQuote)

# --- answers ----------------------------------------------------------------------------------------------------------
_NEVER = (because("no callback at all is acknowledged", *ACKED, "CB-DUP-005"), because("none is", *V2_ACKED))
both("ack-two-words", "says failed and done at once", ("CB-ACK-001", "V2-ACK-001"), _NEVER)(
    always(Reply(body=b'{"status":"failed","status":"done"}'))
)
