"""How large a body is: one factor for each size that servers, frameworks and columns are limited to.

A limit parts all bodies in two, so there is no class of sizes but a step at each: a body of 40 KB is over 8 KB, over
16 KB and over 32 KB.
"""

from __future__ import annotations

from collections.abc import Mapping

from .cases import Step
from .values import Factor, Value

KB = 1024
LIMITS: Mapping[str, int] = {
    "2k": 2 * KB,
    "4k": 4 * KB,
    "8k": 8 * KB,
    "16k": 16 * KB,
    "32k": 32 * KB,
    "64k": 64 * KB,
    "100k": 100 * KB,  # express.json() of itself
    "256k": 256 * KB,
    "1m": KB * KB,  # nginx of itself
}


def _factor(name: str, size: int) -> Factor:
    text = f"{size // KB} KB" if size < KB * KB else f"{size // KB // KB} MB"
    over = Value("yes", f"in a body of more than {text}", "CB-WIRE-004", "V2-WIRE-003")
    return Factor(f"over:{name}", (Value("no", f"in a body of at most {text}", "", "", usual=True), over))


SIZE_FACTORS: tuple[Factor, ...] = tuple(_factor(name, size) for name, size in LIMITS.items())


def size_values(step: Step) -> dict[str, str]:
    """The limits that the body of a step, as it travels, is over."""
    return {f"over:{name}": "yes" for name, size in LIMITS.items() if len(step.wire) > size}
