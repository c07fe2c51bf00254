"""Which conjunctions of factor values hold for the wrong observations and for none that is right.

Every (factor, value) pair has two integers as bit sets: of the wrong observations and of the right ones that have it. A
conjunction is the AND of its pairs, and pure when the AND of the right sides is 0.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from camsim_conformance.plan.crowd_factors import CROWD_FACTORS
from camsim_conformance.plan.factors import BY_NAME, value_of
from camsim_conformance.plan.moment_factors import MOMENT_FACTORS

Pair = tuple[str, str]
MOST_VALUES = 3
# Values that factors without a row (of a history, the callback's name) have when nothing is the matter.
_USUAL_ELSEWHERE = frozenset({"", "no", "none", "RealTimePunchLog"})
# What follows from when a run is and from what it sends.
BY_CHANCE = frozenset(factor.name for factor in (*MOMENT_FACTORS, *CROWD_FACTORS))
_FACTOR_ORDER: Mapping[str, int] = {name: number for number, name in enumerate(BY_NAME)}


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Pairs by their numbers in the table, and the bit sets of the wrong and right observations that have them all."""

    pairs: tuple[int, ...]
    wrong: int
    right: int


class Table:
    """The bit sets of all pairs that some wrong observation has, in the order of preference."""

    def __init__(self, wrong: Sequence[Mapping[str, str]], right: Sequence[Mapping[str, str]]) -> None:
        sides = (_bits(wrong), _bits(right))
        self.pairs: list[Pair] = sorted(sides[0], key=_order)
        self.wrong = [sides[0][pair] for pair in self.pairs]
        self.right = [sides[1].get(pair, 0) for pair in self.pairs]
        self.all_wrong = (1 << len(wrong)) - 1
        self.all_right = (1 << len(right)) - 1
        # What naming one value costs, in bits. Hours and counts, of which each punch has many, make no other dearer.
        self.bits_a_value = math.log2(max(2, sum(factor not in BY_CHANCE for factor, _ in self.pairs)))
        self._usual = [is_usual(*pair) for pair in self.pairs]
        self._homeless = [not _has_requirement(*pair) for pair in self.pairs]

    def preference(self, pairs: Sequence[int]) -> tuple[int, int, int, tuple[int, ...]]:
        """Less is better: fewer values, fewer usual ones, nearer to a requirement, then the order of the factors."""
        usual = sum(self._usual[pair] for pair in pairs)
        homeless = sum(self._homeless[pair] for pair in pairs)
        return len(pairs), usual, homeless, tuple(pairs)

    def conjunction(self, *pairs: int) -> Conjunction:
        """The conjunction of these pairs; of none: it holds always."""
        wrong, right = self.all_wrong, self.all_right
        for pair in pairs:
            wrong &= self.wrong[pair]
            right &= self.right[pair]
        return Conjunction(pairs, wrong, right)


def stem(factor: str) -> str:
    """What factors of one family share: `then` of `then:card`; a factor of its own is its whole name."""
    return factor.partition(":")[0]


def is_usual(factor: str, name: str) -> bool:
    """True for the plain value of a factor; of a factor without a row: when it says that something is not there."""
    value = value_of(factor, name)
    if value is None:
        return name in _USUAL_ELSEWHERE
    return value.usual


def _has_requirement(factor: str, name: str) -> bool:
    value = value_of(factor, name)
    # A plain value is nobody's business: what holds of nearly everything explains nothing.
    return value is not None and not value.usual and bool(value.v3 or value.v2)


def _order(pair: Pair) -> tuple[int, str, int, str]:
    factor, name = pair
    if factor == "operation":  # which callback it is comes before all that is particular about it
        return -1, factor, 0, name
    if factor not in BY_NAME:
        return len(_FACTOR_ORDER), factor, 0, name
    names = [value.name for value in BY_NAME[factor].values]
    place = names.index(name) if name in names else len(names)
    return _FACTOR_ORDER[factor], factor, place, name


def _bits(rows: Sequence[Mapping[str, str]]) -> dict[Pair, int]:
    found: dict[Pair, int] = {}
    bit = 1
    for row in rows:
        for pair in row.items():
            found[pair] = found.get(pair, 0) | bit
        bit <<= 1
    return found


