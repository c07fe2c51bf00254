"""Receivers that lose punches, or store them as something else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Note, Outcome, Punch, Received, RefusedError, Reply
from camsim.receiver.memory.store import Store

from .groups import ACKED, PUNCHES
from .model import because, mutant

_HOUR_S, _DAY_S = 3600, 86_400
_COMPARED = because("type and input of a stored punch are compared there too", *PUNCHES)
_LOST = because("any punch may be one that is lost", *PUNCHES)
_SHORT = because("has punches of that kind", *PUNCHES)


class Losing(Policy):
    """Acknowledges a punch and drops it."""

    def loses(self, punch: Punch, store: Store) -> bool:
        """Whether this punch is dropped."""
        raise NotImplementedError

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        return not self.loses(punch, store) and await super().keep_punch(punch, store)


@mutant("outs-as-ins", "stores outs as ins", "CB-PUNCH-002", _COMPARED)
class OutsAsIns(Policy):
    def attendance(self, word: str) -> str | None:
        return word.replace("Out", "In") or None


@mutant("other-as-in", "stores every type but CheckOut as CheckIn", "CB-PUNCH-002", _COMPARED)
class OtherAsIn(Policy):
    def attendance(self, word: str) -> str | None:
        return "CheckOut" if word == "CheckOut" else "CheckIn"


@mutant("breaks-swapped", "takes BreakOut for an in: out of the break", "CB-PUNCH-002", _COMPARED)
class BreaksSwapped(Policy):
    def attendance(self, word: str) -> str | None:
        return {"BreakOut": "BreakIn", "BreakIn": "BreakOut"}.get(word, word) or None


@mutant("check-only", "keeps CheckIn and CheckOut alone", "CB-PUNCH-002", _SHORT)
class CheckOnly(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.type not in ("CheckIn", "CheckOut")


@mutant("overtime-500", "fails on overtime and meals", "CB-PUNCH-002", _SHORT | because("sends them", *ACKED))
class Overtime500(Policy):
    def attendance(self, word: str) -> str | None:
        if word.startswith(("OverTime", "Meal")):
            raise RefusedError(Reply(500, b'{"error":"unknown type"}'))
        return word or None


@mutant("type-lost", "says that it keeps the type and does not", "CB-PUNCH-001 CB-PUNCH-002", _COMPARED)
class TypeLost(Policy):
    def attendance(self, word: str) -> str | None:
        return None


@mutant("input-lost", "stores every punch as by fingerprint", "CB-PUNCH-001", _COMPARED)
class InputLost(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        return await super().keep_punch(replace(punch, input="Fingerprint"), store)


@mutant("cards-lost", "drops punches by card or PIN", "CB-PUNCH-001", _SHORT)
class CardsLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.input in ("Card", "Password")


@mutant("temperature-lost", "says that it keeps temperatures and does not", "CB-PUNCH-004")
class TemperatureLost(Policy):
    def temperature(self, value: Any) -> float | str | None:
        return None


@mutant("temperature-whole", "keeps whole degrees", "CB-PUNCH-004")
class TemperatureWhole(Policy):
    def temperature(self, value: Any) -> float | str | None:
        kept = super().temperature(value)
        return float(int(kept)) if isinstance(kept, float) else kept


@mutant("mask-lost", "stores every mask as not worn", "CB-PUNCH-004")
class MaskLost(Policy):
    def mask(self, value: Any) -> bool | None:
        return None if super().mask(value) is None else False


_HEALTH = because("has a temperature of that form or none", *ACKED, *PUNCHES)


@mutant("temperature-number-500", "fails on a temperature that is a number", "CB-ROW-001", _HEALTH)
class TemperatureNumber500(Policy):
    def temperature(self, value: Any) -> float | str | None:
        if isinstance(value, int | float):
            raise RefusedError(Reply(500, b'{"error":"no attribute strip"}'))
        return super().temperature(value)


@mutant("temperature-text-500", "fails on a temperature that is a text, as #11 prints it", "CB-ACK-001", _HEALTH)
class TemperatureText500(Policy):
    def temperature(self, value: Any) -> float | str | None:
        if isinstance(value, str):
            raise RefusedError(Reply(500, b'{"error":"type str does not round"}'))
        return super().temperature(value)


@mutant("temperature-absent-500", "fails on a punch without Temperature", "CB-ROW-001", _HEALTH)
class TemperatureAbsent500(Policy):
    def temperature(self, value: Any) -> float | str | None:
        if value is None:
            raise RefusedError(Reply(500, b'{"error":"Temperature"}'))
        return super().temperature(value)


@mutant("older-lost", "drops a punch older than the person's newest", "CB-ORD-001", _SHORT)
class OlderLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return any(one.at > punch.at for one in store.punches.get(punch.user, ()))


@mutant("older-than-any-lost", "asks for times that rise over all people", "CB-ORD-001", _SHORT)
class OlderThanAnyLost(Losing):
    newest = 0

    def loses(self, punch: Punch, store: Store) -> bool:
        older = punch.at < self.newest
        self.newest = max(self.newest, punch.at)
        return older


@mutant("past-days-lost", "drops punches of past days", "CB-ORD-001", _SHORT)
class PastDaysLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        # What is younger than an hour is kept whatever its day: right after midnight the very first punches, which
        # prove the read-back, would else be of a past day, and the run would be void instead of failed.
        now, shift = int(time.time()), punch.offset * 60
        old = now - punch.at > _HOUR_S
        return old and (punch.at + shift) // _DAY_S < (now + shift) // _DAY_S


@mutant("month-lost", "drops punches older than four weeks", "CB-ORD-004", _SHORT)
class MonthLost(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        return punch.at < time.time() - 28 * _DAY_S


@mutant("day-of-server", "takes the clock of LogTime and the server's own day", "CB-ORD-004", _COMPARED)
class DayOfServer(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        shift = punch.offset * 60
        today = (int(time.time()) + shift) // _DAY_S * _DAY_S
        return await super().keep_punch(replace(punch, at=today + (punch.at + shift) % _DAY_S - shift), store)


@mutant("first-and-last", "keeps the first and the last punch of a day", "CB-ORD-002", _SHORT)
class FirstAndLast(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[dict[str, Any]]:
        days: dict[int, list[Punch]] = {}
        for punch in sorted(store.punches.get(user, ()), key=lambda one: one.at):
            days.setdefault((punch.at + punch.offset * 60) // _DAY_S, []).append(punch)
        shown = []
        for day in days.values():
            shown.append(self.show_punch(day[0]))
            if len(day) > 1:
                shown.append(self.show_punch(day[-1]))
        return shown


@mutant("checkout-invented", "invents a check-out for a person who has none that day", "CB-ORD-002", _COMPARED)
class CheckoutInvented(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[dict[str, Any]]:
        stored = sorted(store.punches.get(user, ()), key=lambda one: one.at)
        if stored and stored[-1].type == "CheckIn":
            stored.append(replace(stored[-1], at=stored[-1].at + 9 * 3600, type="CheckOut"))
        return [self.show_punch(one) for one in stored]


@mutant("eight-a-day", "has room for eight punches of a person a day", "CB-ORD-003", _SHORT)
class EightADay(Losing):
    def loses(self, punch: Punch, store: Store) -> bool:
        def day(one: Punch) -> int:
            return (one.at + one.offset * 60) // _DAY_S

        same = {one.at for one in store.punches.get(punch.user, ()) if day(one) == day(punch)}
        return punch.at not in same and len(same) >= 8


@mutant("tenth-lost", "acknowledges every tenth punch and loses it", "CB-ORD-003", _LOST)
class TenthLost(Losing):
    count = 0

    def loses(self, punch: Punch, store: Store) -> bool:
        self.count += 1
        return self.count % 10 == 0


@mutant("burst-lost", "acknowledges at once and loses what its queue of twenty does not hold", "CB-ORD-003", _LOST)
class BurstLost(Losing):
    """A writer takes one punch every 50 ms from the queue."""

    level = 0.0
    drained = 0.0

    def loses(self, punch: Punch, store: Store) -> bool:
        now = time.monotonic()
        self.level = max(0.0, self.level - (now - self.drained) / 0.05)
        self.drained = now
        if self.level >= 20:
            return True
        self.level += 1
        return False


@mutant("photo-as-punch", "stores a photo as one more punch", "CB-PHOTO-001", _COMPARED, features="photo")
class PhotoAsPunch(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Note) and fact.kind == "photo":
            at, offset = self.moment(fact.text)
            store.append(Punch(fact.user, at, offset, "CheckIn", "Face"))
        return await super().keep_one(fact, store)


@mutant("photo-for-punch", "takes a punch for a copy of its photo", "CB-PHOTO-001", _SHORT, features="photo")
class PhotoForPunch(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Note) and fact.kind == "photo":
            at, _ = self.moment(fact.text)
            store.keys.add((fact.user, at, None))
        return await super().keep_one(fact, store)


@mutant("failure-acked", "fails while storing what has no InputType, and acknowledges", "CB-PUNCH-007")
class FailureAcked(Policy):
    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        if any(isinstance(fact, Punch) and fact.input is None for fact in facts):
            return Outcome.FAILED
        return await super().keep(facts, store, received)
