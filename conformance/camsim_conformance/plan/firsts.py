"""Whether a punch is the first of its person: the value of plan/first_factors, found in what was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .punch_values import Sent, key_of, others, punches


def first_values(history: Sequence[Sent], place: int) -> dict[str, str]:
    """Whether no other punch of the person was told before the one that is told at a place of its history."""
    key, punch = key_of(history[place]), history[place].told.punch
    if key is None or punch is None:
        return {}
    place = punches(history)[key]
    return {} if any(at < place for at, _ in others(history, key, punch)) else {"first": "yes"}


def without_first(values: Mapping[str, str]) -> Mapping[str, str]:
    """The same without that value, for all but losses: other deviations go with first punches by chance alone."""
    return {factor: name for factor, name in values.items() if factor != "first"} if "first" in values else values
