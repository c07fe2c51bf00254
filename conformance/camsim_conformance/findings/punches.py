"""Findings on stored punches: the set that was sent, and what each row tells of its punch."""

from __future__ import annotations

from collections.abc import Callable

from camsim.protocol.facts import Punch
from camsim.readback.model import Snapshot, StoredPunch
from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding

from . import texts
from .matching import Match, match
from .texts import unverified
from .words import TypeMatch, input_match, type_match

DEGREES = 0.06  # a tenth of a degree is what devices tell; half of it, and a little for floating point, may be rounded


def same_set(case: Observed, *, any_shift: bool = True) -> Finding:
    """The stored rows are the sent punches: none missing, none more."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    sent = case.case.expect.punches
    found = match(sent, rows_of(case, snapshot), any_shift=any_shift)
    expected = texts.counted(len(sent))
    if sent:
        expected += f": {texts.punches(sent)}"
    return Finding(holds=found.exact, expected=expected, actual=_actual(found, len(sent), snapshot))


def rows_of(case: Observed, snapshot: Snapshot) -> list[StoredPunch]:
    """Stored rows of the people of a case."""
    return [row for user in case.case.expect.people for row in snapshot.punches.get(user, ())]


def _actual(found: Match, sent: int, snapshot: Snapshot) -> str:
    parts = [texts.counted(sent - len(found.missing) + len(found.extra))]
    if found.missing:
        parts.append(f"missing: {texts.punches(found.missing)}")
    if found.extra:
        parts.append(f"too many: {texts.rows(found.extra, snapshot.capabilities.time_policy)}")
    return "; ".join(parts)


def same_rows(case: Observed) -> Finding:
    """The same set, and each row still tells the type and input that were sent, where the target keeps them: a
    re-send or a late punch must not rewrite them."""
    found = same_set(case)
    snapshot = case.snapshot
    if snapshot is None or not found.holds:
        return found
    kept = [name for name in ("type", "input") if snapshot.keeps(name)]
    if not kept:
        return found
    fields = fields_as_sent(case, *kept)
    if not fields.holds:
        return fields
    return found


def none_missing(case: Observed) -> Finding:
    """Each sent punch has a row; more rows are another check's business."""
    found = same_set(case)
    snapshot = case.snapshot
    if snapshot is None:
        return found
    rows = match(case.case.expect.punches, rows_of(case, snapshot), any_shift=True)
    return Finding(holds=not rows.missing, expected=found.expected, actual=found.actual)


def fields_as_sent(case: Observed, *names: str) -> Finding:
    """The rows tell the sent type, input, temperature or mask, where the target keeps them."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    stored = none_missing(case)
    if not stored.holds:
        return stored
    kept = [name for name in names if snapshot.keeps(name)]
    if not kept:
        return unverified(f"the target does not keep {', '.join(names)}")
    sent = case.case.expect.punches
    problems: list[str] = []
    merged = False
    for punch, row in match(sent, rows_of(case, snapshot), any_shift=True).pairs:
        for name in kept:
            holds, exact = _FIELDS[name](punch, row, snapshot)
            merged = merged or not exact
            if not holds:
                problems.append(f"{name} {getattr(row, name)!r} for {getattr(punch, name)!r} of user {punch.user_id}")
    expected = f"{', '.join(kept)} as sent: {texts.punches(sent)}"
    if problems:
        return Finding(holds=False, expected=expected, actual=f"stored {texts.some(problems)}")
    actual = "in or out only" if merged else "stored as sent"
    return Finding(holds=True, expected=expected, actual=actual, strict=not merged)


# Each tells whether a field holds, and whether it is told exactly, or merged with others by a target's own words.


def _type(punch: Punch, row: StoredPunch, snapshot: Snapshot) -> tuple[bool, bool]:
    if row.type is None:
        return False, True
    found = type_match(row.type, punch.type, snapshot.capabilities)
    return found is not TypeMatch.WRONG, found is TypeMatch.SAME


def _input(punch: Punch, row: StoredPunch, snapshot: Snapshot) -> tuple[bool, bool]:
    return input_match(row.input, punch.input, snapshot.capabilities), True


def _temperature(punch: Punch, row: StoredPunch, _: Snapshot) -> tuple[bool, bool]:
    if punch.temperature is None:
        return not row.temperature, True  # a column of numbers may say 0 for nothing
    if row.temperature is None:
        return False, True
    return abs(row.temperature - punch.temperature) < DEGREES, True


def _mask(punch: Punch, row: StoredPunch, _: Snapshot) -> tuple[bool, bool]:
    # Not told and "not worn" are the same to a column of one bit.
    return bool(row.mask) == bool(punch.mask) and (punch.mask is None or row.mask is not None), True


_FIELDS: dict[str, Callable[[Punch, StoredPunch, Snapshot], tuple[bool, bool]]] = {
    "type": _type,
    "input": _input,
    "temperature": _temperature,
    "mask": _mask,
}
