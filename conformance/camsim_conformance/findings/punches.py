"""The findings checks are made of: each looks at one side of a case and says what it expected and what it found."""

from __future__ import annotations

from collections.abc import Sequence

from camsim.readback.model import Snapshot, StoredPunch
from camsim_conformance.requirements.verdicts import Finding
from camsim_conformance.sending import ack
from camsim_conformance.session.observed import Observed

from .matching import Difference, Moment, TypeMatch, compare, describe, describe_row, moment_of, same_word, type_match

ACK = 'HTTP 200 and a JSON object with "status": "done"'
MOST_SHOWN = 4


def acknowledged(case: Observed) -> Finding:
    """Every judged answer is an acknowledgement; unusual ones are accepted as not strict."""
    odd: list[str] = []
    for step, exchange in case.last():
        why = ack.why_not(exchange, case.profile, step)
        if why is not None:
            return Finding(False, f"{ACK} to {step.what}", f"{exchange.text()}: {why}" if exchange.answered else why)
        odd += ack.oddities(exchange, case.profile, step)
    actual = "acknowledged" + (f", but {'; '.join(dict.fromkeys(odd))}" if odd else "")
    return Finding(True, ACK, actual, strict=not odd)


def in_time(case: Observed) -> Finding:
    """Every answer came within the deadline."""
    deadline = case.profile.deadline_s
    slowest = max((exchange.seconds for _, exchange in case.last()), default=0.0)
    silent = [exchange for _, exchange in case.last() if not exchange.answered]
    expected = f"an answer within {deadline:g} s"
    if silent:
        return Finding(False, expected, silent[0].text())
    return Finding(slowest <= deadline, expected, f"the slowest answer took {slowest:.2f} s")


def survived(case: Observed, *, closing_is_an_answer: bool) -> Finding:
    """The hostile step was answered in time, and the next good punch is acknowledged."""
    bad = next(exchange for step, exchange in case.last(judged=False) if not step.judged)
    expected = f"an answer within {case.profile.deadline_s:g} s, and the next good punch acknowledged"
    allowed = closing_is_an_answer and bad.silence in ("closed", "meant")
    if not allowed and (not bad.answered or bad.seconds > case.profile.deadline_s):
        return Finding(False, expected, bad.text())
    after = acknowledged(case)
    return Finding(after.holds, expected, f"to the hostile body: {bad.text(80)}; then: {after.actual}")


def recorded(case: Observed) -> Finding:
    """The answers as they came; nothing is judged."""
    texts = [exchange.text() for _, exchange in case.last(judged=False)]
    return Finding(True, "recorded only", " | ".join(texts[:MOST_SHOWN]))


# --- what is stored ---------------------------------------------------------------------------------------------------


def unverified(why: str) -> Finding:
    """The side could not be looked at."""
    return Finding(True, "seen by read-back", why, verified=False)


def rows_of(case: Observed, snapshot: Snapshot) -> list[StoredPunch]:
    """Stored rows of the people of a case."""
    return [row for user in case.case.expect.people for row in snapshot.punches.get(user, ())]


def same_set(case: Observed, *, any_shift: bool = True) -> Finding:
    """The stored rows are the sent punches: none missing, none more."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    sent = case.case.expect.punches
    difference = compare(sent, rows_of(case, snapshot), any_shift=any_shift)
    expected = f"{_count(len(sent))}" + (f": {_some([describe(punch) for punch in sent])}" if sent else "")
    return Finding(difference.none, expected, _difference(difference, len(sent), snapshot))


def _count(number: int) -> str:
    return f"{number} stored row{'' if number == 1 else 's'}" if number else "no stored row"


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - MOST_SHOWN
    return ", ".join(texts[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _difference(difference: Difference, sent: int, snapshot: Snapshot) -> str:
    policy = snapshot.capabilities.time_policy
    parts = [_count(sent - len(difference.missing) + len(difference.extra))]
    if difference.missing:
        parts.append(f"missing: {_some([describe(punch) for punch in difference.missing])}")
    if difference.extra:
        parts.append(f"too many: {_some([describe_row(row, policy) for row in difference.extra])}")
    return "; ".join(parts)


def same_rows(case: Observed) -> Finding:
    """The same set, and each row still tells the type and input that were sent, where the target keeps them: a
    re-send or a late punch must not rewrite them."""
    found = same_set(case)
    snapshot = case.snapshot
    kept = [name for name in ("type", "input") if snapshot is not None and snapshot.keeps(name)]
    if not found.holds or not found.verified or not kept:
        return found
    told = fields(case, *kept)
    return found if told.holds else told


def present(case: Observed) -> Finding:
    """Each sent punch has a row; more rows are another check's business."""
    found = same_set(case)
    snapshot = case.snapshot
    if snapshot is None:
        return found
    difference = compare(case.case.expect.punches, rows_of(case, snapshot), any_shift=True)
    return Finding(not difference.missing, found.expected, found.actual)


