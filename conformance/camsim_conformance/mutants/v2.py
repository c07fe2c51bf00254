"""Mutants that only v2 has: its form field, signatures, epoch times and lazy replies."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import (
    Deletion,
    Fact,
    Json,
    Note,
    Outcome,
    Punch,
    Received,
    RefusedError,
    Reply,
    UnreadableError,
    Update,
)
from camsim.receiver.memory.store import Store

from .acknowledgements import ERROR, Selective
from .groups import V2_ACKED, V2_EVERYTHING, V2_PEOPLE, V2_PUNCHES
from .model import because, mutant

_NEVER = because("no callback at all is acknowledged", *V2_ACKED)
_ROWS = because("has stored punches of that kind", *V2_PUNCHES)
_USERS = because("has users or signatures of that kind", *V2_PEOPLE)
_ALL = because("no callback at all is understood", *V2_EVERYTHING)
_SENDS = because("sends such a callback, which is not stored either", *V2_ACKED, *V2_PEOPLE)


@mutant("v2-json-only", "looks for raw JSON and not for a form field", "V2-WIRE-001", _ALL, protocol=Protocol.V2)
class JsonOnly(Policy):
    def form_field(self, body: bytes) -> bytes | None:
        raise UnreadableError("no JSON")


@mutant("v2-form-16k", "reads a form of at most 16 kB", "V2-WIRE-003", _SENDS, protocol=Protocol.V2)
class SmallForm(Policy):
    def form_field(self, body: bytes) -> bytes | None:
        if len(body) > 16 * 1024:
            raise UnreadableError("form too large")
        return super().form_field(body)


@mutant(
    "v2-plus-kept",
    "leaves the + of the form encoding in names",
    "V2-WIRE-002",
    _USERS | _ROWS,
    protocol=Protocol.V2,
    features="user-data",
)
class PlusKept(Policy):
    # A form writes a blank as "+" (WHATWG URL, urlencoded): who only undoes the percent signs keeps it.
    def form_field(self, body: bytes) -> bytes | None:
        return super().form_field(body.replace(b"+", b"%2B"))

    def loads(self, text: bytes) -> Json:
        # Blanks between members are harmless to this receiver; those inside texts stay what they were sent as.
        return super().loads(text.replace(b":+", b": ").replace(b",+", b", "))


@mutant("v2-tag-for-token", "trusts the ServiceTagId alone", "V2-AUTH-001", protocol=Protocol.V2)
class TagForToken(Policy):
    def authentic(self, received: Received) -> bool:
        return bool(received.stgid) or super().authentic(received)


@mutant(
    "v2-number-time", "wants OperationTime as a number and fails on a text", "V2-ACK-001", _ALL, protocol=Protocol.V2
)
class NumberTime(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(received.body.get("OperationTime"), str)


@mutant("v2-milliseconds", "takes OperationTime for milliseconds", "V2-TIME-001", _ROWS, protocol=Protocol.V2)
class Milliseconds(Policy):
    def v2_moment(self, stamp: int, offset: int) -> int:
        return stamp // 1000


@mutant("v2-offset-added", "adds the device's offset", "V2-TIME-001", _ROWS, protocol=Protocol.V2)
class OffsetAdded(Policy):
    def v2_moment(self, stamp: int, offset: int) -> int:
        return stamp + 60 * offset


@mutant("v2-arrival", "stores its own clock", "V2-TIME-001", _ROWS, protocol=Protocol.V2)
class Arrival(Policy):
    def v2_moment(self, stamp: int, offset: int) -> int:
        return int(time.time())


@mutant("v2-hours-only", "subtracts whole hours", "V2-TIME-001", _ROWS, protocol=Protocol.V2)
class HoursOnly(Policy):
    def v2_moment(self, stamp: int, offset: int) -> int:
        return super().v2_moment(stamp, offset // 60 * 60)


@mutant(
    "v2-dedupe-reference", "knows copies by OperationReferenceId and type", "V2-PUNCH-001", _ROWS, protocol=Protocol.V2
)
class DedupeReference(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.operation, punch.type)


@mutant(
    "v2-other-device-lost",
    "takes two devices for one",
    "V2-DUP-003",
    _ROWS,
    protocol=Protocol.V2,
    features="multi-device",
)
class OtherDeviceLost(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, punch.at)


@mutant("v2-meal-500", "fails on MealStart and MealEnd", "V2-PUNCH-002", _ROWS | _SENDS, protocol=Protocol.V2)
class Meal500(Policy):
    def attendance(self, word: str) -> str | None:
        if word.startswith("Meal"):
            raise RefusedError(ERROR)
        return word or None


@mutant("v2-none-lost", "drops punches of type None", "V2-PUNCH-002", _ROWS, protocol=Protocol.V2)
class NoneLost(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        return punch.type != "None" and await super().keep_punch(punch, store)


@mutant("v2-only-punches", "answers 400 to all but punches", "V2-ACK-001", _SENDS, protocol=Protocol.V2)
class OnlyPunches(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return not isinstance(fact, Punch) and not (isinstance(fact, Note) and fact.kind == "odd-time")


@mutant("v2-photo-500", "fails on photos", "V2-PHOTO-001", _SENDS, protocol=Protocol.V2, features="photo")
class Photo500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Note) and fact.kind == "photo"


@mutant("v2-data-text-500", "fails on an OperationData that is no object", "V2-ACK-001", _SENDS, protocol=Protocol.V2)
class DataText500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return not isinstance(received.body.get("OperationData"), dict)


@mutant("v2-temperature-500", "fails on a punch without Temperature", "V2-ACK-001", _ALL, protocol=Protocol.V2)
class Temperature500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Punch) and "Temperature" not in received.body["OperationData"]


@mutant("v2-lazy-400", "answers 400 to a lazy reply", "V2-LAZY-001", protocol=Protocol.V2)
class Lazy400(Selective):
    refusal = Reply(400, b'{"status":"unknown reference"}')

    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Note) and fact.kind == "lazy"


@mutant("v2-lazy-404", "acknowledges the lazy replies of known people alone", "V2-LAZY-001", protocol=Protocol.V2)
class Lazy404(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Note) and fact.kind == "lazy" and fact.user not in store.people:
            raise RefusedError(Reply(404, b'{"status":"no such user"}'))
        return await super().keep_one(fact, store)


@mutant(
    "v2-biometric-names",
    "reads names beside a finger too",
    "V2-TPL-003",
    _USERS,
    protocol=Protocol.V2,
    features="user-data",
)
class BiometricNames(Policy):
    """The empty names of a finger, face or palm erase those that came with the card."""

    def v2_names_count(self, items: Any) -> bool:
        return True

    def rename(self, update: Update, store: Store) -> None:
        person = store.person(update.user)
        person.first, person.last = update.first or None, update.last or None


@mutant(
    "v2-last-part", "keeps the last part of a face", "V2-TPL-001", _USERS, protocol=Protocol.V2, features="user-data"
)
class LastPart(Policy):
    def template_key(self, template: Any) -> Hashable:
        return template.type if template.type in ("Face", "Palm") else (template.type, template.index)


@mutant(
    "v2-one-signature",
    "keeps the first signature of two",
    "V2-TPL-001",
    _USERS,
    protocol=Protocol.V2,
    features="user-data",
)
class OneSignature(Policy):
    def facts(self, received: Received) -> list[Fact]:
        kept: list[Fact] = []
        for fact in super().facts(received):
            if isinstance(fact, Update):
                fact = replace(fact, templates=fact.templates[:1])
            kept.append(fact)
        return kept


@mutant(
    "v2-cipher-whole", "expects the whole field encrypted", "V2-ENC-001", _ALL, protocol=Protocol.V2, features="aes"
)
class CipherWhole(Policy):
    def open_v2(self, field: bytes) -> Received:
        plain, _ = self.unlock(field, "")
        return super().open_v2(plain)


@mutant(
    "v2-users-lost",
    "acknowledges users and stores punches alone",
    "V2-TPL-001",
    _USERS,
    protocol=Protocol.V2,
    features="user-data",
)
class UsersLost(Policy):
    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        return await super().keep([fact for fact in facts if not isinstance(fact, Update | Deletion)], store, received)


@mutant(
    "v2-type-exact",
    "wants the form's Content-Type without a parameter",
    "V2-WIRE-004",
    protocol=Protocol.V2,
)
class FormTypeExact(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        exact = request.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        return None if exact else Reply(415, b'{"status":"unsupported media type"}')
