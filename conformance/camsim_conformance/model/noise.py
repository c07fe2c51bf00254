"""What comes and goes: conjunctions that hold for right observations as well, and what only happens now and then."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from .cover import MOST_VALUES, Conjunction, Table

FEWEST_WRONG, LEAST_RATIO = 3, 0.8
# Below the ratio a conjunction has to be far likelier than chance: about one in a thousand, after all that were tried.
LEAST_BITS = 10.0


def description(known: int, wrong: int) -> float:
    """Bits that say which `wrong` of the `known` ones deviate."""
    if not 0 < wrong < known:
        return 0.0
    share = wrong / known
    return -known * (share * math.log2(share) + (1 - share) * math.log2(1 - share))


def noisy_cover(table: Table, wanted: int) -> tuple[list[Conjunction], int]:
    """Conjunctions under which these wrong ones mostly, or by far most often, deviate; and those left over."""
    found: list[Conjunction] = []
    while wanted.bit_count() >= FEWEST_WRONG:
        chosen = _best(table, wanted)
        if chosen is None:
            break
        found.append(chosen)
        wanted &= ~chosen.wrong
    return found, wanted


def bits(table: Table, some: Iterable[Conjunction], left: int) -> float:
    """How long this explanation is: the values named, what they leave open, and the ones that are left over."""
    total = 0.0
    for one in some:
        wrong, right = one.wrong.bit_count(), one.right.bit_count()
        total += len(one.pairs) * table.bits_a_value + 1 + description(wrong + right, wrong)
    known = table.all_wrong.bit_count() + table.all_right.bit_count()
    return total + description(known, left.bit_count())


def _best(table: Table, wanted: int) -> Conjunction | None:
    """The one that saves most; one more value has to save far more than it costs."""
    best: tuple[float, Conjunction] | None = None
    for size in range(1, MOST_VALUES + 1):
        scored = [(_saved(table, one, wanted), one) for one in _all(table, wanted, size)]
        accepted = [(saved, one) for saved, one in scored if _accepted(one, wanted, saved)]
        if not accepted:
            continue
        found = min(accepted, key=lambda pair: (-pair[0], table.preference(pair[1].pairs)))
        if best is None or found[0] > best[0] + LEAST_BITS:
            best = found
    return None if best is None else best[1]


def _accepted(one: Conjunction, wanted: int, saved: float) -> bool:
    wrong, right = (one.wrong & wanted).bit_count(), one.right.bit_count()
    return saved >= LEAST_BITS or (wrong >= LEAST_RATIO * (wrong + right) and saved > 0)


def _saved(table: Table, one: Conjunction, wanted: int) -> float:
    """Bits that the conjunction saves against saying nothing."""
    known = wanted.bit_count() + table.all_right.bit_count()
    wrong = (one.wrong & wanted).bit_count()
    inside = wrong + one.right.bit_count()
    if wrong * known <= inside * wanted.bit_count():
        return -math.inf  # no more often than elsewhere
    rest = description(known - inside, wanted.bit_count() - wrong)
    return description(known, wanted.bit_count()) - description(inside, wrong) - rest - _price(table, one)


def _price(table: Table, one: Conjunction) -> float:
    return len(one.pairs) * table.bits_a_value


def _all(table: Table, wanted: int, size: int) -> Iterator[Conjunction]:
    """All conjunctions of this many values that hold for three or more of the wanted ones."""
    some = [number for number, wrong in enumerate(table.wrong) if (wrong & wanted).bit_count() >= FEWEST_WRONG]
    for place, one in enumerate(some):
        if size == 1:
            yield table.conjunction(one)
            continue
        for after, two in enumerate(some[place + 1 :], place + 2):
            wrong = table.wrong[one] & table.wrong[two] & wanted
            if wrong.bit_count() < FEWEST_WRONG:
                continue
            if size == 2:
                yield table.conjunction(one, two)
                continue
            for three in some[after:]:
                if (wrong & table.wrong[three]).bit_count() >= FEWEST_WRONG:
                    yield table.conjunction(one, two, three)
