"""The punches of each person that are due, with the rows that were found for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from camsim.protocol.facts import Punch
from camsim.readback.model import StoredPunch
from camsim_conformance.plan.told import Keep

from .history import Occurrence


@dataclass(slots=True)
class Due:
    """One distinct punch of a person, told by one device: `first` is where it was told first in the person's history.

    `row` is what the target stored of it; `elsewhere` the person it is booked to instead; `more` rows that double it.
    `guessed`: the row is at another time, and might be that of another punch as well.
    """

    punch: Punch
    device: int
    first: int
    occurrences: list[Occurrence]
    keep: Keep
    row: StoredPunch | None = None
    elsewhere: StoredPunch | None = None
    shares_row: bool = False
    guessed: bool = False
    more: list[StoredPunch] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        """True when one telling of it was."""
        return any(one.acknowledged for one in self.occurrences)

    @property
    def case(self) -> str:
        """The case that told it first."""
        return self.occurrences[0].id


@dataclass(slots=True)
class Person:
    """One person: what was told, and the rows that nothing told explains."""

    user: str
    history: tuple[Occurrence, ...]
    dues: list[Due]
    extra: list[StoredPunch]


def dues_of(history: Sequence[Occurrence]) -> list[Due]:
    """The distinct punches of a person, in the order in which they were told first."""
    found: dict[tuple[Punch, int], Due] = {}
    for place, one in enumerate(history):
        punch = one.told.punch
        if punch is None:
            continue
        key = (punch, one.step.device)
        due = found.get(key)
        if due is None or (due.keep is Keep.NEVER and one.told.keep is not Keep.NEVER):
            # Told once by the right sender it must be kept, whatever a forger said before: that is no telling of it.
            found[key] = Due(punch, one.step.device, place, [one], one.told.keep)
        elif due.keep is Keep.NEVER or one.told.keep is not Keep.NEVER:
            due.occurrences.append(one)
            if one.told.keep is Keep.MUST:
                due.keep = Keep.MUST
    return list(found.values())
