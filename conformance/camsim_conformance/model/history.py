"""What was told of each person, in the order in which it was sent, and which of it was acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.plan.told import Deed, Keep, Told
from camsim_conformance.sending import ack
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.profile import Profile

NOTHING = Told(Deed.OTHER, keep=Keep.MAY)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One step that was sent, with its answers: one a copy and attempt, in order."""

    case: Case
    number: int
    step: Step
    told: Told
    exchanges: tuple[Exchange, ...]
    acknowledged: bool

    @property
    def id(self) -> str:
        """The case it belongs to."""
        return self.case.id


def occurrences(
    cases: Iterable[Case], answers: Mapping[str, Sequence[Exchange]], profile: Profile
) -> Iterator[Occurrence]:
    """Every step that was sent, in the order of the stages and of the cases in them."""
    for case in sorted(cases, key=lambda case: case.stage):
        if case.id not in answers:
            continue
        by_step: dict[int, list[Exchange]] = {}
        for exchange in answers[case.id]:
            by_step.setdefault(exchange.step, []).append(exchange)
        for number, step in enumerate(case.steps):
            found = tuple(by_step.get(number, ()))
            if not found:
                continue
            # One of several copies or attempts is enough: the gateway asks for no more.
            done = any(ack.acknowledged(exchange, profile, step) for exchange in found)
            yield Occurrence(case, number, step, step.told or NOTHING, found, done)


def histories(some: Iterable[Occurrence]) -> dict[str, tuple[Occurrence, ...]]:
    """The occurrences of each person, in order. What is told of nobody (a date) is left out."""
    found: dict[str, list[Occurrence]] = {}
    for one in some:
        if one.told.user:
            found.setdefault(one.told.user, []).append(one)
    return {user: tuple(steps) for user, steps in found.items()}
