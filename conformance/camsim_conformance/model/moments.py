"""How a target reads times: the instant, the wall clock of the device or of one zone; and how a wrong one is off.

`2020-09-17 07:48:22 GMT +0530` is 02:18:22 UTC. Many libraries drop the offset in silence, so a store may hold either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import Snapshot, StoredPunch

AGREED = 0.95  # below this share the report says that the target is inconsistent
ARRIVAL_S = 180  # a stored time this near to the sending is the time of arrival
HOUR_S, DAY_S = 3600, 86400
EPOCH_S = 400 * 86400  # what lies before 1971 is no time at all
AS_INSTANT = "as the instant"
DAY_AND_MONTH = "with day and month swapped"
LAST_MONTH = 12
FEWEST = 5  # rows from which a zone may be concluded


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read times. `time` gives the stored seconds of a punch."""

    name: str
    time: Callable[[Punch], int]


def wall(punch: Punch) -> int:
    """The wall clock of the device, counted as UTC."""
    return punch.log_time + punch.offset * 60


INSTANT = Reading("the instant", lambda punch: punch.log_time)
WALL = Reading("the device's wall clock", wall)


def zone(name: str) -> Reading:
    """The wall clock of an IANA zone, its daylight saving included."""
    return Reading(
        f"the wall clock of a zone such as {name}", lambda punch: punch.log_time + _ahead(name, punch.log_time)
    )


def zone_off(name: str) -> Reading:
    """The device's wall clock taken for that of an IANA zone: v2's seconds read as a local time of the server."""
    return Reading(
        f"the device's wall clock with the offset of a zone such as {name} taken off",
        lambda punch: wall(punch) - _ahead(name, wall(punch)),
    )


def zone_on(name: str) -> Reading:
    """The device's wall clock with the offset of an IANA zone on top: v2's seconds told as a local time of the
    server."""
    return Reading(
        f"the device's wall clock with the offset of a zone such as {name} put on top",
        lambda punch: wall(punch) + _ahead(name, wall(punch)),
    )


