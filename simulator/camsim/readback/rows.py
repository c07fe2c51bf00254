"""From plain values, as JSON, databases and Python objects tell them, to what a read-back tells; strict about times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Self, SupportsFloat

from camsim.protocol.vocabulary import IN_TYPES, AttendanceType
from camsim.wording import shown

from .model import Capabilities, ReadBackError, StoredPunch, StoredTemplate, StoredUser, TimePolicy
from .times import seconds_of


class RowReadBack(ABC):
    """An adapter that has plain rows of each kind; it says where from, this reads them."""

    name: str
    url: str  # as it was given, without anything secret
    policy: TimePolicy = "instant"
    naive_is_utc = False  # what becomes of times without offset under `instant`: an error, or UTC
    tells_columns = False  # rows come as the database's columns are made, not as a program wrote them
    number_id: int | None = None  # a user id that came as a number: 0012 and A7 cannot be told so

    def __enter__(self) -> Self:
        """Whoever asks many times keeps what may be kept between two questions."""
        return self

    def __exit__(self, *_: object) -> None:
        return

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the target keeps and how. Raises: ReadBackError."""

    @abstractmethod
    def rows(self, kind: str, people: Sequence[str]) -> Iterable[object]:
        """The rows of `punches`, `templates` or `users` of these people. Raises: ReadBackError."""

    def raw(self, kind: str, people: Sequence[str]) -> Iterable[object]:
        """The rows before anything is made of them, to show to people. Raises: ReadBackError."""
        return self.rows(kind, people)

    def source(self, kind: str) -> str:
        """Where the rows of a kind come from, for messages."""
        return self.name

    def punches(self, people: Sequence[str]) -> Iterator[StoredPunch]:
        """Rows of `punches`, read one by one."""
        # Asked at once, whoever reads the rows later: an error belongs to the question.
        return self._punches(self.rows("punches", people))

    def _punches(self, rows: Iterable[object]) -> Iterator[StoredPunch]:
        source = self.source("punches")
        for row in rows:
            found = punch_of(row, self.policy, source)
            if self.number_id is None and isinstance(row, Mapping) and type(row["user"]) is int:
                self.number_id = row["user"]
            yield found

    def templates(self, people: Sequence[str]) -> Iterator[StoredTemplate]:
        """Rows of `templates`."""
        source = self.source("templates")
        return (template_of(row, source) for row in self.rows("templates", people))

    def users(self, people: Sequence[str]) -> Iterator[StoredUser]:
        """Rows of `users`."""
        source = self.source("users")
        return (user_of(row, source) for row in self.rows("users", people))

    def declared(self, document: object, source: str) -> Capabilities:
        """The capabilities in a document; their time policy holds for every row from now on. Raises: ReadBackError."""
        found = capabilities_of(document, source)
        self.policy = found.time_policy
        return found


# Letters of the wire words by direction, as far as a word says it: of MealStart and MealEnd no line of the v2 page
# tells which is in and which is out (V2:79); who goes out to eat may have either under either.
_IN = frozenset(word.lower() for word in IN_TYPES)
_OUT = frozenset(word.lower() for word in AttendanceType) - _IN
_PAIRED = (("mealstart", "mealend"), ("mealin", "mealout"))


def listed(document: object, kind: str, source: str) -> list[object]:
    """The list `kind` of a document. Raises: ReadBackError with what came instead."""
    rows = document.get(kind) if isinstance(document, Mapping) else None
    if not isinstance(rows, list):
        raise ReadBackError(f'{source}: an object with a list "{kind}" is expected, not {str(document)[:120]}')
    return rows


