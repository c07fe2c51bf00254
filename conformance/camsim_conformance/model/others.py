"""What was told of other people beside one: who was deleted, and who has the same card or PIN."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.plan.told import Deed, Keep

from .history import Occurrence

# What somebody else's deletion is to a person, the nearest first: the value of `then:other-deleted`.
BEGIN, END, PART, NEAR, UNKNOWN, LAST, KNOWN = "begin", "end", "part", "near", "unknown", "last", "known"
_KIN = (BEGIN, END, PART, NEAR)
_NUMBERS = frozenset({str(TemplateType.CARD), str(TemplateType.PASSWORD)})


@dataclass(frozen=True, slots=True)
class Others:
    """The people beside one. `deletions` of them, each with what it is to the person; `updates` of those
    whose UserID is part of the person's; `sharing`: by the hash of a card
    or PIN what others have it too, in the order in which it was told to all."""

    deletions: tuple[tuple[str, Occurrence], ...] = ()
    updates: tuple[tuple[str, Occurrence], ...] = ()
    sharing: Mapping[str, tuple[Occurrence, ...]] = field(default_factory=dict)

    def deleted_after(self, telling: Occurrence) -> str:
        """The nearest deletion of somebody else that came after a step; "no" for none."""
        found = {kind for kind, one in self.deletions if _comes_after(one, telling, elsewhere=kind in (*_KIN, LAST))}
        if LAST in found and not found.intersection(_KIN):
            return UNKNOWN
        return next((kind for kind in (*_KIN, UNKNOWN, KNOWN) if kind in found), "no")

    def renamed_after(self, telling: Occurrence) -> str:
        """Like whose UserID this one is of those who were told of later in the same case; "no" for none."""
        found = {kind for kind, one in self.updates if _comes_after(one, telling, elsewhere=False)}
        return next((kind for kind in (BEGIN, END, PART) if kind in found), "no")

    def shares(self, sha: str, telling: Occurrence) -> str:
        """Whether somebody else was told to have this before, or is later; "no" for nobody."""
        some = self.sharing.get(sha, ())
        if not some:
            return "no"
        return "later" if any(_comes_after(telling, one, elsewhere=True) for one in some) else "first"


def others_of(people: Mapping[str, Collection[Occurrence]]) -> Mapping[str, Others]:
    """The others of everybody."""
    made = {user for user, some in people.items() if any(_tells(one) for one in some)}
    deletions = [one for some in people.values() for one in some if _deletes(one)]
    numbers: dict[str, list[Occurrence]] = {}
    for some in people.values():
        for one in some:
            for (kind, _), sha in one.told.templates.items():
                if kind in _NUMBERS and one.told.keep is Keep.MUST:
                    numbers.setdefault(sha, []).append(one)
    last = _last_made(people, [one for one in deletions if one.told.user not in made])
    named = [(user, [one for one in some if _tells(one)]) for user, some in people.items()]
    found: dict[str, Others] = {}
    for user in people:
        beside = (*_deletions(user, deletions, made), *((LAST, one) for one in last.get(user, ())))
        found[user] = Others(beside, _updates(user, named), _sharing(user, numbers))
    return found


def _last_made(
    people: Mapping[str, Collection[Occurrence]], deletions: Iterable[Occurrence]
) -> Mapping[str, list[Occurrence]]:
    """Who was made last when somebody was deleted who is not known: by the clock of the run."""
    firsts = []
    for user, some in people.items():
        first = next((one for one in some if _tells(one)), None)
        if first is not None and _last(first):
            firsts.append((_last(first), user))
    found: dict[str, list[Occurrence]] = {}
    for one in deletions:
        earlier = [first for first in firsts if first[0] < _last(one)]
        if earlier:
            found.setdefault(max(earlier)[1], []).append(one)
    return found


def _updates(user: str, named: Iterable[tuple[str, Collection[Occurrence]]]) -> tuple[tuple[str, Occurrence], ...]:
    found: list[tuple[str, Occurrence]] = []
    for other, some in named:
        # A run has hundreds of people: most are nothing to each other.
        if other != user and other in user:
            found += [(_relation(user, other), one) for one in some]
    return tuple(found)


def _deletions(user: str, deletions: Iterable[Occurrence], made: Collection[str]) -> Iterable[tuple[str, Occurrence]]:
    for one in deletions:
        other = one.told.user
        if other != user:
            yield _relation(user, other) or (KNOWN if other in made else UNKNOWN), one


def _relation(user: str, deleted: str) -> str:
    if user.startswith(deleted):
        return BEGIN
    if user.endswith(deleted):
        return END
    if deleted in user or user in deleted:
        return PART
    return NEAR if user[:-1] == deleted[:-1] else ""


def _sharing(user: str, numbers: Mapping[str, Collection[Occurrence]]) -> Mapping[str, tuple[Occurrence, ...]]:
    found: dict[str, tuple[Occurrence, ...]] = {}
    for sha, some in numbers.items():
        users = {one.told.user for one in some}
        if user in users and len(users) > 1:
            found[sha] = tuple(one for one in some if one.told.user != user)
    return found


def _tells(one: Occurrence) -> bool:
    return one.told.deed is Deed.UPDATE and one.told.keep is not Keep.NEVER


def _deletes(one: Occurrence) -> bool:
    return one.told.deed is Deed.DELETE and one.told.keep is not Keep.NEVER


def _comes_after(one: Occurrence, other: Occurrence, *, elsewhere: bool) -> bool:
    """Whether it was sent later: in one case by its number, else (`elsewhere`) by the clock."""
    if one.id == other.id:
        return one.number > other.number
    return elsewhere and _last(one) > _last(other)


def _last(one: Occurrence) -> float:
    return max((exchange.at for exchange in one.exchanges), default=0.0)


NOBODY = Others()
