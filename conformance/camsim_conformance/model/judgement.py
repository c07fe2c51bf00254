"""From observations to causes: what deviates, explained, and what a second round says of it."""

from __future__ import annotations

from dataclasses import dataclass

from .causes import causes
from .confirm import Rounds, confirmed, predictions
from .explain import explain
from .judge import Seen, View, observe
from .observation import Cause

MOST_CAUSES = 20  # that are looked at again: who has more has other worries


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was looked at in the first round and, if any, in the second; and the causes, gravest first."""

    view: View
    second: View | None
    causes: tuple[Cause, ...]

    def to_send_again(self) -> list[str]:
        """Ids of cases that should deviate again, and of some like them that should not."""
        found: list[str] = []
        for cause in self.causes[:MOST_CAUSES]:
            wrong, right = predictions(cause, self.view.observations)
            found += [*wrong, *right]
        return list(dict.fromkeys(found))


def judge(seen: Seen, second: Seen | None = None) -> Judgement:
    """The judgement of a run. Pure: the same plan, answers and stores give the same causes."""
    protocol, features = seen.profile.protocol, seen.profile.features
    view = observe(seen)
    found = causes(explain(view.observations), protocol, features)
    if second is None:
        return Judgement(view, None, tuple(found))
    again = observe(second)
    rounds = Rounds(view.observations, again.observations, protocol, features)
    return Judgement(view, again, tuple(confirmed(cause, rounds) for cause in found))
