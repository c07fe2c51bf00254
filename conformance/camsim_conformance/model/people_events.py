"""What happened to one person, in order: every occurrence with what kind of event it is, and in which life it falls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.plan.told import INDEXED, Deed, Keep, TemplateKey, Told

from .history import Occurrence
from .others import NOBODY, Others

_INDEXED = frozenset(map(str, INDEXED))
_BARE = frozenset({str(TemplateType.CARD), str(TemplateType.PASSWORD)})


class Kind(StrEnum):
    """What an event is to its person; the words are those of the `then:` factors."""

    CREATE = "create"
    RENAME = "rename"
    EMPTY_UPDATE = "empty-update"  # the same name, and no template
    NO_NAME = "no-name"  # empty names, and no template
    CARD = "card"  # or PIN
    BIOMETRIC = "biometric"
    PHOTO = "photo"
    FINGER = "finger"
    FACE = "face"
    PALM = "palm"
    NUMBER = "card-alone"
    PIN = "pin"
    GROUP = "group"  # several templates in one message
    ROLE = "role"  # another UserType than before
    LAZY = "lazy"
    LAZY_ADD = "lazy-add"
    LAZY_DELETE = "lazy-delete"
    DELETE = "delete"
    RETURN = "return"
    PUNCH = "punch"
    LATE = "late"
    COPY = "copy"
    SNAPSHOT = "snapshot"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence: `life` counts the deletions before it, `number` its place in the history."""

    number: int
    occurrence: Occurrence
    kinds: frozenset[Kind]
    life: int

    @property
    def told(self) -> Told:
        """What it tells."""
        return self.occurrence.told

    @property
    def acknowledged(self) -> bool:
        """True when the target has taken it."""
        return self.occurrence.acknowledged

    @property
    def required(self) -> bool:
        """True when what it tells has to be stored."""
        return self.told.keep is Keep.MUST

    @property
    def named(self) -> tuple[str, str] | None:
        """The name that it tells; None for none and for an empty one."""
        names = self.told.names
        return names if names is not None and any(names) else None


@dataclass(frozen=True, slots=True)
class Person:
    """All that was told of one person. `forged` is no part of what a right target keeps; `forged_at` says how many
    events came before each of it."""

    user: str
    events: tuple[Event, ...]
    forged: tuple[Occurrence, ...]
    forged_at: tuple[int, ...] = ()
    others: Others = NOBODY

    @property
    def life(self) -> int:
        """How often the person was deleted."""
        return sum(event.told.deed is Deed.DELETE for event in self.events)

    @property
    def doubtful(self) -> bool:
        """True when a deletion need not be followed: nothing can be said of what stands after it."""
        return any(event.told.deed is Deed.DELETE and not event.required for event in self.events)

    @property
    def living(self) -> tuple[Event, ...]:
        """The events since the last deletion."""
        return self.within(self.life)

    def within(self, life: int) -> tuple[Event, ...]:
        """The events of one life."""
        return tuple(event for event in self.events if event.life == life)

    def deletions(self, start: int = 0) -> tuple[Event, ...]:
        """The deletions from place `start` on."""
        return tuple(event for event in self.events[start:] if event.told.deed is Deed.DELETE)

    def beside_forged(self, first: int, last: int) -> dict[str, str]:
        """The values that an event has by forged messages before its first telling and after its last one."""
        found = {}
        if any(at <= first for at in self.forged_at):
            found["before:forged"] = "yes"
        if any(at > last for at in self.forged_at):
            found["then:forged"] = "yes"
        return found

    @property
    def gone(self) -> bool:
        """True when the last that was told of the person's data is the deletion."""
        return self.life > 0 and not any(event.told.deed is Deed.UPDATE for event in self.living)

    @property
    def creation(self) -> Event | None:
        """What told the target of the person in the present life: the first event with a name."""
        return self.creation_in(self.life)

    def creation_in(self, life: int) -> Event | None:
        """The first event with a name in a life."""
        return next((event for event in self.within(life) if event.required and event.named is not None), None)

    @property
    def keys(self) -> tuple[TemplateKey, ...]:
        """Every template key that was told, forged ones left out."""
        found: list[TemplateKey] = []
        for event in self.events:
            found += event.told.templates
        return tuple(dict.fromkeys(found))

    def tellings(self, key: TemplateKey) -> tuple[Event, ...]:
        """The events that tell a template of this key."""
        return tuple(event for event in self.events if key in event.told.templates)