def fields(case: Observed, *names: str) -> Finding:
    """The rows tell the sent type, input, temperature or mask, where the target keeps them."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    base = present(case)
    if not base.holds:
        return base
    kept = [name for name in names if snapshot.keeps(name)]
    if names and not kept:
        return unverified(f"the target does not keep {', '.join(names)}")
    pairs = compare(case.case.expect.punches, rows_of(case, snapshot), any_shift=True).pairs
    problems, merged = [], False
    for punch, row in pairs:
        for name in kept:
            holds, exact = _FIELDS[name](punch, row, snapshot)
            merged = merged or not exact
            if not holds:
                problems.append(f"{name} {getattr(row, name)!r} for {getattr(punch, name)!r} of user {punch.user_id}")
    expected = f"{', '.join(kept) or 'rows'} as sent: {_some([describe(punch) for punch in case.case.expect.punches])}"
    if problems:
        return Finding(False, expected, f"stored {_some(problems)}")
    return Finding(True, expected, "in or out only" if merged else "stored as sent", strict=not merged)


def _type(punch: object, row: StoredPunch, snapshot: Snapshot) -> tuple[bool, bool]:
    sent = getattr(punch, "type", "")
    if row.type is None:
        return False, True
    match = type_match(row.type, sent, snapshot.capabilities)
    return match is not TypeMatch.WRONG, match is TypeMatch.SAME


def _input(punch: object, row: StoredPunch, snapshot: Snapshot) -> tuple[bool, bool]:
    return same_word(row.input, getattr(punch, "input", "")), True


def _temperature(punch: object, row: StoredPunch, snapshot: Snapshot) -> tuple[bool, bool]:
    sent = getattr(punch, "temperature", None)
    if sent is None or row.temperature is None:
        return sent is None and not row.temperature, True
    return abs(row.temperature - sent) < 0.06, True


def _mask(punch: object, row: StoredPunch, snapshot: Snapshot) -> tuple[bool, bool]:
    sent = getattr(punch, "mask", None)
    # Not told and "not worn" are the same to a column of one bit.
    return bool(row.mask) == bool(sent) and (sent is None or row.mask is not None), True


_FIELDS = {"type": _type, "input": _input, "temperature": _temperature, "mask": _mask}


def right_times(case: Observed, *, wall_needs_instants: bool = False) -> Finding:
    """Stored times are the instants, or consistently the wall clock where that policy is declared."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    policy = snapshot.capabilities.time_policy
    expected = "the instant" if policy == "instant" else "the device's wall clock"
    texts, moments = [], set()
    for punch in case.case.expect.punches:
        rows = snapshot.punches.get(punch.user_id, ())
        if not rows:
            return Finding(False, f"{expected}: {describe(punch)}", "no stored row")
        nearest = min(rows, key=lambda row: abs(row.time - punch.log_time))
        row = next((row for row in rows if moment_of(row, punch, policy) is not Moment.WRONG), nearest)
        moment = moment_of(row, punch, policy)
        moments.add(moment)
        texts.append(f"{describe_row(row, policy)} is {moment} of {describe(punch)}")
    allowed = {Moment.INSTANT} if policy == "instant" else {Moment.WALL, Moment.INSTANT}
    holds = moments <= allowed and len(moments) <= 1
    wanted = f"{expected} of {_some([describe(punch) for punch in case.case.expect.punches])}"
    return Finding(holds, wanted, _some(texts), strict=not wall_needs_instants)


def right_times_v2(case: Observed) -> Finding:
    """Stored times are the wall clock v2 writes as if it were UTC, or the instant, all of one kind: the page admits
    both readings (V2-01)."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    policy = snapshot.capabilities.time_policy
    moments, texts = set(), []
    for punch in case.case.expect.punches:
        rows = snapshot.punches.get(punch.user_id, ())
        texts += [f"{describe_row(row, policy)} is {moment_of(row, punch, policy)}" for row in rows]
        moments |= {moment_of(row, punch, policy) for row in rows} or {Moment.WRONG}
    wanted = f"the wall clock or the instant of {_some([describe(punch) for punch in case.case.expect.punches])}"
    return Finding(Moment.WRONG not in moments and len(moments) == 1, wanted, _some(texts) or "no stored row")


def one_time(case: Observed) -> Finding:
    """Instants told in different offsets compare as instants; a declared wall clock cannot show that."""
    snapshot = case.snapshot
    if snapshot is not None and snapshot.capabilities.time_policy == "device-local":
        zones = "multi-zone" in case.profile.features
        actual = "the target keeps the device's wall clock, which cannot order punches of several zones"
        return Finding(not zones, "instants that compare across offsets", actual, strict=False)
    return right_times(case)