# Which zone is named where several explain the rows: one that a server is likely to be in.
_LIKELY = (
    *("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles"),
    *("Asia/Kolkata", "Asia/Dubai", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"),
)
_Make = Callable[[str], Reading]
# How a distance of stored and sent times tells the offset of the zone, in the order of what is likelier.
_OF_V2: tuple[tuple[_Make, bool, int], ...] = ((zone_off, True, -1), (zone_on, True, 1), (zone, False, 1))
_OF_V3: tuple[tuple[_Make, bool, int], ...] = ((zone, False, 1),)


def _ahead(name: str, instant: int) -> int:
    ahead = datetime.fromtimestamp(instant, UTC).astimezone(_zone(name)).utcoffset()
    return int(ahead.total_seconds()) if ahead is not None else 0


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Choice:
    """The reading that a target has, and the share of the rows that it explains."""

    reading: Reading
    share: float
    declared: bool  # the adapter's time_policy allows it

    @property
    def consistent(self) -> bool:
        """True when nearly all rows agree."""
        return self.share >= AGREED


def choice(punches: Sequence[Punch], snapshot: Snapshot, protocol: Protocol) -> Choice:
    """The reading that explains most rows. Of equals the declared one wins, and a zone only when it is needed."""
    stored = {(row.user, row.time) for rows in snapshot.punches.values() for row in rows}
    # A punch without any row says nothing about times.
    seen = [punch for punch in punches if snapshot.punches.get(punch.user_id)]
    instant_declared = snapshot.capabilities.time_policy == "instant"
    first, second = (INSTANT, WALL) if instant_declared else (WALL, INSTANT)
    best = _shared(first, seen, stored)
    other = _shared(second, seen, stored)
    found, share = (first, best) if best >= other else (second, other)
    if share < AGREED and len(seen) >= FEWEST:
        likely = 0
        for candidate, rank in _zones(seen, snapshot, protocol):
            of_zone = _shared(candidate, seen, stored)
            # A likely zone only where two explain the very same rows: few of them tell a rare zone from its neighbour.
            if (of_zone, rank) > (share, likely):
                found, share, likely = candidate, of_zone, rank
    return Choice(found, share, _allowed(found, protocol, instant_declared=instant_declared))


def _allowed(found: Reading, protocol: Protocol, *, instant_declared: bool) -> bool:
    # A wall clock that is declared may be an instant, or one zone's: the page asks for a time that is right. v2 admits
    # both readings of its epoch, whatever is declared (V2-01).
    if not instant_declared or found is INSTANT:
        return True
    return protocol is Protocol.V2 and found is WALL


def _shared(reading: Reading, punches: Sequence[Punch], stored: set[tuple[str, int]]) -> float:
    """The share of what can be explained: of a person's punches as many as there are rows. What is lost, and what is
    invented, says nothing about times."""
    told: dict[str, set[int]] = {}
    for punch in punches:
        told.setdefault(punch.user_id, set()).add(reading.time(punch))
    rows: dict[str, set[int]] = {}
    for user, time in stored:
        rows.setdefault(user, set()).add(time)
    hits = possible = 0
    for user, times in told.items():
        shown = rows.get(user, set())
        hits += len(times & shown)
        possible += min(len(times), len(shown))
    return hits / possible if possible else 1.0


def _zones(punches: Sequence[Punch], snapshot: Snapshot, protocol: Protocol) -> Iterable[tuple[Reading, int]]:
    """Readings by a zone that shows the most frequent distance of stored and sent times, one of each behaviour, with
    how likely a server is there: 1 for a likely zone, 0 for another."""
    for make, of_wall, sign in _OF_V2 if protocol is Protocol.V2 else _OF_V3:
        moments = _distances(punches, snapshot, of_wall=of_wall)
        usual = max(moments, key=lambda distance: len(moments[distance]), default=0)
        # At no distance at all there is nothing that a zone explains better.
        if usual:
            shown = sorted(moments[usual])
            every = [wall(one) if of_wall else one.log_time for one in punches]
            for name in _behaving(sign * usual, (shown[0], shown[len(shown) // 2], shown[-1]), every):
                yield make(name), int(name in _LIKELY)


def _distances(punches: Sequence[Punch], snapshot: Snapshot, *, of_wall: bool) -> dict[int, list[int]]:
    """The moments at which each distance of stored and sent times shows."""
    found: dict[int, list[int]] = {}
    for punch in punches:
        moment = wall(punch) if of_wall else punch.log_time
        for row in snapshot.punches.get(punch.user_id, ()):
            distance = row.time - moment
            if distance % 900 == 0 and abs(distance) <= 15 * 3600:
                found.setdefault(distance, []).append(moment)
    return found


def _behaving(ahead: int, shown: Iterable[int], moments: Iterable[int]) -> Iterator[str]:
    """Zones that are so many seconds ahead at one of the moments where that shows, one of each behaviour at all.

    What shows it most may be neither the first nor the last moment: a run just after a change of the clocks looks back
    on winter, and ahead to a far one.
    """
    instants = sorted(set(moments))
    behaviours: set[tuple[int, ...]] = set()
    for name in sorted(available_timezones(), key=lambda name: (name not in _LIKELY, name)):
        if not any(_ahead(name, instant) == ahead for instant in shown):
            continue
        behaviour = tuple(_ahead(name, instant) for instant in instants)
        if behaviour not in behaviours:
            behaviours.add(behaviour)
            yield name


# --- how a wrong time is off ---------------------------------------------------------------------------------------


def nearer(row: StoredPunch, punch: Punch) -> int:
    """Of the two readings that v2 allows of its seconds (V2-01), the one that a row is nearer to."""
    return min(punch.log_time, wall(punch), key=lambda time: abs(time - row.time))


def how_off(
    row: StoredPunch, punch: Punch, expected: int, sent_s: float | None, protocol: Protocol = Protocol.V3
) -> str:
    """In words: what a wrong time looks like. `sent_s`: when the punch was sent, epoch seconds."""
    # v2 tells no offset that could be misread.
    aside = expected - punch.log_time if protocol is Protocol.V2 else 0
    for text, time in _mistakes(punch).items():
        said = protocol is Protocol.V3 or not ("offset" in text or text == AS_INSTANT)
        if said and row.time == time + aside and time + aside != expected:
            return text
    if row.time < EPOCH_S:
        return "at the beginning of all time"
    if sent_s is not None and abs(row.time - sent_s) <= ARRIVAL_S:
        return "at the time of arrival"
    if sent_s is not None and abs(row.time - sent_s - punch.offset * 60) <= ARRIVAL_S:
        return "at the time of arrival"
    return "wrong"


def mistakes_in(row: StoredPunch, punch: Punch) -> list[str]:
    """The mistakes that would make this row of that punch."""
    return [text for text, time in _mistakes(punch).items() if row.time == time]


def _mistakes(punch: Punch) -> Mapping[str, int]:
    ahead = punch.offset * 60
    swapped = _swapped(punch)
    hours = int(punch.offset / 60) * HOUR_S
    local = punch.log_time + ahead
    return {
        # First: at an offset east of UTC it is also what the sign ignored would give, which says less.
        AS_INSTANT: punch.log_time,
        "with its offset dropped": local,
        "with the sign of its offset ignored": local - abs(ahead),
        "with its offset the wrong way round": local + ahead,
        "with the minutes of its offset ignored": local - hours,
        "with its offset taken off twice": punch.log_time - ahead,
        "with its seconds dropped": punch.log_time - punch.log_time % 60,
        "twelve hours too early": punch.log_time - 12 * HOUR_S,
        "twelve hours too late": punch.log_time + 12 * HOUR_S,
        "a day too early": punch.log_time - DAY_S,
        "a day too late": punch.log_time + DAY_S,
        "an hour too early": punch.log_time - HOUR_S,
        "an hour too late": punch.log_time + HOUR_S,
        **({} if swapped is None else {DAY_AND_MONTH: swapped}),
    }


def _swapped(punch: Punch) -> int | None:
    """The instant with day and month of the device's date taken for each other; None where they cannot be."""
    clock = datetime.fromtimestamp(wall(punch), UTC)
    if clock.day > LAST_MONTH or clock.day == clock.month:
        return None
    return int(clock.replace(day=clock.month, month=clock.day).timestamp()) - punch.offset * 60


def distance(seconds: int) -> str:
    """`3 h 30 min late`, `12 s early`."""
    word = "late" if seconds > 0 else "early"
    left = abs(seconds)
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return f"{' '.join(parts[:2]) or '0 s'} {word}"