@dataclass(slots=True)
class _State:
    """What has been told so far."""

    life: int = 0
    away: bool = False
    name: tuple[str, str] | None = None
    role: str = ""
    punches: list[Punch] = field(default_factory=list)
    newest: int = 0


def person_of(user: str, occurrences: Iterable[Occurrence], others: Others = NOBODY) -> Person:
    """The history of one person, with the date changes that lie between its steps."""
    state = _State()
    events: list[Event] = []
    forged: list[Occurrence] = []
    places: list[int] = []
    for one in _with_dates(occurrences):
        if one.told.keep is Keep.NEVER:
            forged.append(one)
            places.append(len(events))
            continue
        kinds = frozenset((*_kinds(one.told, state), *_LAZY.get(one.step.what, ())))
        events.append(Event(len(events), one, kinds, state.life))
        _remember(one.told, state)
    return Person(user, tuple(events), tuple(forged), tuple(places), others)


def _with_dates(occurrences: Iterable[Occurrence]) -> Iterator[Occurrence]:
    # A date change is told of nobody: it is found among the steps of the cases that tell of the person.
    for _, group in groupby(occurrences, key=lambda one: one.id):
        steps = {one.number: one for one in group}
        case = next(iter(steps.values())).case
        for number, step in enumerate(case.steps):
            if number in steps:
                yield steps[number]
            elif step.told is not None and step.told.deed is Deed.DATE:
                yield Occurrence(case, number, step, step.told, (), acknowledged=True)


def _kinds(told: Told, state: _State) -> Iterator[Kind]:
    if told.deed is Deed.UPDATE:
        if state.away:
            yield Kind.RETURN
        yield from _named(told, state)
        yield from _carried(told)
        if state.role and told.role not in ("", state.role):
            yield Kind.ROLE
    elif told.punch is not None:
        yield _punched(told.punch, state)
    elif told.deed in _PLAIN:
        yield _PLAIN[told.deed]


_PLAIN = {Deed.DELETE: Kind.DELETE, Deed.PHOTO: Kind.SNAPSHOT, Deed.DATE: Kind.DATE, Deed.LAZY: Kind.LAZY}
_LAZY = {"lazy AddUser": (Kind.LAZY_ADD,), "lazy DeleteUser": (Kind.LAZY_DELETE,)}
_OF_TYPE = {
    str(TemplateType.FINGERPRINT): Kind.FINGER,
    str(TemplateType.FACE): Kind.FACE,
    str(TemplateType.PALM): Kind.PALM,
    str(TemplateType.CARD): Kind.NUMBER,
    str(TemplateType.PASSWORD): Kind.PIN,
}


def _named(told: Told, state: _State) -> Iterator[Kind]:
    if told.names is None or not any(told.names):
        # v2 says no name for an empty one; beside a template it is no name in v3 either.
        if not told.templates:
            yield Kind.NO_NAME
    elif state.name is None:
        yield Kind.CREATE
    elif told.names != state.name:
        yield Kind.RENAME
    elif not told.templates:
        yield Kind.EMPTY_UPDATE


def _carried(told: Told) -> Iterator[Kind]:
    for kind, _ in told.templates:
        if kind in _BARE:
            yield Kind.CARD
        elif kind in _INDEXED:
            yield Kind.BIOMETRIC
        else:
            yield Kind.PHOTO
        if kind in _OF_TYPE:
            yield _OF_TYPE[kind]
    if len(told.templates) > 1:
        yield Kind.GROUP


def _punched(punch: Punch, state: _State) -> Kind:
    if punch in state.punches:
        return Kind.COPY
    return Kind.LATE if punch.log_time < state.newest else Kind.PUNCH


def _remember(told: Told, state: _State) -> None:
    if told.deed is Deed.DELETE:
        state.life, state.away, state.name, state.role = state.life + 1, True, None, ""
        state.newest = max(state.newest, told.at)
    elif told.deed is Deed.UPDATE:
        state.away = False
        state.role = told.role or state.role
        if told.names is not None and any(told.names):
            state.name = told.names
    elif told.punch is not None:
        state.punches.append(told.punch)
        state.newest = max(state.newest, told.punch.log_time)
