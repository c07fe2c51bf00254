"""Rows in which every three values of a punch meet (--deep): too many to ship, so they are made for the run that asks.

Greedy, from a fixed seed: the rows are the same in every run, and so are their names.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from camsim.protocol.vocabulary import Protocol

from . import arrays
from .factors import usual_values

SEED = 3
SHARE = 0.99  # of the triples that can meet
MOST_ROWS = 4_000
Told = Callable[[str, int, int], None]  # what is done, triples covered, and how many there are to cover
_Pick = tuple[int, int]  # a factor and one of its values, by their places


@dataclass(frozen=True, slots=True)
class Deep:
    """The rows that the shipped ones lack, and how many of the possible triples all of them cover together."""

    rows: tuple[dict[str, str], ...]
    covered: int
    possible: int


_made: dict[Protocol, Deep] = {}


def quiet(phase: str, done: int, total: int) -> None:
    """Tells nobody."""


def deep(protocol: Protocol, tell: Told = quiet) -> Deep:
    """The rows of a protocol; made once in a process, which takes some seconds. `tell` hears how far it is."""
    if protocol not in _made:
        _made[protocol] = _Cover(protocol).fill(tell)
    return _made[protocol]


@dataclass(slots=True)
class _Cover:
    """Which triples are left to cover."""

    protocol: Protocol
    names: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()
    left: set[tuple[_Pick, _Pick, _Pick]] = field(default_factory=set)
    possible: int = 0
    _apart: set[tuple[_Pick, _Pick]] = field(default_factory=set)
    # Fixed: rows are no secret, and their names must stay.
    _chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def __post_init__(self) -> None:
        known = arrays.choices(self.protocol)
        self.names, self.values = tuple(known), tuple(known.values())
        for pair in arrays.forbidden(self.protocol):
            one, other = [self._pick(*pick) for pick in pair]
            self._apart |= {(one, other), (other, one)}
        self.left = set(self._triples())
        self.possible = len(self.left)
        for row in arrays.rows(self.protocol):
            self._strike([self._pick(factor, row[factor]) for factor in self.names])

    def fill(self, tell: Told) -> Deep:
        """Rows until enough is covered."""
        rows: list[dict[str, str]] = []
        enough = int(self.possible * (1 - SHARE))
        waiting = sorted(self.left)
        self._chance.shuffle(waiting)
        while len(self.left) > enough and len(rows) < MOST_ROWS and waiting:
            triple = waiting.pop()
            if triple not in self.left:
                continue
            picks = self._row(triple)
            if picks is None:
                continue
            self._strike(picks)
            rows.append(usual_values() | {self.names[factor]: self.values[factor][value] for factor, value in picks})
            tell("making rows", self.possible - len(self.left), self.possible - enough)
        return Deep(tuple(rows), self.possible - len(self.left), self.possible)

    def _pick(self, factor: str, name: str) -> _Pick:
        place = self.names.index(factor)
        return place, self.values[place].index(name)

    def _triples(self) -> Iterator[tuple[_Pick, _Pick, _Pick]]:
        for places in combinations(range(len(self.names)), 3):
            for found in product(*(self._picks(place) for place in places)):
                if not any(pair in self._apart for pair in combinations(found, 2)):
                    yield found[0], found[1], found[2]

    def _picks(self, place: int) -> list[_Pick]:
        return [(place, value) for value in range(len(self.values[place]))]

    def _strike(self, picks: Sequence[_Pick]) -> None:
        self.left.difference_update(combinations(sorted(picks), 3))

    def _row(self, triple: Sequence[_Pick]) -> list[_Pick] | None:
        """A row with this triple: every other factor in turn has the value that covers most. None when one has none."""
        picks = list(triple)
        taken = {place for place, _ in picks}
        others = [place for place in range(len(self.names)) if place not in taken]
        self._chance.shuffle(others)
        for place in others:
            free = [pick for pick in self._picks(place) if not any((pick, known) in self._apart for known in picks)]
            if not free:
                return None
            self._chance.shuffle(free)
            picks.append(max(free, key=lambda pick: self._gain(pick, picks)))
        return sorted(picks)

    def _gain(self, pick: _Pick, picks: Sequence[_Pick]) -> int:
        """How many triples are left that a value makes with two of a row's."""
        before = sorted(known for known in picks if known < pick)
        after = sorted(known for known in picks if known > pick)
        gain = sum((one, other, pick) in self.left for one, other in combinations(before, 2))
        gain += sum((pick, one, other) in self.left for one, other in combinations(after, 2))
        return gain + sum((one, pick, other) in self.left for one, other in product(before, after))