# --- pure conjunctions -----------------------------------------------------------------------------------------------


def pure(table: Table, size: int) -> list[Conjunction]:
    """All conjunctions of this many values that hold for something wrong and nothing right, no value being needless."""
    numbers = range(len(table.pairs))
    if size == 1:
        return [table.conjunction(one) for one in numbers if not table.right[one]]
    impure = [one for one in numbers if table.right[one]]
    return list(_pure_pairs(table, impure) if size == 2 else _pure_triples(table, impure))


def _pure_pairs(table: Table, impure: Sequence[int]) -> Iterator[Conjunction]:
    for place, one in enumerate(impure):
        for two in impure[place + 1 :]:
            if table.wrong[one] & table.wrong[two] and not table.right[one] & table.right[two]:
                yield table.conjunction(one, two)


def _pure_triples(table: Table, impure: Sequence[int]) -> Iterator[Conjunction]:
    wrongs, rights = table.wrong, table.right
    for place, one in enumerate(impure):
        for after, two in enumerate(impure[place + 1 :], place + 2):
            wrong, right = wrongs[one] & wrongs[two], rights[one] & rights[two]
            if not wrong or not right:
                continue
            for three in impure[after:]:
                if right & rights[three] or not wrong & wrongs[three]:
                    continue
                if rights[one] & rights[three] and rights[two] & rights[three]:
                    yield Conjunction((one, two, three), wrong & wrongs[three], 0)


def one_for_all(table: Table, wanted: int, beside: Conjunction | None = None) -> Conjunction | None:
    """The best pure conjunction that holds for all of these wrong ones; None when there is none. Of as few values one
    is better that makes one cause with `beside`."""
    common = [number for number, wrong in enumerate(table.wrong) if wrong & wanted == wanted]
    for size in range(1, MOST_VALUES + 1):
        found = list(_pure_of(table, common, size))
        kin = [one for one in found if beside is not None and _are_kin(table, beside, one)]
        if found:
            return best(table, kin or found)
    return None


def _pure_of(table: Table, common: Sequence[int], size: int) -> Iterator[Conjunction]:
    if size == 0:
        return
    for place, one in enumerate(common):
        if size == 1:
            if not table.right[one]:
                yield table.conjunction(one)
            continue
        for rest in _pure_tails(table, common[place + 1 :], table.right[one], size - 1):
            yield table.conjunction(one, *rest)


def _pure_tails(table: Table, common: Sequence[int], right: int, size: int) -> Iterator[tuple[int, ...]]:
    for place, one in enumerate(common):
        left = right & table.right[one]
        if size == 1:
            if not left:
                yield (one,)
        elif left:
            for rest in _pure_tails(table, common[place + 1 :], left, size - 1):
                yield (one, *rest)


def best(table: Table, some: Iterable[Conjunction]) -> Conjunction:
    """Of several: fewer values, more covered, then what the table prefers."""

    def key(one: Conjunction) -> tuple[int, int, tuple[int, int, int, tuple[int, ...]]]:
        return len(one.pairs), -one.wrong.bit_count(), table.preference(one.pairs)

    return min(some, key=key)


def same_cover(table: Table, chosen: Conjunction, most: int) -> list[Conjunction]:
    """Other pure conjunctions that hold for exactly the same wrong ones, the likeliest first."""
    common = [number for number, wrong in enumerate(table.wrong) if wrong & chosen.wrong == chosen.wrong]
    found: list[Conjunction] = []
    for size in range(1, MOST_VALUES + 1):
        same = [one for one in _pure_of(table, common, size) if one.wrong == chosen.wrong]
        fresh = [one for one in same if set(one.pairs) != set(chosen.pairs) and not _contains(one, [chosen, *found])]
        found += sorted(fresh, key=lambda one: table.preference(one.pairs))
    return found[:most]


def _contains(one: Conjunction, others: Iterable[Conjunction]) -> bool:
    return any(set(other.pairs) < set(one.pairs) for other in others)


