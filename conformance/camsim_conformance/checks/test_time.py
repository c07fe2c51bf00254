"""Checks of time: the moment of LogTime survives."""

from __future__ import annotations

from camsim_conformance.findings.punches import one_time, right_times
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-TIME-001")
def test_the_stored_time_is_right(case: Observed) -> None:
    """The stored time is the instant of LogTime, or the device's wall clock where the adapter declares that policy."""
    case.state = right_times(case)


@judges("CB-TIME-002")
def test_one_instant_is_one_time(case: Observed) -> None:
    """One instant told in two offsets is one time, and order holds across offsets."""
    case.state = one_time(case)


@judges("CB-TIME-003")
def test_odd_offsets_are_read(case: Observed) -> None:
    """Offsets of half and quarter hours, west of UTC and far east, are read: -0330, +0545, +1400."""
    case.state = right_times(case)
