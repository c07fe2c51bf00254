"""Who punches in a row, and when: a person of the row's own, or one of a few whom many rows share (--users)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from camsim.protocol import timestamps

from .builder import Builder
from .factors import AGES, BETWEEN, BEYOND, DAY, HOUR, MINUTE, NEAR_S, neighbour_s

# Between the moments of two rows. Every companion is another number of seconds beyond a multiple of it, so that no two
# rows share a moment: who books a punch to another person is told by it.
STRIDE_S = 11
FIRST_TURN = 140  # so that no row lies among the named cases, which are minutes apart
YESTERDAY_TURN = 600  # so that no row of a day ago is what lies 24 hours from one of today
NEWER_S = 421  # to the newer punch that comes first
OVERTAKING_S = 200  # to the punch that comes between a punch and its old copy
SLOT_S = 10 * MINUTE  # between rows of one person: each has its own minutes, with its companions
# Seconds before the run between which shared people punch: the same classes of age.
WINDOWS: Mapping[str, tuple[int, int]] = {
    "29-days": (AGES["29-days"], 24 * DAY),
    "8-days": (12 * DAY, 6 * DAY),
    "yesterday": (3 * DAY, DAY),
    "today": (14 * HOUR, 4 * HOUR),
    "now": (130 * MINUTE, 15 * MINUTE),
}
_AGES: Mapping[str, int] = {**AGES, BETWEEN: 60 * DAY, BEYOND: 120 * DAY}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Moments:
    """Where the companions of a punch lie, in seconds from it; None for one that the row does not have."""

    neighbour: int | None = None
    newer: int | None = None
    overtaking: int | None = None

    def every(self) -> tuple[int, ...]:
        """All of them, the punch itself included."""
        return tuple(found for found in (0, self.neighbour, self.newer, self.overtaking) if found is not None)


def moments(values: Row, offset: int, age_s: int) -> Moments:
    """The moments of a row whose punch is `age_s` seconds old, `offset` in minutes."""
    late = values["order"] == "after-newer"
    neighbour = None
    if values["neighbour"] != "none":
        neighbour = -neighbour_s(values["neighbour"], offset)
        # A neighbour that comes first is the newer one, unless it would lie ahead of the run.
        if late and -neighbour < age_s:
            neighbour = -neighbour
    newer = NEWER_S if late and (neighbour is None or neighbour < 0) else None
    overtaking = OVERTAKING_S if values["repeat"] == "old-again" else None
    return Moments(neighbour, newer, overtaking)


def offset_of(make: Builder, values: Row) -> int:
    """Minutes east of UTC of a row."""
    return timestamps.parse_offset(values["offset"]) if "offset" in values else make.offset


@dataclass(frozen=True, slots=True)
class Place:
    """Whose punch a row is, and its instant in epoch seconds."""

    user: str
    at: int


def own_place(make: Builder, values: Row) -> Place:
    """A person of the row's own, at a moment of its own."""
    age = values["age"]
    # Counted for each age alone: however many rows there are, none grows out of the class of its age.
    make.turns[age] += 1
    first = YESTERDAY_TURN if age == "yesterday" else FIRST_TURN
    return Place(make.user(), make.now - _AGES[age] - STRIDE_S * (first + make.turns[age]))


@dataclass(slots=True)
class _Person:
    """A shared person: the moments and wall clocks that are taken, and the distances that would make neighbours."""

    user: str
    taken: list[int] = field(default_factory=list)
    walls: set[int] = field(default_factory=set)
    distances: set[int] = field(default_factory=lambda: {DAY})
    newest: int | None = None

    def free(self, block: Iterable[int], offset: int) -> bool:
        """Whether no punch of a row would be a neighbour of another row's, or show the wall clock of one."""
        unwanted = self.distances | {abs(offset) * MINUTE}
        for at in block:
            if at + offset * MINUTE in self.walls:
                return False
            for other in self.taken:
                apart = abs(at - other)
                if apart < NEAR_S or apart in unwanted:
                    return False
        return True

    def take(self, block: Sequence[int], offset: int) -> None:
        """Nobody else may have these moments."""
        self.taken += block
        self.walls.update(at + offset * MINUTE for at in block)
        self.distances.add(abs(offset) * MINUTE)
        self.newest = max(block) if self.newest is None else max(self.newest, *block)


def shared_places(
    make: Builder, rows: Sequence[Row], people: Sequence[str]
) -> tuple[list[tuple[Row, Place]], list[Row]]:
    """The rows over a few people, in the order in which they must be sent, one after another; and the rows for which
    there was no free minute.

    What comes in order comes first, oldest first: so that nothing newer was sent of its person before.
    """
    known = [_Person(user) for user in people]
    placed: list[tuple[Row, Place]] = []
    left: list[Row] = []
    for number, row in enumerate(sorted(rows, key=_turn)):
        place = _free_place(make, row, number, known)
        if place is None:
            left.append(row)
        else:
            placed.append((row, place))
    return placed, left


def _turn(row: Row) -> tuple[bool, int]:
    return row["order"] == "after-newer", -AGES[row["age"]]


def _free_place(make: Builder, row: Row, number: int, people: Sequence[_Person]) -> Place | None:
    start = number % len(people)
    offset = offset_of(make, row)
    for at in _slots(make, row, number):
        block = [at + apart for apart in moments(row, offset, make.now - at).every()]
        for person in (*people[start:], *people[:start]):
            ordered = row["order"] == "after-newer" or person.newest is None or at > person.newest
            if ordered and person.free(block, offset):
                person.take(block, offset)
                return Place(person.user, at)
    return None


def _slots(make: Builder, row: Row, number: int) -> Iterator[int]:
    oldest, youngest = WINDOWS[row["age"]]
    # An own second for each row: no two are a round distance apart by chance.
    shift = number * 7 % 97
    for age in range(oldest, youngest, -SLOT_S):
        yield make.now - age + shift


def least_people(make: Builder, rows: Sequence[Row]) -> int:
    """How many people the rows need at least."""
    for count in range(1, len(rows) + 1):
        _, left = shared_places(make, rows, [str(number) for number in range(count)])
        if not left:
            return count
    return len(rows)
