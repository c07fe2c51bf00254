"""Match stored rows with sent punches: as sets, with times in three values (instant, device wall clock, wrong)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from camsim.protocol.facts import Punch
from camsim.readback.model import StoredPunch, TimePolicy

from .words import same_word

LARGEST_SHIFT_S = 15 * 3600  # a zone is at most 14 hours from UTC; more is another day, not another zone


class Moment(StrEnum):
    """What a stored time is, seen from the sent one."""

    INSTANT = "the instant"
    WALL = "the device's wall clock"
    WRONG = "neither"


def wall(punch: Punch) -> int:
    """The wall clock of the device, counted as UTC."""
    return punch.log_time + punch.offset * 60


def moment_of(row: StoredPunch, punch: Punch, policy: TimePolicy) -> Moment:
    """Which of the three a stored time is. At offset 0 the policy decides what it is called."""
    names = {punch.log_time: Moment.INSTANT, wall(punch): Moment.WALL}
    if punch.offset == 0 and policy == "instant":
        names = {punch.log_time: Moment.INSTANT}
    return names.get(row.time, Moment.WRONG)


@dataclass(frozen=True, slots=True)
class Match:
    """How a stored set matches the sent one, under the reading of time that explains it best."""

    missing: tuple[Punch, ...]
    extra: tuple[StoredPunch, ...]
    pairs: tuple[tuple[Punch, StoredPunch], ...]

    @property
    def exact(self) -> bool:
        """True when both sets are equal."""
        return not self.missing and not self.extra


def match(sent: Sequence[Punch], rows: Sequence[StoredPunch], *, any_shift: bool) -> Match:
    """The best match over all readings of time. With `any_shift` one constant shift of all rows is allowed: whether
    times are right is then another check's business, and a set is still compared as a set."""
    readings = [[punch.log_time for punch in sent], [wall(punch) for punch in sent]]
    if any_shift:
        for shift in _shifts(sent, rows):
            readings.append([punch.log_time + shift for punch in sent])
    found = [_under(times, sent, rows) for times in readings]
    return min(found, key=lambda one: len(one.missing) + len(one.extra))


def _shifts(sent: Sequence[Punch], rows: Sequence[StoredPunch]) -> list[int]:
    """Seconds that would put a row at the place of the first punch."""
    if not sent:
        return []
    first = sent[0]
    shifts = {row.time - first.log_time for row in rows if row.user == first.user_id}
    return [shift for shift in shifts if abs(shift) <= LARGEST_SHIFT_S]


def _under(times: Sequence[int], sent: Sequence[Punch], rows: Sequence[StoredPunch]) -> Match:
    """The match when each punch is looked for at its time of `times`."""
    left: dict[tuple[str, int], list[StoredPunch]] = {}
    for row in rows:
        left.setdefault((row.user, row.time), []).append(row)
    missing: list[Punch] = []
    pairs: list[tuple[Punch, StoredPunch]] = []
    for punch, time in zip(sent, times, strict=True):
        same = left.get((punch.user_id, time))
        if same:
            pairs.append((punch, _take_best(punch, same)))
        else:
            missing.append(punch)
    extra: list[StoredPunch] = []
    for some in left.values():
        extra += some
    return Match(missing=tuple(missing), extra=tuple(extra), pairs=tuple(pairs))


def _take_best(punch: Punch, rows: list[StoredPunch]) -> StoredPunch:
    """One of several rows of a moment: the one of the punch's type, when there is one."""
    for index, row in enumerate(rows):
        if same_word(row.type, punch.type):
            return rows.pop(index)
    return rows.pop(0)
