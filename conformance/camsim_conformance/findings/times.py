"""Findings on stored times: the instant that was told, or the device's wall clock where that is declared."""

from __future__ import annotations

from camsim.protocol.facts import Punch
from camsim.readback.model import StoredPunch, TimePolicy
from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding

from . import texts
from .matching import Moment, moment_of
from .texts import unverified


def right_times(case: Observed) -> Finding:
    """Stored times are the instants, or consistently the wall clock where that policy is declared."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    policy = snapshot.capabilities.time_policy
    expected = "the instant" if policy == "instant" else "the device's wall clock"
    seen: list[str] = []
    moments: set[Moment] = set()
    for punch in case.case.expect.punches:
        rows = snapshot.punches.get(punch.user_id, ())
        if not rows:
            return Finding(holds=False, expected=f"{expected}: {texts.punch(punch)}", actual="no stored row")
        row = _row_of(punch, rows, policy)
        moment = moment_of(row, punch, policy)
        moments.add(moment)
        seen.append(f"{texts.row(row, policy)} is {moment} of {texts.punch(punch)}")
    return Finding(
        holds=moments <= _allowed(policy) and len(moments) <= 1,
        expected=f"{expected} of {texts.punches(case.case.expect.punches)}",
        actual=texts.some(seen),
    )


def _allowed(policy: TimePolicy) -> set[Moment]:
    # Who declares the wall clock may keep instants as well, as long as all are of one kind.
    return {Moment.INSTANT} if policy == "instant" else {Moment.WALL, Moment.INSTANT}


def _row_of(punch: Punch, rows: tuple[StoredPunch, ...], policy: TimePolicy) -> StoredPunch:
    """The person's row that tells the punch's time, or the nearest when none does."""
    for row in rows:
        if moment_of(row, punch, policy) is not Moment.WRONG:
            return row
    # The nearest is what a reader has to see: it says by how much a target is wrong.
    return min(rows, key=lambda row: abs(row.time - punch.log_time))


def right_times_v2(case: Observed) -> Finding:
    """Stored times are the wall clock v2 writes as if it were UTC, or the instant, all of one kind: the page admits
    both readings (V2-01)."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    policy = snapshot.capabilities.time_policy
    seen: list[str] = []
    moments: set[Moment] = set()
    for punch in case.case.expect.punches:
        rows = snapshot.punches.get(punch.user_id, ())
        if not rows:
            moments.add(Moment.WRONG)
        for row in rows:
            moment = moment_of(row, punch, policy)
            moments.add(moment)
            seen.append(f"{texts.row(row, policy)} is {moment}")
    return Finding(
        holds=Moment.WRONG not in moments and len(moments) == 1,
        expected=f"the wall clock or the instant of {texts.punches(case.case.expect.punches)}",
        actual=texts.some(seen) or "no stored row",
    )


def one_time(case: Observed) -> Finding:
    """Instants told in different offsets compare as instants; a declared wall clock cannot show that."""
    snapshot = case.snapshot
    if snapshot is None or snapshot.capabilities.time_policy != "device-local":
        return right_times(case)
    return Finding(
        holds="multi-zone" not in case.profile.features,
        expected="instants that compare across offsets",
        actual="the target keeps the device's wall clock, which cannot order punches of several zones",
        strict=False,
    )
