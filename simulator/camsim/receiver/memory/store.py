"""Punches, users and templates in dictionaries, indexed by user."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from .records import Note, Punch, Template

TemplateKey = Hashable
Templates = Mapping[TemplateKey, Template]


@dataclass(slots=True)
class Person:
    """A user's names; None until told."""

    first: str | None = None
    last: str | None = None


@dataclass(slots=True)
class Store:
    """What a receiver has kept; `punches` by user in order of arrival, `keys` of all punches."""

    keys: set[Hashable] = field(default_factory=set)
    punches: dict[str, list[Punch]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    templates: dict[str, Templates] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def add(self, key: Hashable, punch: Punch) -> bool:
        """Keep a punch once per key; False when the key was there."""
        if key in self.keys:
            return False
        self.keys.add(key)
        self.append(punch)
        return True

    def append(self, punch: Punch) -> None:
        """Keep a punch whatever its key."""
        self.punches.setdefault(punch.user, []).append(punch)

    def person(self, user: str) -> Person:
        """The user's record, made when it is new."""
        return self.people.setdefault(user, Person())

    def drop(self, user: str) -> None:
        """Forget a user and its templates; punches stay."""
        self.people.pop(user, None)
        self.templates.pop(user, None)

    def counts(self) -> dict[str, int]:
        """Rows by kind, in the words of the other receiver's read-back."""
        return {
            "punch": sum(map(len, self.punches.values())),
            "person": len(self.people),
            "template": sum(map(len, self.templates.values())),
            "note": len(self.notes),
        }
