"""Receivers that lose, replace or mix up users and templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Json, Received, Template, Update
from camsim.receiver.memory.store import Store, TemplateKey, Templates

from .groups import PEOPLE, TEMPLATES
from .model import because, mutant

_USER = "user-data"
_ALL = because("has templates of that kind", *TEMPLATES)
_BESIDE = because("deletes somebody beside others", "CB-USR-003")


@mutant("templates-replaced", "replaces all templates by those of the callback", "CB-TPL-001", _ALL, features=_USER)
class TemplatesReplaced(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge({}, told)


@mutant("key-type", "keeps one template of a type", "CB-TPL-002", _ALL, features=_USER)
class KeyType(Policy):
    def template_key(self, template: Template) -> TemplateKey:
        return template.type


@mutant("key-index", "keeps one template of an index, whatever its type", "CB-TPL-002", _ALL, features=_USER)
class KeyIndex(Policy):
    def template_key(self, template: Template) -> TemplateKey:
        return template.index


@mutant("key-none", "keeps every version of a template", "CB-TPL-002", _ALL, features=_USER)
class KeyNone(Policy):
    def template_key(self, template: Template) -> TemplateKey:
        return (template.type, template.index, template.data)


@mutant("last-of-group", "keeps the last template of a callback", "CB-TPL-001", _ALL, features=_USER)
class LastOfGroup(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge(stored, told[-1:])


@mutant("first-of-group", "keeps the first template of a callback", "CB-TPL-001", _ALL, features=_USER)
class FirstOfGroup(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge(stored, told[:1])


@mutant("first-version", "never updates a template it has", "CB-TPL-002", _ALL, features=_USER)
class FirstVersion(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return {**super().merge({}, told), **stored}


@mutant("short-column", "cuts templates to 255 characters", "CB-TPL-001", _ALL, features=_USER)
class ShortColumn(Policy):
    def template(self, item: Json, user: str) -> Template:
        whole = super().template(item, user)
        return replace(whole, data=whole.data[:255])


@mutant("palms-lost", "has no room for palms", "CB-TPL-001", _ALL, features=_USER)
class PalmsLost(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge(stored, [item for item in told if item.type != "Palm"])


@mutant(
    "templates-without-user",
    "looks for the user at the top alone: #6 to #8 are lost",
    "CB-TPL-003",
    _ALL,
    features=_USER,
)
class TemplatesWithoutUser(Policy):
    def updates(self, item: Json, received: Received) -> Iterable[Fact]:
        return list(super().updates(item, received)) if self.user_of(item) else []


@mutant(
    "empty-erases",
    "takes an empty Template array for a user without templates",
    "CB-TPL-004",
    because("a name with an empty array follows a template", "CB-TPL-005", "CB-TPL-001", "CB-TPL-002", "CB-ENC-001"),
    features=_USER,
)
class EmptyErases(Policy):
    def keep_update(self, update: Update, store: Store) -> None:
        super().keep_update(update, store)
        if not update.templates:
            store.templates.pop(update.user, None)


@mutant(
    "unknown-owner-lost",
    "drops templates of people whose name it does not know",
    "CB-TPL-005",
    because("may come before a name", *PEOPLE),
    features=_USER,
)
class UnknownOwnerLost(Policy):
    def keep_update(self, update: Update, store: Store) -> None:
        if update.first or update.last or update.user in store.people:
            super().keep_update(update, store)


@mutant("deletion-ignored", "acknowledges a deletion and does nothing", "CB-USR-001", _BESIDE, features=_USER)
class DeletionIgnored(Policy):
    def drop_user(self, deletion: Deletion, store: Store) -> None:
        return None


@mutant(
    "deletion-of-all",
    "deletes everybody",
    "CB-USR-001",
    because("another person's deletion takes its users", *PEOPLE),
    features=_USER,
)
class DeletionOfAll(Policy):
    def drop_user(self, deletion: Deletion, store: Store) -> None:
        store.people.clear()
        store.templates.clear()


@mutant("deletion-with-punches", "deletes a person's punches too", "CB-USR-002", features=_USER)
class DeletionWithPunches(Policy):
    def drop_user(self, deletion: Deletion, store: Store) -> None:
        super().drop_user(deletion, store)
        store.punches.pop(deletion.user, None)


@mutant("rename-ignored", "keeps the first name it was told", "CB-USR-001", features=_USER)
class RenameIgnored(Policy):
    def rename(self, update: Update, store: Store) -> None:
        person = store.person(update.user)
        person.first = person.first or update.first or None
        person.last = person.last or update.last or None


@mutant(
    "names-short", "cuts names to four characters", "CB-WIRE-002", because("compares names", *PEOPLE), features=_USER
)
class NamesShort(Policy):
    def rename(self, update: Update, store: Store) -> None:
        super().rename(replace(update, first=update.first[:4], last=update.last[:4]), store)


@mutant("empty-names-erase", "lets the empty names of #4 and #5 erase a stored name", "CB-TPL-006", features=_USER)
class EmptyNamesErase(Policy):
    def rename(self, update: Update, store: Store) -> None:
        person = store.person(update.user)
        # #6 to #8 carry no names at all: they are the ones whose templates are biometric.
        if not any(item.type in ("Fingerprint", "Face", "Palm") for item in update.templates):
            person.first, person.last = update.first or None, update.last or None
