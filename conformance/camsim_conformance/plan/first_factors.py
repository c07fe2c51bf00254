"""The factor of a punch that is the first of its person: who makes a person of it, or holds it back, loses it.

No row has it: it follows from what was sent before. Phrases complete "a punch …".
"""

from __future__ import annotations

from .values import Factor, Value

_STORED = ("CB-ORD-002", "V2-ORD-002")

FIRST_FACTORS: tuple[Factor, ...] = (
    Factor(
        "first",
        (
            Value("no", "that is not the first of its person", "", "", usual=True),
            Value("yes", "that is the first of its person", *_STORED),
        ),
    ),
)
