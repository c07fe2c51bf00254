"""Ties a requirement to the cases that provoke it and to the check that judges them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from camsim_conformance.observed import Observed
from camsim_conformance.plan.plan import MakeCases
from camsim_conformance.requirements import by_id

Check = Callable[[Observed], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One requirement with its cases and its check. A check only judges what was already sent, answered and stored."""

    requirement: str
    check: Check
    cases: MakeCases | None
    later: MakeCases | None


def requirement(
    name: str, cases: MakeCases | None = None, *, later: MakeCases | None = None
) -> Callable[[Check], Check]:
    """Marks the check of a requirement, with what makes its cases. `later` ones are made after the `cases` of every
    section of the protocol. Raises: ValueError for an id that is in no catalogue, or without cases."""
    if name not in by_id():
        raise ValueError(f"{name}: no such requirement; its row belongs into requirements/*.toml")
    if cases is None and later is None:
        raise ValueError(f"{name}: no cases; a check without cases judges nothing")

    def mark(check: Check) -> Check:
        # On the function itself, because pytest collects functions and asks each for its requirement.
        check.judged = Judged(name, check, cases, later)  # type: ignore[attr-defined]
        return check

    return mark


def judged_by(function: object) -> Judged | None:
    """What a check judges; None for any other function."""
    found = getattr(function, "judged", None)
    return found if isinstance(found, Judged) else None
