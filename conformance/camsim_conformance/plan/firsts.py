"""Whether a punch is the first of its person: the value of plan/first_factors, found in what was told."""

from __future__ import annotations

from collections.abc import Sequence

from .punch_values import Sent, key_of, others, punches


def first_values(history: Sequence[Sent], place: int) -> dict[str, str]:
    """Whether no other punch of the person was told before the one that is told at a place of its history."""
    key, punch = key_of(history[place]), history[place].told.punch
    if key is None or punch is None:
        return {}
    place = punches(history)[key]
    return {} if any(at < place for at, _ in others(history, key, punch)) else {"first": "yes"}
