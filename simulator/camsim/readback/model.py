"""What a read-back tells: stored punches, templates and users, as typed values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

MAX_IDS = 100
TimePolicy = Literal["instant", "device-local"]
KINDS = ("punches", "templates", "users")


class ReadBackError(RuntimeError):
    """The read-back cannot be believed: the run is void (exit 3). Says what came and what is expected."""


@dataclass(frozen=True, slots=True)
class StoredPunch:
    """One stored row. `time`: epoch seconds of the instant, or of the wall clock counted as UTC, by the policy."""

    user: str
    time: int
    type: str | None = None
    input: str | None = None
    device: str | None = None
    temperature: float | None = None
    mask: bool | None = None


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One stored template; `sha256` of the decoded data, of the text for card and password."""

    user: str
    type: str
    index: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredUser:
    """One stored user; None is not kept."""

    user: str
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target keeps and how. `type_words`: its own word to the vendor's words it stands for."""

    time_policy: TimePolicy
    keeps: frozenset[str]
    type_words: Mapping[str, frozenset[str]] = field(default_factory=dict)


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
    """All that was stored for the people of a run, at one moment."""

    capabilities: Capabilities
    punches: Mapping[str, tuple[StoredPunch, ...]]
    templates: Mapping[str, tuple[StoredTemplate, ...]]
    users: Mapping[str, StoredUser]

    def keeps(self, *what: str) -> bool:
        """True when the target keeps all of these."""
        return all(word in self.capabilities.keeps for word in what)

    def without(self, before: Snapshot) -> Snapshot:
        """What came since `before`: people of --users may have a past."""
        punches = {user: _less(rows, before.punches.get(user, ())) for user, rows in self.punches.items()}
        return Snapshot(self.capabilities, punches, self.templates, self.users)

    @property
    def empty(self) -> bool:
        """True when nothing at all is stored for these people."""
        return not any(self.punches.values()) and not any(self.templates.values()) and not self.users


def _less(rows: Sequence[StoredPunch], past: Sequence[StoredPunch]) -> tuple[StoredPunch, ...]:
    left = list(rows)
    for row in past:
        if row in left:
            left.remove(row)
    return tuple(left)


def take(
    adapter: ReadBack, capabilities: Capabilities, people: Sequence[str], kinds: Iterable[str] = KINDS
) -> Snapshot:
    """Ask for everything kept, at most 100 people at a time. Raises: ReadBackError."""
    wanted = set(kinds) & capabilities.keeps
    asked = set(people)
    punches: dict[str, list[StoredPunch]] = {}
    templates: dict[str, list[StoredTemplate]] = {}
    users: dict[str, StoredUser] = {}
    for batch in _batches(people):
        if "punches" in wanted:
            _sort(adapter.punches(batch), asked, punches)
        if "templates" in wanted:
            _sort(adapter.templates(batch), asked, templates)
        if "users" in wanted:
            users.update({row.user: row for row in adapter.users(batch) if row.user in asked})
    return Snapshot(capabilities, _frozen(punches), _frozen(templates), users)


def _batches(people: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(people), MAX_IDS):
        yield people[start : start + MAX_IDS]


def _sort(rows: Iterable[Any], asked: set[str], into: dict[str, list[Any]]) -> None:
    # An adapter that answers more than was asked (a whole table) is no liar; strangers are left out.
    for row in rows:
        if row.user in asked:
            into.setdefault(row.user, []).append(row)


def _frozen(rows: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {user: tuple(found) for user, found in rows.items()}


# --- from plain JSON-like values --------------------------------------------------------------------------------------


def capabilities_of(document: Any, source: str) -> Capabilities:
    """Read `{"time_policy", "keeps", "type_words"?}`. Raises: ReadBackError."""
    if not isinstance(document, Mapping):
        raise ReadBackError(f"{source}: capabilities must be a JSON object, not {type(document).__name__}")
    policy = document.get("time_policy")
    if policy not in ("instant", "device-local"):
        raise ReadBackError(f'{source}: time_policy is {policy!r}; allowed are "instant" and "device-local"')
    keeps = document.get("keeps", ["punches"])
    if not isinstance(keeps, list) or "punches" not in keeps:
        raise ReadBackError(f'{source}: keeps is {keeps!r}; a list with at least "punches" is expected')
    words = document.get("type_words") or {}
    if not isinstance(words, Mapping):
        raise ReadBackError(f"{source}: type_words is {words!r}; an object of own word to vendor words is expected")
    return Capabilities(
        policy, frozenset(map(str, keeps)), {str(own).lower(): _words(theirs) for own, theirs in words.items()}
    )


def _words(value: Any) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else map(str, value))


def punch_of(row: Any, policy: TimePolicy, source: str) -> StoredPunch:
    """A stored punch from a mapping. Raises: ReadBackError."""
    user, time = _member(row, "user", source), _member(row, "time", source)
    return StoredPunch(
        str(user),
        seconds_of(time, policy, source),
        _text(row.get("type")),
        _text(row.get("input")),
        _text(row.get("device")),
        _number(row.get("temperature"), source),
        _flag(row.get("mask")),
    )


def template_of(row: Any, policy: TimePolicy, source: str) -> StoredTemplate:
    """A stored template from a mapping. Raises: ReadBackError."""
    index = _text(row.get("index")) if isinstance(row, Mapping) else None
    sha = str(_member(row, "sha256", source)).lower()
    return StoredTemplate(str(_member(row, "user", source)), str(_member(row, "type", source)), index, sha)


def user_of(row: Any, policy: TimePolicy, source: str) -> StoredUser:
    """A stored user from a mapping. Raises: ReadBackError."""
    user = str(_member(row, "user", source))
    return StoredUser(user, _text(row.get("first_name")), _text(row.get("last_name")))


def _member(row: Any, name: str, source: str) -> Any:
    if not isinstance(row, Mapping) or row.get(name) is None:
        raise ReadBackError(f'{source}: a row without "{name}": {str(row)[:120]}')
    return row[name]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any, source: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ReadBackError(f"{source}: temperature {value!r} is no number") from None


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    return str(value).strip().lower() in ("1", "true", "yes", "t")


def seconds_of(value: Any, policy: TimePolicy, source: str) -> int:
    """Epoch seconds of a stored time: the instant, or the wall clock counted as UTC. Raises: ReadBackError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    moment = value if isinstance(value, datetime) else _parsed(value, source)
    if policy == "instant":
        if moment.tzinfo is None:
            raise ReadBackError(
                f"{source}: time {value!r} has no offset; under time_policy instant write 2020-09-17T02:18:22Z"
            )
        return int(moment.timestamp())
    if moment.tzinfo is not None:
        raise ReadBackError(f"{source}: time {value!r} has an offset; under device-local write 2020-09-17T07:48:22")
    return int(moment.replace(tzinfo=UTC).timestamp())


def _parsed(value: Any, source: str) -> datetime:
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ReadBackError(f"{source}: time {value!r} is not of the form 2020-09-17T02:18:22Z") from None
