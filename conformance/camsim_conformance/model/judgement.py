"""From observations to causes: what deviates, explained, and what a second round says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from .causes import causes
from .confirm import Rounds, confirmed, predictions, probes
from .explain import explain
from .judge import Seen, View, observe
from .kin import kin
from .observation import Aspect, Cause

MOST_CAUSES = 20  # that are looked at again: who has more has other worries


NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Again:
    """What a second round sends: cases of the first by their ids, with those that make their condition, and rows of
    values by the id of their cause."""

    cases: tuple[str, ...]
    rows: Mapping[str, Sequence[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was looked at in the first round and, if any, in the second; and the causes, gravest first."""

    view: View
    second: View | None
    causes: tuple[Cause, ...]

    def to_send_again(self) -> Again:
        """Cases that should deviate again, some like them that should not, and rows that tell explanations apart."""
        found: list[str] = []
        rows: dict[str, list[Mapping[str, str]]] = {}
        for cause in self.causes[:MOST_CAUSES]:
            if cause.explanation.aspect is Aspect.UNCHANGED:
                continue  # nothing hostile is sent a second time
            wrong, right = predictions(cause, self.view.observations)
            found += [*wrong, *right]
            made = [probe.values for probe in probes(cause)]
            if made:
                rows[cause.id] = made
        wanted = dict.fromkeys(found)
        return Again((*wanted, *kin(wanted, self.view.observations)), rows)


def judge(seen: Seen, second: Seen | None = None, probed: Mapping[str, Sequence[str]] = NOTHING) -> Judgement:
    """The judgement of a run. Pure: the same plan, answers and stores give the same causes. `probed`: the ids of the
    second round's cases that were made for a cause, by its id."""
    protocol, features = seen.profile.protocol, seen.profile.features
    view = observe(seen)
    found = causes(explain(view.observations), protocol, features)
    if second is None:
        return Judgement(view, None, tuple(found))
    # A handful of rows tells little of how times are read: that is known by now.
    again = observe(second, view.choice)
    rounds = Rounds(view.observations, again.observations, protocol, features, probed)
    return Judgement(view, again, tuple(confirmed(cause, rounds) for cause in found))
