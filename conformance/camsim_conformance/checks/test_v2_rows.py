"""v2: every combination of values of a punch, and every order of a person's events (V2-ROW)."""

from __future__ import annotations

from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import EVERYTHING, as_told
from camsim_conformance.observed import Observed

from .registry import requirement
from .test_rows import combinations, orders


@requirement("V2-ROW-001", later=combinations)
def test_every_v2_combination_is_stored_as_told(case: Observed) -> None:
    """A v2 punch is acknowledged and stored as told, whatever values a device gives it and however they combine."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *EVERYTHING)


@requirement("V2-ROW-002", later=orders)
def test_every_v2_order_of_events_is_stored_as_told(case: Observed) -> None:
    """What v2 tells of a person is acknowledged and stored as told, in whatever order its events come."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *EVERYTHING)
