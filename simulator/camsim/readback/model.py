"""What a read-back tells: stored punches, templates and users, as typed values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

import msgspec

MAX_IDS = 100  # of people in one request, so that its URL stays below what servers accept
TimePolicy = Literal["instant", "device-local"]
KINDS = ("punches", "templates", "users")


class ReadBackError(RuntimeError):
    """The read-back cannot be believed: the run is void (exit 3). Says what came and what is expected."""


class StoredPunch(msgspec.Struct, frozen=True):
    """One stored row. `time`: epoch seconds of the instant, or of the wall clock counted as UTC, by the policy."""

    user: str
    time: int
    type: str | None = None
    input: str | None = None
    device: str | None = None
    temperature: float | None = None
    mask: bool | None = None


class StoredTemplate(msgspec.Struct, frozen=True):
    """One stored template; `sha256` of the decoded data, of the text for card and password."""

    user: str
    type: str
    index: str | None
    sha256: str


class StoredUser(msgspec.Struct, frozen=True):
    """One stored user; None is not kept."""

    user: str
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target keeps and how. `type_words`, `input_words`: its own word to the vendor's words it stands for."""

    time_policy: TimePolicy
    keeps: frozenset[str]
    type_words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    input_words: Mapping[str, frozenset[str]] = field(default_factory=dict)


Row = TypeVar("Row", StoredPunch, StoredTemplate)


class ReadBack(Protocol):
    """An adapter of one target. Implementations raise ReadBackError for what cannot be believed."""

    name: str

    def capabilities(self) -> Capabilities:
        """Asked once, before anything is sent."""

    def punches(self, people: Sequence[str]) -> Iterable[StoredPunch]:
        """Rows of these people; at most 100 at a time."""

    def templates(self, people: Sequence[str]) -> Iterable[StoredTemplate]:
        """Templates of these people."""

    def users(self, people: Sequence[str]) -> Iterable[StoredUser]:
        """These people, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was stored for the people of a run, at one moment. `asked` are those people, as they were asked for;
    `whole` is what was read, when the past of people was taken away from it."""

    capabilities: Capabilities
    punches: Mapping[str, tuple[StoredPunch, ...]]
    templates: Mapping[str, tuple[StoredTemplate, ...]]
    users: Mapping[str, StoredUser]
    asked: tuple[str, ...] = ()
    whole: Snapshot | None = None

    def keeps(self, *what: str) -> bool:
        """True when the target keeps all of these."""
        return all(word in self.capabilities.keeps for word in what)

    def without(self, before: Snapshot) -> Snapshot:
        """What came since `before`: people of --users may have a past."""
        punches = {user: _less(rows, before.punches.get(user, ())) for user, rows in self.punches.items()}
        return Snapshot(self.capabilities, punches, self.templates, self.users, self.asked, self)

    @property
    def empty(self) -> bool:
        """True when nothing at all is stored for these people."""
        return not any(self.punches.values()) and not any(self.templates.values()) and not self.users


def _less(rows: Sequence[StoredPunch], past: Sequence[StoredPunch]) -> tuple[StoredPunch, ...]:
    left = list(rows)  # rows may be equal: each of the past takes one away
    for row in past:
        if row in left:
            left.remove(row)
    return tuple(left)


def take(
    adapter: ReadBack, capabilities: Capabilities, people: Sequence[str], kinds: Iterable[str] = KINDS
) -> Snapshot:
    """Ask for everything kept, at most 100 people at a time. Raises: ReadBackError."""
    wanted = set(kinds) & capabilities.keeps
    punches: dict[str, list[StoredPunch]] = {}
    templates: dict[str, list[StoredTemplate]] = {}
    users: dict[str, StoredUser] = {}
    for batch in batches(people):
        if "punches" in wanted:
            _sort(adapter.punches(batch), batch, punches)
        if "templates" in wanted:
            _sort(adapter.templates(batch), batch, templates)
        if "users" in wanted:
            asked = set(batch)
            for row in adapter.users(batch):
                if row.user in asked:
                    users[row.user] = row
    return Snapshot(capabilities, _frozen(punches), _frozen(templates), users, tuple(people))


def batches(people: Sequence[str]) -> Iterator[Sequence[str]]:
    """The people in the parts they are asked for in."""
    for start in range(0, len(people), MAX_IDS):
        yield people[start : start + MAX_IDS]


def _sort(rows: Iterable[Row], batch: Sequence[str], into: dict[str, list[Row]]) -> None:
    # An adapter that answers more than was asked (a whole table) is no liar; strangers are left out. Whoever was asked
    # for in another batch is a stranger here too: taken from both, each of the person's rows would be there twice.
    asked = set(batch)
    for row in rows:
        if row.user in asked:
            into.setdefault(row.user, []).append(row)


def _frozen(rows: Mapping[str, list[Row]]) -> dict[str, tuple[Row, ...]]:
    return {user: tuple(found) for user, found in rows.items()}
