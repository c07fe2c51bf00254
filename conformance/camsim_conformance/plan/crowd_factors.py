"""How many punches of anybody came after a punch: one factor for each number that a buffer or a list may be limited to.

A limit parts all punches in two, as one of sizes does: what 450 came after has more than 100, 200 and 400 after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from .values import Factor, Value

LIMITS: tuple[int, ...] = (100, 200, 300, 400, 500, 600, 700, 800)
PREFIX = "pushed"


def _factor(most: int) -> Factor:
    phrase = f"that more than {most} punches of other people came after"
    over = Value("yes", phrase, "CB-ORD-002", "V2-ORD-002", crossed=False)
    fewer = Value("no", f"that at most {most} punches came after", "", "", usual=True, crossed=False)
    return Factor(f"{PREFIX}:{most}", (fewer, over))


CROWD_FACTORS: tuple[Factor, ...] = tuple(map(_factor, LIMITS))


def crowd_values(after: int) -> Mapping[str, str]:
    """The limits that the number of punches `after` one is over."""
    return {f"{PREFIX}:{most}": "yes" for most in LIMITS if after > most}
