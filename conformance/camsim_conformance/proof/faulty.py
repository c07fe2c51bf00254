"""The reference receiver with one fault: an effect on every event under a condition. In process and over HTTP alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Outcome, Punch, Received, Reply, Template, Update
from camsim.receiver.memory.store import Store, Templates
from camsim_conformance.plan.told import Keep

from .effects import CLOSED, FORGED, PEOPLE_EFFECTS, PUNCH_EFFECTS, Effect, Place
from .events import Event, is_update

Condition = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """An effect under a condition: of values, or (for people) of the kind of event that triggers it, `on`, under a
    template type, or of the form of a forgery. `named` are the values that a finding should name."""

    effect: str
    condition: Condition = ()
    on: str = ""
    template: str = ""
    named: Condition = ()

    @property
    def of_people(self) -> bool:
        """True for a fault in names, templates or users, or in believing forgeries."""
        return self.effect in PEOPLE_EFFECTS

    @property
    def acts(self) -> Effect:
        """What it does."""
        return PEOPLE_EFFECTS[self.effect] if self.of_people else PUNCH_EFFECTS[self.effect]

    @property
    def factors(self) -> int:
        """How many values its condition has."""
        return len(self.named or self.condition)

    @property
    def text(self) -> str:
        """`dropped when type=CheckOut and age=8-days`."""
        pairs = [f"{factor}={name}" for factor, name in self.condition]
        if self.on:
            pairs.append(f"on {self.on}")
        if self.template:
            pairs.append(f"of {self.template}")
        return f"{self.effect} when {' and '.join(pairs) or 'always'}"

    def strikes(self, event: Event) -> bool:
        """Whether the event is one that it befalls."""
        if self.effect == FORGED.name:
            return event.told.keep is Keep.NEVER and event.holds(self.condition)
        if self.of_people:
            return self.on in event.kinds if self.on else is_update(event)
        return event.punch is not None and event.keep is not Keep.NEVER and event.holds(self.condition)


class FaultyPolicy(Policy):
    """Looks every body up in what is known of the plan, and goes wrong where the fault says so."""

    def __init__(self, fault: Fault, clock: Callable[[], float] = time.time) -> None:
        self.name = fault.text
        self.fault = fault
        self._effect = fault.acts
        self._clock = clock
        self._known: dict[bytes, Event] = {}
        self._other = ""
        self._struck: Event | None = None

    def learn(self, told: Sequence[Event], other: str) -> None:
        """What a plan will send; `other` is the person to whom others' punches are booked."""
        self._known = {one.wire: one for one in told} | self._known
        self._other = other

    # Nothing waits between the body's opening and the answer, so the event of one is the event of the other.
    def open(self, body: bytes, stgid: str) -> Received:
        event = self._known.get(bytes(body))
        self._struck = event if event is not None and self.fault.strikes(event) else None
        return super().open(body, stgid)

    def authentic(self, received: Received) -> bool:
        forged = self._effect is FORGED and self._struck is not None
        return forged or super().authentic(received)

    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        reply = self._effect.reply
        if reply is None or self._struck is None:
            return super().acknowledge(received, outcome)
        return reply

    async def send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply is CLOSED:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return await super().send(request, reply)

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if self._struck is None or self.fault.of_people:
            return await super().keep_punch(punch, store)
        key = self.punch_key(punch)
        rows = self._effect.stored(punch, Place(int(self._clock()), self._other))
        if not rows:
            return True  # acknowledged as if it were new
        if not store.add(key, rows[0]):
            return False
        for row in rows[1:]:
            store.append(row)
        return True

    # --- people -----------------------------------------------------------------------------------------------------

    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        struck = self._struck
        outcome = await super().keep(facts, store, received)
        if struck is not None:
            self._after(struck, store)
        return outcome

    def _after(self, event: Event, store: Store) -> None:
        user = event.told.user
        if self._effect.name == "names erased" and user in store.people:
            store.people[user].first = store.people[user].last = None
        elif self._effect.name == "templates erased":
            told = {*event.told.templates}
            store.templates[user] = _left(store.templates.get(user, {}), told, self.fault.template)

    def keep_update(self, update: Update, store: Store) -> None:
        if self._struck is not None and self._effect.name == "return ignored":
            return
        super().keep_update(update, store)

    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        if self._struck is not None and self._effect.name == "template dropped":
            return super().merge(stored, [one for one in told if not self._means(one)])
        if self._struck is not None and self._effect.name == "old content kept":
            return super().merge(stored, [one for one in told if not self._means(one) or not self._has(stored, one)])
        return super().merge(stored, told)

    def _means(self, template: Template) -> bool:
        return self.fault.template in ("", template.type)

    def _has(self, stored: Templates, template: Template) -> bool:
        return self.template_key(template) in stored

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        if self._struck is not None and self._effect.name == "deletion ignored":
            return
        super().drop_user(deletion, store)


def _left(stored: Templates, told: set[tuple[str, str]], kind: str) -> Templates:
    """The templates without those of a kind ("" is any) that the message did not carry."""
    left: dict[object, Template] = {}
    for key, one in stored.items():
        carried = (one.type, one.index or "") in told or (one.type, "") in told
        if carried or kind not in ("", one.type):
            left[key] = one
    return left
