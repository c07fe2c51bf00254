"""Compare stored rows with sent punches: as sets, with times in three values (instant, device wall clock, wrong)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from camsim.protocol import timestamps
from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import IN_TYPES
from camsim.readback.model import Capabilities, StoredPunch, TimePolicy

LARGEST_SHIFT_S = 15 * 3600
Key = tuple[str, int]
Reading = Callable[[Punch], int]


class Moment(StrEnum):
    """What a stored time is, seen from the sent one."""

    INSTANT = "the instant"
    WALL = "the device's wall clock"
    WRONG = "neither"


def instant(punch: Punch) -> int:
    """The moment itself, UTC."""
    return punch.log_time


def wall(punch: Punch) -> int:
    """The wall clock of the device, counted as UTC."""
    return punch.log_time + punch.offset * 60


def moment_of(row: StoredPunch, punch: Punch, policy: TimePolicy) -> Moment:
    """Which of the three a stored time is. At offset 0 the policy decides what it is called."""
    preferred = (Moment.INSTANT, Moment.WALL) if policy == "instant" else (Moment.WALL, Moment.INSTANT)
    values = {Moment.INSTANT: instant(punch), Moment.WALL: wall(punch)}
    return next((name for name in preferred if values[name] == row.time), Moment.WRONG)


@dataclass(frozen=True, slots=True)
class Difference:
    """How a stored set differs from the sent one, under the reading of time that explains it best."""

    missing: tuple[Punch, ...]
    extra: tuple[StoredPunch, ...]
    pairs: tuple[tuple[Punch, StoredPunch], ...]

    @property
    def none(self) -> bool:
        """True when both sets are equal."""
        return not self.missing and not self.extra


def compare(sent: Sequence[Punch], rows: Sequence[StoredPunch], *, any_shift: bool) -> Difference:
    """The smallest difference over all readings of time. With `any_shift` one constant shift of all rows is allowed:
    whether times are right is then another check's business, and a set is still compared as a set."""
    readings = [instant, wall, *(_shifts(sent, rows) if any_shift else ())]
    found = [_under(reading, sent, rows) for reading in readings]
    return min(found, key=lambda difference: len(difference.missing) + len(difference.extra))


def _shifts(sent: Sequence[Punch], rows: Sequence[StoredPunch]) -> Iterator[Reading]:
    if not sent:
        return
    first = sent[0]
    for shift in {row.time - first.log_time for row in rows if row.user == first.user_id}:
        if abs(shift) <= LARGEST_SHIFT_S:
            yield lambda punch, shift=shift: punch.log_time + shift  # type: ignore[misc]


def _under(reading: Reading, sent: Sequence[Punch], rows: Sequence[StoredPunch]) -> Difference:
    left: dict[Key, list[StoredPunch]] = {}
    for row in rows:
        left.setdefault((row.user, row.time), []).append(row)
    missing: list[Punch] = []
    pairs: list[tuple[Punch, StoredPunch]] = []
    for punch in sent:
        same = left.get((punch.user_id, reading(punch)))
        if same:
            pairs.append((punch, _best(punch, same)))
        else:
            missing.append(punch)
    return Difference(tuple(missing), tuple(row for some in left.values() for row in some), tuple(pairs))


def _best(punch: Punch, rows: list[StoredPunch]) -> StoredPunch:
    index = next((n for n, row in enumerate(rows) if same_word(row.type, punch.type)), 0)
    return rows.pop(index)


def same_word(stored: str | None, sent: str) -> bool:
    """Wire words compared without case and separators: `check_in` is CheckIn."""
    return stored is not None and _letters(stored) == _letters(sent)


# v2 says MealStart and MealEnd for v3's MealIn and MealOut (V2-04): a target of both keeps one word.
_SYNONYMS = {"mealstart": "mealin", "mealend": "mealout"}


def _letters(word: str) -> str:
    plain = "".join(letter for letter in word.lower() if letter.isalnum())
    return _SYNONYMS.get(plain, plain)


class TypeMatch(StrEnum):
    """How well a stored type tells the sent one."""

    SAME = "same"
    DIRECTION = "in or out only"
    WRONG = "wrong"


def type_match(stored: str, sent: str, capabilities: Capabilities) -> TypeMatch:
    """Judge a stored type word; `type_words` translates a target's own (what it merges is judged as in or out)."""
    words = capabilities.type_words.get(stored.lower())
    if words is None:
        return TypeMatch.SAME if same_word(stored, sent) else TypeMatch.WRONG
    if any(same_word(word, sent) for word in words):
        return TypeMatch.SAME
    told = {theirs for own in capabilities.type_words.values() for theirs in own}
    if any(same_word(word, sent) for word in told):
        return TypeMatch.WRONG  # the target has a word for it, and used another
    sides = {_is_in(word) for word in words}
    return TypeMatch.DIRECTION if sides == {_is_in(sent)} else TypeMatch.WRONG


def _is_in(word: str) -> bool:
    return any(same_word(word, type_) for type_ in IN_TYPES)


def describe(punch: Punch) -> str:
    """`user 123 at 2020-09-17 07:48:22 GMT +0530 CheckIn by Face`."""
    method = f" by {punch.input}" if punch.input else ""
    return f"user {punch.user_id} at {timestamps.gmt(punch.log_time, punch.offset)} {punch.type}{method}"


def describe_row(row: StoredPunch, policy: TimePolicy) -> str:
    """`user 123 at 2020-09-17T02:18:22Z CheckIn`, as the adapter told it."""
    when = _iso(row.time) + ("Z" if policy == "instant" else "")
    return f"user {row.user} at {when}{f' {row.type}' if row.type else ''}"


def _iso(seconds: int) -> str:
    try:
        return timestamps.local(seconds).replace(" ", "T")
    except timestamps.TimestampError:
        return f"second {seconds}"
