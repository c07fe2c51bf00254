"""Last steps of the policy but one: from facts to the store."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import singledispatchmethod

from camsim.protocol.vocabulary import Protocol

from .interpret import Understanding
from .records import Deletion, Fact, Note, Outcome, Punch, Received, Template, Update
from .store import Store, TemplateKey, Templates


class Keeping(Understanding):
    """Step 5: what is a repetition, what merges, what goes."""

    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        """Store everything; REPEATED when there were punches and none of them was new."""
        del received
        new = [await self.keep_one(fact, store) for fact in facts]
        # A batch may hold old and new punches: one new one is enough, and so is nothing to store at all.
        if new and not any(new):
            return Outcome.REPEATED
        return Outcome.KEPT

    async def keep_one(self, fact: Fact, store: Store) -> bool:
        """Store one fact; False when it was a punch that is there already."""
        if isinstance(fact, Punch):
            return await self.keep_punch(fact, store)
        self.keep_other(fact, store)
        return True

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        """Keep a punch once; check and insert are one step, so concurrent copies are one row."""
        return store.add(self.punch_key(punch), punch)

    def punch_key(self, punch: Punch) -> Hashable:
        """User and instant (V3:1170); in v2 the device too (V2-30)."""
        device = punch.device if punch.protocol is Protocol.V2 else None
        return (punch.user, punch.at, device)

    @singledispatchmethod
    def keep_other(self, fact: Fact, store: Store) -> None:
        """Record what is acknowledged and nothing more."""
        raise TypeError(f"{type(fact).__name__} is no fact")

    @keep_other.register
    def _note(self, fact: Note, store: Store) -> None:
        store.notes.append(fact)

    @keep_other.register
    def _update(self, fact: Update, store: Store) -> None:
        self.keep_update(fact, store)

    @keep_other.register
    def _deletion(self, fact: Deletion, store: Store) -> None:
        self.drop_user(fact, store)

    def keep_update(self, update: Update, store: Store) -> None:
        """Names that are told replace those stored; templates merge, also before their user is known."""
        self.rename(update, store)
        if update.templates:
            store.templates[update.user] = self.merge(store.templates.get(update.user, {}), update.templates)

    def rename(self, update: Update, store: Store) -> None:
        """An empty name erases nothing: #4 and #5 carry empty ones."""
        person = store.person(update.user)
        person.first = update.first or person.first
        person.last = update.last or person.last

    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        """Upsert by Type and Index; what is not told stays (V3:158, 162)."""
        return {**stored, **{self.template_key(item): item for item in told}}

    def template_key(self, template: Template) -> TemplateKey:
        """Type and Index are the unique key (V3:158)."""
        return (template.type, template.index)

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        """The user and its templates go, its punches stay."""
        store.drop(deletion.user)
