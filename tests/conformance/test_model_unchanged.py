"""What stood before a forgery or a hostile body stands after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from punching import NOON, people, punch, row, snapshot, told

from camsim.readback.model import Snapshot, StoredTemplate, StoredUser
from camsim_conformance.model.observation import Aspect, Deviation, Observation
from camsim_conformance.model.unchanged import observe_unchanged

ONE, OTHER = punch("1"), punch("1", NOON + 60)
CARD = StoredTemplate("1", "Card", None, "aa")
MAIN = replace(snapshot([row(ONE), row(OTHER)]), templates={"1": (CARD,)}, users={"1": StoredUser("1", "Asha", "Rao")})


def observed(after: Snapshot, *untouched: str) -> list[Observation]:
    return list(observe_unchanged(people(told(ONE), told(OTHER)), untouched or ("1",), MAIN, after))


@pytest.mark.parametrize(
    ("after", "change"),
    [
        ({"punches": {"1": (row(ONE),)}}, "gone: user 1 at 2026-09-21T12:01:00Z CheckIn"),
        ({"punches": {"1": (row(ONE), row(OTHER), row(OTHER))}}, "new: user 1 at 2026-09-21T12:01:00Z CheckIn"),
        ({"punches": {}}, "gone: user 1"),
        ({"templates": {}}, "other templates of user 1"),
        ({"templates": {"1": (StoredTemplate("1", "Card", None, "bb"),)}}, "other templates of user 1"),
        ({"users": {}}, "user 1 was 'Asha Rao', is not there"),
        ({"users": {"1": StoredUser("1", "Eve", None)}}, "user 1 was 'Asha Rao', is 'Eve'"),
    ],
)
def test_a_change_is_named(after: dict[str, object], change: str) -> None:
    (one,) = observed(replace(MAIN, **after))  # type: ignore[arg-type]
    assert (one.aspect, one.deviation, one.user) == (Aspect.UNCHANGED, Deviation.CHANGED, "1")
    assert change in one.actual


def test_what_is_the_same_in_another_order_is_right() -> None:
    after = replace(MAIN, punches={"1": (row(OTHER), row(ONE))})
    (one,) = observed(after)
    assert one.right


def test_a_row_that_changed_is_gone_and_new() -> None:
    (one,) = observed(replace(MAIN, punches={"1": (row(ONE, type="CheckOut"), row(OTHER))}))
    assert one.actual.count("gone: ") == one.actual.count("new: ") == 1


def test_only_people_of_whom_something_was_told_are_looked_at() -> None:
    assert [one.user for one in observed(MAIN, "1", "2")] == ["1"]
    assert list(observe_unchanged(people(told(ONE)), [], MAIN, MAIN)) == []
