"""Observations as a judge would make them of a target with known faults: rows over the factors of a punch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from camsim_conformance.model.observation import Aspect, Observation, Values
from camsim_conformance.plan.factors import PUNCH_FACTORS, usual_values

Row = Mapping[str, str]


def rows(random: Random, number: int = 220) -> list[Row]:
    """One row per value with all else usual, then random ones."""
    found: list[Row] = [usual_values()]
    for factor in PUNCH_FACTORS:
        found += [{**usual_values(), factor.name: value.name} for value in factor.values]
    for _ in range(number):
        found.append({factor.name: random.choice(factor.values).name for factor in PUNCH_FACTORS})
    return found


def condition(random: Random, size: int) -> Values:
    """So many values of different factors, none of them usual, in the order of the factors."""
    chosen = sorted(random.sample(range(len(PUNCH_FACTORS)), size))
    return tuple((PUNCH_FACTORS[one].name, random.choice(_unusual(one))) for one in chosen)


def _unusual(number: int) -> list[str]:
    return [value.name for value in PUNCH_FACTORS[number].values if not value.usual]


def has(row: Row, values: Values) -> bool:
    """True when all the values hold for the row."""
    return all(row[factor] == name for factor, name in values)


def observed(
    some: Sequence[Row],
    faults: Sequence[Values],
    aspect: Aspect = Aspect.ROW,
    deviation: str = "missing",
    chance: float = 1,
    random: Random | None = None,
) -> list[Observation]:
    """One observation a row: it deviates under any of the faults, at this chance."""
    found: list[Observation] = []
    for number, row in enumerate(some):
        wrong = any(has(row, values) for values in faults)
        if random is not None and random.random() >= chance:
            wrong = False
        found.append(Observation(aspect, f"row-{number}", (0,), f"{number}", row, deviation if wrong else None))
    return found
