"""One punch that is looked at, beside everything that looking needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import Snapshot, StoredPunch
from camsim_conformance.plan.firsts import without_first
from camsim_conformance.plan.told import Deed
from camsim_conformance.requirements.verdicts import Level

from .dues import Due, Person
from .moments import Choice
from .observation import Aspect, Observation
from .texts import punch_text, stored_text


@dataclass(frozen=True, slots=True)
class Scene:
    """What comparing needs beside the people: the store, how it reads times, when the run was, and the values of a
    punch, by person and place in the history. `past`: whether a person had a row of that time before the run.
    `derived`: ids that are nobody's, and that a target may book a punch to all the same."""

    snapshot: Snapshot
    choice: Choice
    protocol: Protocol
    started_s: float
    ended_s: float
    past: Callable[[Punch], bool]
    erase_on_delete: bool
    values: Callable[[str, int], Mapping[str, str]]
    derived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Look:
    """One punch that is looked at, and what all observations of it share."""

    person: Person
    due: Due
    scene: Scene

    def at(
        self,
        aspect: Aspect,
        how: str | None,
        *,
        level: Level = Level.MUST,
        known: bool = True,
        actual: str = "",
        seconds: int | None = None,
    ) -> Observation:
        """The observation of one aspect."""
        first = self.due.occurrences[0]
        mine = [one.number for one in self.due.occurrences if one.id == first.id]
        values = self.scene.values(self.person.user, self.due.first)
        return Observation(
            aspect=aspect,
            case=first.id,
            steps=tuple(mine),
            user=self.person.user,
            values=values if aspect is Aspect.ROW else without_first(values),
            deviation=how,
            known=known,
            level=Level.RECORD if first.case.record else level,
            expected=punch_text(self.due.punch),
            actual=actual,
            seconds=seconds,
            requirement=first.case.requirement,
        )

    @property
    def erased(self) -> bool:
        """True when the target may have let the punch go with its person (--policy erase-on-delete)."""
        if not self.scene.erase_on_delete:
            return False
        return any(one.told.deed is Deed.DELETE for one in self.person.history)

    def stored(self, row: StoredPunch | None) -> str:
        """A row in words."""
        return "no stored row" if row is None else stored_text(row, self.scene.snapshot)
