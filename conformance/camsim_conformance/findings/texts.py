"""How findings are written down."""

from __future__ import annotations

from collections.abc import Sequence

from camsim_conformance.requirements.verdicts import Finding

MOST_SHOWN = 4


def unverified(why: str) -> Finding:
    """The side could not be looked at."""
    return Finding(holds=True, expected="seen by read-back", actual=why, verified=False)


def some(texts: Sequence[str]) -> str:
    """The first few, and how many there are more."""
    shown = ", ".join(texts[:MOST_SHOWN])
    more = len(texts) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
