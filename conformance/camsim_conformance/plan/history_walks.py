"""Sequences of events of one person in which every two kinds of event follow each other somewhere.

Greedy and without chance: the order of kinds is always the same, so that a history keeps its name.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple


class Kind(StrEnum):
    """What may happen to a person."""

    CREATE = "create"
    RENAME = "rename"
    ADD = "add"  # a template
    CHANGE = "change"  # the last template, enrolled again
    GROUP = "group"  # several templates
    EMPTY_UPDATE = "empty-update"  # the same name, no template
    DELETE = "delete"
    RETURN = "return"
    PUNCH = "punch"
    COPY = "copy"  # of the last punch
    LATE = "late"  # a punch older than the last one
    PHOTO = "photo"  # of the user (#9)
    SNAPSHOT = "snapshot"  # of the last punch (#10)
    DATE = "date"
    AGAIN = "again"  # the last template, unchanged; in FIRST alone


PAIRED: tuple[Kind, ...] = tuple(kind for kind in Kind if kind is not Kind.AGAIN)
LONGEST = 13  # events: a longer history is hard to explain

# What comes after what makes no sense: kind, why, and what it never follows.
NEVER_AFTER: Mapping[Kind, tuple[str, frozenset[Kind]]] = {
    Kind.CREATE: (
        "a person is made once, and only by a return after a deletion",
        frozenset(
            {
                Kind.CREATE,
                Kind.RENAME,
                Kind.CHANGE,
                Kind.GROUP,
                Kind.EMPTY_UPDATE,
                Kind.DELETE,
                Kind.RETURN,
                Kind.PHOTO,
            }
        ),
    ),
    Kind.RENAME: ("nobody is there to be renamed", frozenset({Kind.DELETE})),
    Kind.ADD: ("nobody is there to enrol", frozenset({Kind.DELETE})),
    Kind.CHANGE: ("no template is there", frozenset({Kind.DELETE, Kind.RETURN})),
    Kind.GROUP: ("nobody is there to enrol", frozenset({Kind.DELETE})),
    Kind.EMPTY_UPDATE: ("nobody is there", frozenset({Kind.DELETE})),
    Kind.PHOTO: ("nobody is there to be photographed", frozenset({Kind.DELETE})),
    Kind.COPY: ("two copies in turn are one case of a copy", frozenset({Kind.COPY})),
    Kind.DATE: ("of two changes of date in turn the second counts", frozenset({Kind.DATE})),
    Kind.DELETE: ("nobody is there to be deleted", frozenset({Kind.DELETE})),
    Kind.RETURN: (
        "only who was deleted comes back",
        frozenset(
            {
                Kind.CREATE,
                Kind.RENAME,
                Kind.ADD,
                Kind.CHANGE,
                Kind.GROUP,
                Kind.EMPTY_UPDATE,
                Kind.RETURN,
                Kind.PHOTO,
            }
        ),
    ),
}
# Triples that matter, each the beginning of a history.
FIRST: tuple[tuple[Kind, ...], ...] = (
    (Kind.CREATE, Kind.PUNCH, Kind.DELETE, Kind.LATE, Kind.RETURN),
    (Kind.CREATE, Kind.ADD, Kind.ADD, Kind.ADD),  # PIN, fingerprint, card
    (Kind.CREATE, Kind.DELETE, Kind.RETURN),
    (Kind.CREATE, Kind.PUNCH, Kind.DELETE, Kind.COPY),
    (Kind.CREATE, Kind.ADD, Kind.EMPTY_UPDATE, Kind.AGAIN),
)


class Life(StrEnum):
    """Whether the target knows of the person."""

    UNKNOWN = "unknown"
    THERE = "there"
    GONE = "gone"


class State(NamedTuple):
    """What a history has come to."""

    life: Life = Life.UNKNOWN
    template: bool = False
    punch: bool = False
    last: Kind | None = None


Pair = tuple[Kind, Kind]
_WHO_IS_THERE = frozenset(
    {Kind.RENAME, Kind.CHANGE, Kind.GROUP, Kind.EMPTY_UPDATE, Kind.PHOTO, Kind.DELETE, Kind.AGAIN}
)
_TEMPLATES = frozenset({Kind.ADD, Kind.CHANGE, Kind.GROUP, Kind.AGAIN})


def after(state: State, kind: Kind) -> State | None:
    """The state after an event; None when it makes no sense there."""
    if not _possible(state, kind):
        return None
    life, template, punch = state.life, state.template, state.punch
    if kind in (Kind.CREATE, Kind.RETURN):
        life = Life.THERE
    elif kind is Kind.DELETE:
        life, template = Life.GONE, False
    return State(life, template or kind in _TEMPLATES, punch or kind is Kind.PUNCH, kind)


def _possible(state: State, kind: Kind) -> bool:
    if kind is Kind.CREATE:
        return state.life is Life.UNKNOWN
    if kind is Kind.RETURN:
        return state.life is Life.GONE
    if kind in _WHO_IS_THERE and state.life is not Life.THERE:
        return False
    if kind is Kind.ADD:
        return state.life is not Life.GONE
    if kind in (Kind.CHANGE, Kind.AGAIN):
        return state.template
    return state.punch or kind not in (Kind.COPY, Kind.LATE, Kind.SNAPSHOT)


def pairs(kinds: Collection[Kind]) -> list[Pair]:
    """Every two kinds that may follow each other, in a fixed order."""
    return [(one, other) for one in PAIRED for other in PAIRED if {one, other} <= set(kinds) and _sensible(one, other)]


def _sensible(one: Kind, other: Kind) -> bool:
    return other not in NEVER_AFTER or one not in NEVER_AFTER[other][1]


def walks(kinds: Collection[Kind], *, early: bool = True) -> Iterator[tuple[Kind, ...]]:
    """Histories that cover every pair of these kinds. Without `early` every one begins with the person's creation."""
    allowed = [kind for kind in PAIRED if kind in kinds]
    left = dict.fromkeys(pairs(kinds))
    if not early:
        left = dict.fromkeys(pair for pair in left if pair[1] is not Kind.CREATE)
    firsts = [first for first in FIRST if set(first) <= {*kinds, Kind.AGAIN}]
    while firsts or left:
        walk = list(firsts.pop(0)) if firsts else []
        _extend(walk, allowed, left, early=early)
        if not walk:
            return  # the rest needs what comes before the person is known
        yield tuple(walk)


