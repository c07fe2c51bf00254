"""The factors of a punch among many: how many its person has, before it and after it, and how many the run sent.

A store that keeps the newest ten of a person, or a queue that holds four hundred, parts all punches in two: so there is
no class of counts but a step at each usual one. Only punches of busy people have any.
"""

from __future__ import annotations

from collections.abc import Iterator

from .values import Factor, Value

STEPS = (3, 5, 8, 10, 15, 20, 30)
RUN_STEPS = tuple(range(100, 1300, 100))
_STORED = ("CB-ORD-002", "V2-ORD-002")
# What is counted, with the phrase of it: distinct punches. What is particular comes first.
_OF_A_PERSON = {
    "input-had": "of a person of whom {} or more by its InputType were sent before it",
    "type-had": "of a person of whom {} or more of its Type were sent before it",
    "day-had": "of a person of whom {} or more of that day were sent before it",
    "utc-day-had": "of a person of whom {} or more of that day in UTC were sent before it",
    "had": "of a person of whom {} or more were sent before it",
    "more": "of a person of whom {} or more were sent after it",
    "left": "of a person who has {} or more newer ones",
}
_OF_A_RUN = {
    "run-had": "that comes after {} or more others of all people",
    "run-more": "that {} or more others of all people come after",
}


def _steps(counted: str, phrase: str, steps: tuple[int, ...], v3: str, v2: str) -> Iterator[Factor]:
    for step in steps:
        told = phrase.format(step)
        plain = Value("no", f"not {told}", "", "", usual=True, crossed=False)
        yield Factor(f"{counted}:{step}", (plain, Value("yes", told, v3, v2, crossed=False)))


def _factors() -> Iterator[Factor]:
    for counted, phrase in _OF_A_PERSON.items():
        yield from _steps(counted, phrase, STEPS, *_STORED)
    for counted, phrase in _OF_A_RUN.items():
        yield from _steps(counted, phrase, RUN_STEPS, "", "")


AT_ONCE_S = 0.1
CROWD_FACTORS: tuple[Factor, ...] = (
    Factor(
        "rush",
        (
            Value("no", "that no other of its person follows at once", "", "", usual=True, crossed=False),
            Value("yes", "that another of its person follows at once", *_STORED, crossed=False),
        ),
    ),
    *_factors(),
)


def over(counted: str, number: int) -> dict[str, str]:
    """The steps of a count that a number has reached."""
    steps = RUN_STEPS if counted in _OF_A_RUN else STEPS
    return {f"{counted}:{step}": "yes" for step in steps if number >= step}
