"""A pure target that takes what it is told, and the histories that it is told: for the tests of the model of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from certifying import profile

from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import Capabilities, Snapshot, StoredTemplate, StoredUser
from camsim_conformance.model.history import Occurrence, histories
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.histories import histories as history_cases
from camsim_conformance.plan.history_rows import rows
from camsim_conformance.plan.told import Deed, Keep, TemplateKey, Told

NOW = 1_790_000_000
FEATURES = frozenset({"core", "user-data", "photo"})
Name = tuple[str, str]


class Store:
    """A right target: one name and the templates by Type and Index of each person. Faults override one method."""

    def __init__(self) -> None:
        self.names: dict[str, Name] = {}
        self.templates: dict[str, dict[TemplateKey, str]] = {}

    def tell(self, told: Told) -> None:
        """Take one message."""
        if told.keep is Keep.NEVER:
            return
        if told.deed is Deed.DELETE:
            self.delete(told.user)
        elif told.deed is Deed.UPDATE:
            self.name(told)
            self.merge(told)

    def delete(self, user: str) -> None:
        self.names.pop(user, None)
        self.templates.pop(user, None)

    def name(self, told: Told) -> None:
        if told.names is not None and any(told.names):
            self.names[told.user] = told.names

    def merge(self, told: Told) -> None:
        kept = self.templates.setdefault(told.user, {})
        for key, sha in told.templates.items():
            self.put(kept, key, sha)

    def put(self, kept: dict[TemplateKey, str], key: TemplateKey, sha: str) -> None:
        kept[key] = sha

    def snapshot(self) -> Snapshot:
        """All that is stored."""
        templates = {}
        for user, kept in self.templates.items():
            templates[user] = tuple(StoredTemplate(user, kind, index, sha) for (kind, index), sha in kept.items())
        users = {user: StoredUser(user, *name) for user, name in self.names.items()}
        keeps = frozenset({"punches", "templates", "users"})
        return Snapshot(Capabilities("instant", keeps), {}, templates, users)


def builder(protocol: Protocol, **more: object) -> Builder:
    """A builder that claims all features."""
    claimed = {"features": FEATURES, "protocol": protocol, **more}
    return Builder(profile("http://127.0.0.1:1/", **claimed), NOW, 12345)


def cases(protocol: Protocol) -> tuple[Case, ...]:
    """All histories and rows."""
    make = builder(protocol)
    return (*history_cases(make), *rows(make))


def occurrences(some: Iterable[Case], refused: Iterable[tuple[str, int]] = ()) -> list[Occurrence]:
    """Every step of some cases, acknowledged but for the refused ones (case name and step)."""
    unanswered = set(refused)
    found = []
    for case in some:
        for number, step in enumerate(case.steps):
            if step.told is not None:
                taken = (case.name, number) not in unanswered
                found.append(Occurrence(case, number, step, step.told, (), taken))
    return found


def people(some: Iterable[Occurrence]) -> Mapping[str, tuple[Occurrence, ...]]:
    """The histories of the people."""
    return histories(some)


def told(store: Store, some: Iterable[Occurrence]) -> Snapshot:
    """What a target stores of all that it acknowledges."""
    for one in some:
        if one.acknowledged:
            store.tell(one.told)
    return store.snapshot()
