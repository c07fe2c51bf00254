"""Cases that make each other's condition: one alone does not show what both show together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from camsim_conformance.plan.rows import AGAIN

from .observation import OTHER_USER, Observation

# Rows that share people (--users) are no kin: each has its own minutes.
MOST_KIN = 4


def kin(cases: Iterable[str], observations: Sequence[Observation]) -> list[str]:
    """The ids of the cases that must be sent beside these: what tells of the same people, and of those to whom their
    punches were booked; and the repetition that is a case of its own."""
    wanted = dict.fromkeys(cases)
    by_user: dict[str, dict[str, None]] = {}
    people: dict[str, None] = {}
    for one in observations:
        by_user.setdefault(one.user, {})[one.case] = None
        if one.case in wanted:
            people.update(dict.fromkeys((one.user, one.notes.get(OTHER_USER, ""))))
    found: dict[str, None] = {}
    for user in people:
        others = [case for case in by_user.get(user, ()) if case not in wanted]
        near = [case for case in others if _of_two(case) in wanted]
        found.update(dict.fromkeys(others if user and len(others) <= MOST_KIN else near))
    return list(found)


def _of_two(case: str) -> str:
    return case.removesuffix(AGAIN) if case.endswith(AGAIN) else case + AGAIN
