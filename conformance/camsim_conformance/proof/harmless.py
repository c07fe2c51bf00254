"""Right receivers with choices of their own: what the page leaves open, in any mixture."""

from __future__ import annotations

import random
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from camsim.protocol import cipher, timestamps
from camsim.protocol.vocabulary import IN_TYPES, Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Outcome, Punch, Received, Reply, Update
from camsim.receiver.memory.store import Store

from .direct import DirectReadBack, DirectReceiver

INSTANT, WALL = "instant", "device wall clock"
REPLIES: Mapping[str, Reply] = {
    "plain": Reply(),
    "pretty": Reply(body=b'{\n    "status": "done"\n}\n'),
    "extra members": Reply(body=b'{"message":"stored","status":"done","code":0}'),
    "text/html": Reply(content_type="text/html; charset=utf-8"),
    "encrypted": Reply(),
}
FORGED: Mapping[str, Reply] = {
    "200 done": Reply(),
    "401": Reply(401, b'{"status":"rejected"}'),
    "403": Reply(403, b"Forbidden", "text/plain"),
    "400": Reply(400, b'{"error":"token"}'),
}
_IN = frozenset(map(str, IN_TYPES)) | {"MealStart"}
_WORDS = {"in": sorted(_IN), "out": ["CheckOut", "BreakOut", "OverTimeOut", "MealOut", "MealEnd"]}
NO_DEVICE = "no device"  # in v2 the key of this receiver leaves the device out
_BIOMETRIC = frozenset({"Fingerprint", "Face", "Palm"})  # #6 to #8: they carry no names at all
FORMS = ("text", "epoch", "milliseconds", "LogTime", "text with offset")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a right receiver chose. `clock`: instant, device wall clock or an IANA zone; `key`: attributes beside user
    and time that make another row; `merges_walls`: one row for punches of one wall clock time; `form`: how times are
    shown; `drops`: what it does not keep; `delay_s`: from the answer until a punch shows."""

    clock: str = INSTANT
    key: tuple[str, ...] = ()
    merges_walls: bool = False
    erasing_names: bool = False
    one_column: bool = False
    keeps_templates: bool = False
    delay_s: float = 0.0
    whole_table: bool = False
    shuffled: bool = False
    form: str = "text"
    in_and_out: bool = False
    drops: tuple[str, ...] = ()
    forged: str = "401"
    reply: str = "plain"
    knows: frozenset[str] | None = None  # None: stores strangers too

    @property
    def text(self) -> str:
        """The choices that are not the reference's, by name."""
        found = []
        for name in self.__slots__:
            value, plain = getattr(self, name), getattr(REFERENCE, name)
            if value != plain and name != "knows":
                found.append(f"{name}={value}")
        return ", ".join(found) or "as the reference"


REFERENCE = Choices()


class Harmless(Policy):
    """The reference receiver under these choices."""

    name = "harmless"

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._since: dict[int, float] = {}

    # --- what is stored -----------------------------------------------------------------------------------------------

    def punch_key(self, punch: Punch) -> Hashable:
        at = self._wall(punch) if self._choices.merges_walls else punch.at
        key = [punch.user, at, *(getattr(punch, name) for name in self._choices.key if name != NO_DEVICE)]
        if punch.protocol is Protocol.V2 and NO_DEVICE not in self._choices.key:
            key.append(punch.device)
        return tuple(key)

    def _wall(self, punch: Punch) -> int:
        if self._choices.clock == INSTANT:
            return punch.at
        if self._choices.clock == WALL:
            return punch.at + 60 * punch.offset
        moment = datetime.fromtimestamp(punch.at, UTC).astimezone(ZoneInfo(self._choices.clock))
        return int(moment.replace(tzinfo=UTC).timestamp())

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        known = self._choices.knows
        if known is not None and punch.user not in known:
            return True
        new = await super().keep_punch(punch, store)
        if new:
            self._since[id(store.punches[punch.user][-1])] = time.monotonic() + self._choices.delay_s
        return new

    def rename(self, update: Update, store: Store) -> None:
        if not self._choices.erasing_names or any(item.type in _BIOMETRIC for item in update.templates):
            return super().rename(update, store)
        person = store.person(update.user)
        person.first, person.last = update.first or None, update.last or None
        return None

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        kept = store.templates.get(deletion.user)
        super().drop_user(deletion, store)
        if kept and self._choices.keeps_templates:
            store.templates[deletion.user] = kept

    # --- answers ------------------------------------------------------------------------------------------------------

    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        del outcome
        reply = REPLIES[self._choices.reply]
        if self._choices.reply == "encrypted" and received.key:
            return replace(reply, body=cipher.encrypt(received.key, reply.body))
        return reply

    def rejected(self, received: Received) -> Reply:
        del received
        return FORGED[self._choices.forged]

    # --- what is shown ------------------------------------------------------------------------------------------------

    def capabilities(self) -> dict[str, Any]:
        told = super().capabilities()
        told["keeps"] = [name for name in told["keeps"] if name not in self._choices.drops]
        if self._choices.clock != INSTANT:
            told["time_policy"] = "device-local"
        if self._choices.in_and_out:
            told["type_words"] = _WORDS
        return told

    def shown_punches(self, user: str, store: Store) -> Sequence[dict[str, Any]]:
        now = time.monotonic()
        rows = store.punches.get(user, ())
        return [self.show_punch(row) for row in rows if self._since.get(id(row), 0.0) <= now]

    def show_punch(self, punch: Punch) -> dict[str, Any]:
        shown = super().show_punch(punch) | {"time": self._time(punch)}
        if self._choices.in_and_out and punch.type in (*_WORDS["in"], *_WORDS["out"]):
            shown["type"] = "in" if punch.type in _IN else "out"
        return {name: value for name, value in shown.items() if name not in self._choices.drops}

    def _time(self, punch: Punch) -> object:
        form, local = self._choices.form, timestamps.local(self._wall(punch)).replace(" ", "T")
        if self._choices.clock != INSTANT:
            return local
        if form == "epoch":
            return punch.at
        if form == "milliseconds":
            return punch.at * 1000
        if form == "LogTime":
            return timestamps.gmt(punch.at, punch.offset)
        if form == "text with offset":
            offset = timestamps.format_offset(punch.offset)
            return timestamps.local(punch.at, punch.offset).replace(" ", "T") + f"{offset[:3]}:{offset[3:]}"
        return local + "Z"

    def shown_users(self, user: str, store: Store) -> Sequence[dict[str, Any]]:
        found = super().shown_users(user, store)
        if not self._choices.one_column:
            return found
        return [
            {"user": row["user"], "first_name": " ".join(filter(None, (row["first_name"], row["last_name"])))}
            for row in found
        ]


class HarmlessReadBack(DirectReadBack):
    """Shows the rows of a harmless receiver in its own way; `seed` is that of their order."""

    def __init__(self, receiver: DirectReceiver, choices: Choices, seed: int) -> None:
        super().__init__(receiver)
        self._choices = choices
        self._store = receiver.receiver.store
        self._random = random.Random(seed)

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        """Those of these people, or of everybody."""
        every = kind == "punches" and self._choices.whole_table
        found = super().rows(kind, list(self._store.punches) if every else people)
        if self._choices.shuffled:
            self._random.shuffle(found)
        return found