# --- covers ----------------------------------------------------------------------------------------------------------


def cost(some: Iterable[Conjunction]) -> float:
    """Simplicity: every value counts, and every conjunction half a value on top."""
    return sum(len(one.pairs) + 0.5 for one in some)


def pure_cover(table: Table) -> tuple[list[Conjunction], int]:
    """The simplest pure conjunctions that hold for the wrong ones, and the wrong ones that none holds for."""
    candidates: list[Conjunction] = []
    solutions: list[list[Conjunction]] = []
    coverable = 0
    for size in range(1, MOST_VALUES + 1):
        candidates += pure(table, size)
        coverable = _union(candidates)
        if coverable == table.all_wrong:
            solutions.append(_solve(table, candidates, coverable))
            if cost(solutions[-1]) <= size + 1.5:
                break  # whatever needs more values is less simple
    if not solutions:
        solutions.append(_solve(table, candidates, coverable))
    return min(solutions, key=cost), table.all_wrong & ~coverable


def _union(some: Iterable[Conjunction]) -> int:
    found = 0
    for one in some:
        found |= one.wrong
    return found


def _solve(table: Table, candidates: Sequence[Conjunction], wanted: int) -> list[Conjunction]:
    if not wanted:
        return []
    alone = one_for_all(table, wanted)
    two = _two(table, candidates, wanted)
    found = [solution for solution in ([alone] if alone else [], two, _greedy(table, candidates, wanted)) if solution]
    return min(found, key=cost)


def _two(table: Table, candidates: Sequence[Conjunction], wanted: int) -> list[Conjunction]:
    """The simplest two that cover all; empty when no two do. One of them holds for the first wrong one."""
    first = wanted & -wanted
    found: list[list[Conjunction]] = []
    for one in candidates:
        if one.wrong & first:
            other = one_for_all(table, wanted & ~one.wrong, one)
            if other is not None:
                found.append([one, other])
    return min(found, key=lambda two: (cost(two), not _are_kin(table, *two), _preferences(table, two)), default=[])


def _are_kin(table: Table, one: Conjunction, other: Conjunction) -> bool:
    """True when two conjunctions differ in the value of one factor, or in what came after: they are one cause."""
    names, others = ({table.pairs[pair] for pair in conjunction.pairs} for conjunction in (one, other))
    mine, theirs = names - others, others - names
    if len(mine) != 1 or len(theirs) != 1:
        return False
    (factor, _), (another, _) = mine.pop(), theirs.pop()
    return stem(factor) == stem(another)


def _preferences(table: Table, some: Iterable[Conjunction]) -> tuple[int, int]:
    keys = [table.preference(one.pairs) for one in some]
    return sum(key[1] for key in keys), sum(key[2] for key in keys)


def _greedy(table: Table, candidates: Sequence[Conjunction], wanted: int) -> list[Conjunction]:
    """Again and again the one with most evidence: that many wrong ones and no right one, against its values."""
    known = table.all_wrong.bit_count() + table.all_right.bit_count()
    surprise = math.log2(known / table.all_wrong.bit_count()) if table.all_right else 1.0
    left, found = wanted, []
    # Of conjunctions with the same cover only the best one can be chosen.
    unique = _best_by_cover(table, candidates)

    def entry(place: int) -> tuple[float, int]:
        one = unique[place]
        covered = (one.wrong & left).bit_count()
        return (len(one.pairs) * table.bits_a_value - covered * surprise if covered else math.inf), place

    # Evidence only shrinks: an entry that is still the least when it is counted anew is the least of all.
    heap = sorted(map(entry, range(len(unique))))
    while left:
        place = heap[0][1]
        fresh = entry(place)
        if fresh != heap[0]:
            heapq.heapreplace(heap, fresh)
            continue
        found.append(unique[place])
        left &= ~unique[place].wrong
    return found


def _best_by_cover(table: Table, candidates: Sequence[Conjunction]) -> list[Conjunction]:
    found: dict[int, Conjunction] = {}
    for one in sorted(candidates, key=lambda one: table.preference(one.pairs)):
        found.setdefault(one.wrong, one)
    return list(found.values())
