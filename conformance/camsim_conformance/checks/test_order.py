"""Checks of order and completeness."""

from __future__ import annotations

from camsim_conformance.findings.punches import same_rows, same_set
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-ORD-001")
def test_an_older_punch_is_kept(case: Observed) -> None:
    """A punch that is older than one already stored is kept."""
    case.state = same_rows(case)


@judges("CB-ORD-002")
def test_the_stored_set_is_the_sent_set(case: Observed) -> None:
    """The stored set is the sent set: nothing missing, nothing invented."""
    case.state = same_rows(case)


@judges("CB-ORD-003")
def test_a_hundred_cached_punches_are_kept(case: Observed) -> None:
    """A hundred cached punches, shuffled and mixed with live ones, are all kept."""
    case.state = same_rows(case)


@judges("CB-ORD-004")
def test_old_punches_and_calendar_edges_keep_their_place(case: Observed) -> None:
    """Punches of 30 days ago, and around midnight, the end of a month and the end of a year, keep their place."""
    case.state = same_set(case, any_shift=False)