def _extend(walk: list[Kind], allowed: Sequence[Kind], left: dict[Pair, None], *, early: bool) -> None:
    state = _state_after(walk)
    _strike(left, walk)
    while left:
        path = _nearest(state, allowed, left, early=early)
        if path is None or (walk and len(walk) + len(path) > LONGEST):
            return
        _strike(left, [*walk[-1:], *path])
        walk += path
        state = _state_after(walk)


def _state_after(walk: Sequence[Kind]) -> State:
    state = State()
    for kind in walk:
        following = after(state, kind)
        if following is None:
            raise ValueError(f"{kind} makes no sense after {state.last or 'nothing'}")
        state = following
    return state


def _strike(left: dict[Pair, None], walk: Sequence[Kind]) -> None:
    for pair in pairwise(walk):
        left.pop(pair, None)


def _nearest(state: State, allowed: Sequence[Kind], left: Collection[Pair], *, early: bool) -> list[Kind] | None:
    """The shortest way from a state to a pair that is left; None when there is none."""
    # Of several that are near, the one with the most pairs to go: so few ways are walked for nothing.
    ahead = Counter(one for one, _ in left)
    ordered = sorted(allowed, key=lambda kind: -ahead[kind])
    seen = {state}
    waiting: deque[tuple[State, list[Kind]]] = deque([(state, [])])
    while waiting:
        here, path = waiting.popleft()
        for kind in ordered:
            there = after(here, kind)
            if there is None or (not early and here.last is None and kind is not Kind.CREATE):
                continue
            if (here.last, kind) in left:
                return [*path, kind]
            if there not in seen:
                seen.add(there)
                waiting.append((there, [*path, kind]))
    return None