def capabilities_of(document: object, source: str) -> Capabilities:
    """Read `{"time_policy", "keeps", "type_words"?, "input_words"?}`. Raises: ReadBackError."""
    if not isinstance(document, Mapping):
        raise ReadBackError(f"{source}: capabilities must be a JSON object, not {type(document).__name__}")
    policy = document.get("time_policy")
    if policy != "instant" and policy != "device-local":  # not `in`: what has no hash may stand here
        told = "missing" if policy is None else shown(policy)
        raise ReadBackError(f'{source}: time_policy is {told}; allowed are "instant" and "device-local"')
    keeps = document.get("keeps", ["punches"])
    if not isinstance(keeps, list) or not all(isinstance(word, str) for word in keeps) or "punches" not in keeps:
        raise ReadBackError(f'{source}: keeps is {shown(keeps)}; a list with at least "punches" is expected')
    types = _own_words(document, "type_words", source)
    _refuse_both_directions(types, source)
    return Capabilities(policy, frozenset(map(str, keeps)), types, _own_words(document, "input_words", source))


def _own_words(document: Mapping[str, object], name: str, source: str) -> dict[str, frozenset[str]]:
    words = document.get(name) or {}
    if not isinstance(words, Mapping):
        raise ReadBackError(f"{source}: {name} is {shown(words)}; an object of own word to vendor words is expected")
    # Own words are compared without case: a database collation may have changed it.
    return {str(own).lower(): _words(theirs) for own, theirs in words.items()}


def _refuse_both_directions(types: Mapping[str, frozenset[str]], source: str) -> None:
    # Who keeps In and Out under one word could swap them, and no read-back would ever show it.
    for own, theirs in types.items():
        letters = {"".join(filter(str.isalnum, word.lower())) for word in theirs}
        paired = any(letters.issuperset(pair) for pair in _PAIRED)
        if paired or (letters & _IN and letters & _OUT):
            raise ReadBackError(
                f"{source}: type_words puts In and Out types under one word, {own!r} is {', '.join(sorted(theirs))}: a "
                'swap could never be seen. Give each direction a word of its own, or leave "type" out of keeps.'
            )


def _words(value: object) -> frozenset[str]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return frozenset(map(str, value))
    return frozenset([str(value)])


def punch_of(row: object, policy: TimePolicy, source: str) -> StoredPunch:
    """A stored punch from a mapping. Raises: ReadBackError."""
    fields = _with(row, source, "user", "time")
    user, time = str(fields["user"]), seconds_of(fields["time"], policy, source)
    if len(fields) == 2:  # a storm reads hundreds of thousands of rows, most with nothing else
        return StoredPunch(user, time)
    return StoredPunch(
        user=user,
        time=time,
        type=_text(fields.get("type")),
        input=_text(fields.get("input")),
        device=_text(fields.get("device")),
        temperature=_number(fields.get("temperature"), source),
        mask=_flag(fields.get("mask")),
    )


def template_of(row: object, source: str) -> StoredTemplate:
    """A stored template from a mapping. Raises: ReadBackError."""
    fields = _with(row, source, "sha256", "user", "type")
    return StoredTemplate(
        user=str(fields["user"]),
        type=str(fields["type"]),
        index=_text(fields.get("index")),
        sha256=str(fields["sha256"]).lower(),
    )


def user_of(row: object, source: str) -> StoredUser:
    """A stored user from a mapping. Raises: ReadBackError."""
    fields = _with(row, source, "user")
    first, last = fields.get("first_name"), fields.get("last_name")
    # Who keeps one name for both parts may show it as `name`, also beside parts that are empty (V2:87).
    if not first and not last and fields.get("name"):
        first = fields["name"]
    return StoredUser(str(fields["user"]), _text(first), _text(last))


def _with(row: object, source: str, *names: str) -> Mapping[str, object]:
    """The row, when it is a mapping with all of `names`."""
    fields: Mapping[str, object] = row if isinstance(row, dict | Mapping) else {}
    for name in names:
        if fields.get(name) is None:
            raise ReadBackError(f'{source}: a row without "{name}": {str(row)[:120]}')
    return fields


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object, source: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, str | SupportsFloat):
        with suppress(ValueError):
            return float(value)
    raise ReadBackError(f"{source}: temperature {value!r} is no number")


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    # What databases without a boolean type tell: SQLite 0 and 1, PostgreSQL's text form t and f.
    return str(value).strip().lower() in ("1", "true", "yes", "t")
