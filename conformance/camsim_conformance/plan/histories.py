"""Histories of people: every two kinds of event in turn, and rows of templates and names (plan/history_rows)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Unpack

from msgspec.structs import replace

from camsim.protocol.facts import Fact, Punch, Template, UserUpdated
from camsim.protocol.v2.messages import StyleV2
from camsim.protocol.vocabulary import Protocol, TemplateType

from .builder import Builder
from .cases import Case, Expect, Sending, Step
from .framing_v2 import steps_of
from .history_walks import PAIRED, Kind, walks
from .run_facts import HOUR, MINUTE, PHOTO_OF
from .told import Keep

GAP_S = 10 * MINUTE  # between two events
LATE_S = 2 * MINUTE  # a late punch is so much older than the last one
# As few parts as the page allows (V2:89): how many there are is no matter of a history.
STYLE = StyleV2(parts={TemplateType.FACE: 5, TemplateType.PALM: 5})
NAMES: tuple[tuple[str, str], ...] = (("Asha", "Rao"), ("Ravi", "Das"), ("Meena", "Iyer"), ("Lena", "Paul"))
_KEPT = frozenset({"name", "late"})  # what is counted over a deletion

_TEMPLATE_KINDS = frozenset({Kind.ADD, Kind.CHANGE, Kind.GROUP, Kind.PHOTO, Kind.AGAIN})
_Slot = tuple[TemplateType, int]
# What is added in turn: a PIN, a finger, a card, and more fingers.
_ADDED: tuple[_Slot, ...] = (
    (TemplateType.PASSWORD, 0),
    (TemplateType.FINGERPRINT, 3),
    (TemplateType.CARD, 0),
    (TemplateType.FINGERPRINT, 0),
    (TemplateType.PALM, 0),
    (TemplateType.FINGERPRINT, 9),
)
_GROUPED: tuple[tuple[_Slot, ...], ...] = (
    ((TemplateType.CARD, 0), (TemplateType.PASSWORD, 0)),
    ((TemplateType.FINGERPRINT, 3), (TemplateType.CARD, 0)),
    ((TemplateType.FINGERPRINT, 6), (TemplateType.FINGERPRINT, 7)),
)


def keeps_names(make: Builder) -> bool:
    """True when the target is said to keep people and their names."""
    return make.claims("user-data") or make.claims("names")


def keeps_templates(make: Builder) -> bool:
    """True when the target is said to keep templates."""
    return make.claims("user-data") or make.claims("templates")


def histories(make: Builder) -> Iterator[Case]:
    """One case for each walk through the kinds of event that the claimed features allow."""
    if not make.profile.may_change_people or not (keeps_names(make) or keeps_templates(make)):
        return
    # A target that must be told of its people first takes nothing of them before.
    early = not make.profile.announce
    for number, walk in enumerate(walks(_kinds(make), early=early), 1):
        user = make.user()
        steps = _History(make, user, number).steps(walk)
        # Who is told of first would be known before what is to come before.
        yield Case(f"history-{number:02}", tuple(steps), Expect((user,)), introduced=False)


def _kinds(make: Builder) -> set[Kind]:
    kinds = set(PAIRED)
    if not keeps_templates(make):
        kinds -= _TEMPLATE_KINDS
    if not make.claims("photo"):
        kinds.discard(Kind.SNAPSHOT)
    return kinds


def told_as(
    make: Builder, fact: Fact, device: int = 0, *, keep: Keep = Keep.MUST, **sending: Unpack[Sending]
) -> list[Step]:
    """The steps that report a fact in either protocol: several in v2 for a group, a face or a palm."""
    if make.profile.protocol is Protocol.V2:
        return steps_of(make, fact, device, keep=keep, style=STYLE, **sending)
    return [make.step(fact, device, keep=keep, **sending)]


@dataclass(slots=True)
class _History:
    """What one person has come to while the steps are made."""

    make: Builder
    user: str
    turn: int = 0  # whose third event is the second device's, where there is one
    name: tuple[str, str] = ("", "")
    events: int = 0
    punch: Punch | None = None
    punched: list[Step] = field(default_factory=list)
    template: Template | None = None
    counts: dict[str, int] = field(default_factory=dict)
    gone: bool = False

    def steps(self, walk: Sequence[Kind]) -> list[Step]:
        """The steps of all events, ten minutes apart."""
        made: list[Step] = []
        start = self.make.ago(5 * HOUR)
        for number, kind in enumerate(walk):
            made += self._event(kind, start + number * GAP_S)
        return made

    def _event(self, kind: Kind, at: int) -> list[Step]:
        self.events += 1
        match kind:
            case Kind.CREATE | Kind.RENAME | Kind.RETURN:
                self.gone = False
                if kind is Kind.RETURN and self.turn % 2:
                    return self._told(at)  # announced again just as before
                self.name = NAMES[self._count("name") % len(NAMES)]
                return self._told(at)
            case Kind.EMPTY_UPDATE:
                return self._told(at)
            case Kind.DELETE:
                self.gone = True
                # What was enrolled is enrolled again when the person comes back: the very same.
                self.counts = {what: number for what, number in self.counts.items() if what in _KEPT}
                return told_as(self.make, replace(self.make.deleted(self.user), at=at), self._device())
            case Kind.DATE:
                return told_as(self.make, replace(self.make.date(at + MINUTE), at=at))
            case Kind.PUNCH | Kind.COPY | Kind.LATE | Kind.SNAPSHOT:
                return self._punching(kind, at)
            case _:
                return self._told(at, *self._carried(kind))

    def _told(self, at: int, *templates: Template) -> list[Step]:
        return told_as(self.make, updated(self.make, self.user, self.name, at, *templates), self._device())

    def _device(self) -> int:
        return int(self.make.claims("multi-device") and (self.turn + self.events) % 3 == 0)

    def _punching(self, kind: Kind, at: int) -> list[Step]:
        if kind is Kind.PUNCH:
            self.punch = self.make.punch(self.user, at)
            self.counts["late"] = 0
            # One of somebody who was deleted is a stranger's: it may be kept or not.
            self.punched = told_as(self.make, self.punch, keep=Keep.MAY if self.gone else Keep.MUST)
            return self.punched
        if self.punch is None:
            raise ValueError(f"{kind} before any punch")
        if kind is Kind.COPY:
            return self.punched
        if kind is Kind.SNAPSHOT:
            return told_as(self.make, self.make.photo(self.user, self.punch.log_time))
        late = self.punch.log_time - LATE_S * (1 + self._count("late"))
        return told_as(self.make, self.make.punch(self.user, late, "CheckOut"))

    def _carried(self, kind: Kind) -> list[Template]:
        if kind is Kind.GROUP:
            slots = _GROUPED[self._count("group") % len(_GROUPED)]
            return [self._enrolled(*slot) for slot in slots]
        if kind is Kind.PHOTO:
            # The same picture for everybody, and at most two of them: they are large.
            generation = min(self._count("photo"), 1)
            return [self.make.template(PHOTO_OF, TemplateType.USER_PHOTO, 0, generation)]
        if kind is Kind.ADD:
            self.template = self._enrolled(*_ADDED[self._count("add") % len(_ADDED)])
        elif kind is Kind.CHANGE:
            last = self._last()
            self.template = self._enrolled(last.type, int(last.index or 0))
        return [self._last()]

    def _last(self) -> Template:
        if self.template is None:
            raise ValueError("no template is there to be told again")
        return self.template

    def _enrolled(self, kind: TemplateType, index: int) -> Template:
        """The template of a place, with content that it never had."""
        self.template = self.make.template(self.user, kind, index, self._count(f"{kind} {index}"))
        return self.template

    def _count(self, what: str) -> int:
        """How often it was asked for before."""
        number = self.counts.get(what, 0)
        self.counts[what] = number + 1
        return number


def updated(make: Builder, user: str, name: tuple[str, str], at: int, *templates: Template) -> UserUpdated:
    """A user added or changed at a moment."""
    first, last = name
    return replace(make.updated(user, *templates, first=first, last=last), at=at)
