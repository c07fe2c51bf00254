"""What a run leaves out of what was asked for is said, and nothing else."""

from __future__ import annotations

import pytest
from certifying import profile

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.checks.sections import plan
from camsim_conformance.commands.extent import extent
from camsim_conformance.plan.plan import ROWS
from camsim_conformance.plan.uncovered import BEFORE_KNOWN

URL = "http://127.0.0.1:1/"
NOW = 1_790_000_000  # in September
LEAP = 1_709_500_000  # 3 March 2024
PEOPLE = tuple(str(70_000 + number) for number in range(700))


def uncovered(now: int = NOW, *globs: str, **more: object) -> tuple[str, ...]:
    return plan(profile(URL, None, *globs, **more), now, 12345).uncovered


@pytest.mark.parametrize("protocol", Protocol)
def test_every_date_is_covered_at_any_date(protocol: Protocol) -> None:
    assert uncovered(protocol=protocol) == ()
    assert uncovered(LEAP, protocol=protocol) == ()


def test_given_people_have_the_ids_they_have_and_are_known() -> None:
    found = uncovered(LEAP, people=PEOPLE)
    assert found[0].startswith("punches of a UserID with letters, as User123, with leading zeros, with a hyphen")
    assert found[1:] == (BEFORE_KNOWN,)


def test_who_asks_for_less_is_told_nothing() -> None:
    assert uncovered(quick=True) == ()
    assert uncovered(NOW, "CB-ACK-*") == ()
    assert uncovered(NOW, ROWS[Protocol.V3]) != ()


def test_it_is_said_before_anything_is_sent() -> None:
    chosen = profile(URL, people=PEOPLE)
    assert "\n  not covered: " in extent(plan(chosen, LEAP, 12345), chosen)
