"""What a plan leaves out of what was asked for, in words: nobody should take it for covered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from camsim_conformance.target.profile import Profile

from . import arrays
from .cases import Case
from .factors import PUNCH_FACTORS, Value

BEFORE_KNOWN = "punches that come before their person is known: given people (--users) are known"
CATCH_ALL = ("id", "other")  # what no other kind is: no case can be of it
# Why a factor's values may be missing from a plan that asks for them.
_WHY = {
    "id": "given people (--users) have the ids they have",
    "edge": "none lies near enough to this date",
    "device": "a second device is not given",
}


def uncovered(profile: Profile, cases: Iterable[Case], rows: str) -> tuple[str, ...]:
    """A line for each factor of which values are in no case, and one for what given people cannot show. Empty when the
    rows of the arrays (requirement `rows`) are not asked for: who asks for less knows it."""
    if profile.quick or all(row.id != rows for row in profile.selected()):
        return ()
    sent = _sent(cases)
    missing = [(factor, value) for factor, value in _asked(profile) if (factor, value.name) not in sent]
    found = []
    for factor, some in groupby(missing, key=lambda pair: pair[0]):
        why = f": {_WHY[factor]}" if factor in _WHY else ""
        found.append(f"punches {_said_once([value.phrase for _, value in some])}{why}")
    return (*found, BEFORE_KNOWN) if profile.people else tuple(found)


def _said_once(phrases: list[str]) -> str:
    """`of a UserID with letters, with a hyphen`: what all begin with is said once."""
    words = [phrase.split() for phrase in phrases]
    common = 0
    while len(words) > 1 and all(one[: common + 1] == words[0][: common + 1] for one in words):
        common += 1
    return " ".join([*words[0][:common], ", ".join(" ".join(one[common:]) for one in words)])


def _sent(cases: Iterable[Case]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for case in cases:
        if case.blocked is None:
            found.update(case.values.items())
            for step in case.steps:
                found.update(step.values.items())
    return found


def _asked(profile: Profile) -> Iterator[tuple[str, Value]]:
    """The values of every factor that this target claims; what the values of a row do not tell is left out."""
    for factor in PUNCH_FACTORS:
        if factor.feature not in profile.features:
            continue
        for value in factor.values:
            told = (value.crossed or factor.name in _WHY) and (factor.name, value.name) != CATCH_ALL
            if told and not value.usual and arrays.exists(factor.name, value.name, profile.protocol):
                yield factor.name, value
