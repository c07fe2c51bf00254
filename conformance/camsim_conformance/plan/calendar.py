"""Calendar edges: punches where a day, a month, a year or an hour of daylight saving ends, each beside a plain day.

A group of its own, outside the arrays: an edge lies where the clock of the run says, and is as old as it is.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone

from camsim.protocol.vocabulary import Protocol

from .builder import Builder
from .cases import Case, Expect, Stage
from .factors import DAY, HOUR, MINUTE, value_of

# The run's facts are told two minutes after their time: so many seconds later they lie a minute ahead at most.
AHEAD_S = 2 * MINUTE + 55
ASIDE_S = 150  # beside an edge, and far enough from it to be no close neighbour
MOST_SHIFT_S = 97
PLAIN_S = 7 * HOUR  # from midnight back to a plain hour
PLAIN_DAYS = 4  # from the end of a week, a month or a year back to a plain day; a year's last week is odd as well
SUMMER, WINTER = 120, 60  # minutes: the offsets of central Europe
# Where daylight saving ends elsewhere: month, which of its Sundays, the hour in UTC from its beginning, and the offset
# that then holds, in minutes.
_ENDS: Mapping[str, tuple[int, int, int, int]] = {"new-york": (11, 1, 6, -300), "sydney": (4, 1, -8, 600)}
SECOND = "repeated-hour-again"  # the edge of the later one of two punches at one hour of the clock
CHANGE_HOUR = 1  # UTC: all of Europe changes its clocks at this hour of a last Sunday


@dataclass(frozen=True, slots=True)
class _At:
    """A punch of the group; an offset of None is the run's."""

    at: int
    edge: str = "none"
    type: str = "CheckIn"
    offset: int | None = None


def edges(make: Builder) -> Iterator[Case]:
    """The cases of all edges that this run can show. What is older than 90 days is recorded only: right receivers set
    that aside."""
    for name, midnight in _midnights(make).items():
        edge = midnight + _shift(make)
        aside = ASIDE_S + len(make.people) % 60  # not the moments of another edge that lies on the same midnight
        beside = [_At(edge - aside, name), _At(edge, name), _At(edge + aside, name)]
        plain = edge - PLAIN_S
        if not name.endswith("midnight"):
            plain -= PLAIN_DAYS * DAY
        yield _case(make, name, [_At(plain), *beside])
    yield from _leap_day(make)
    # A device's clock may be a little fast. Sent early, before the moment has come.
    yield replace(_case(make, "ahead", [_At(make.now + AHEAD_S, "ahead")]), stage=Stage.QUIET)
    yield _case(make, "night-shift", _night(make))
    for name, type_ in (("in-alone", "CheckIn"), ("out-alone", "CheckOut")):
        yield _case(make, name, [_At(make.ago(26 * HOUR), name, type_)])
    base = make.ago(30 * HOUR)
    yield _case(make, "one-offset-apart", [_At(base), _At(base + abs(make.offset) * MINUTE)])
    if make.profile.protocol is Protocol.V3:
        yield from _offsets(make)


def _shift(make: Builder) -> int:
    """Seconds after an edge. Given people (--users) may have the row of an earlier run at the edge itself: a run that
    tells the same punch again would learn nothing of it."""
    return make.jitter % MOST_SHIFT_S if make.profile.people else 0


def _case(make: Builder, name: str, moments: Sequence[_At], edge: str = "") -> Case:
    """The case of a name; `edge` is what it shows, where that is not its name."""
    edge = edge or name
    user = make.user()
    steps, punches = [], []
    for moment in moments:
        punch = make.punch(user, moment.at, moment.type, offset=moment.offset)
        values = {} if moment.edge == "none" else {"edge": moment.edge}
        punches.append(punch)
        steps.append(make.step(punch, values=values))
    values = {"edge": edge} if value_of("edge", edge) else {}
    # However old: of a loss the judge knows what age excuses, and a wrong instant nothing does.
    return Case(name, tuple(steps), Expect.rows(*punches), _requirement(make, edge), values=values)


def _requirement(make: Builder, name: str) -> str:
    known = value_of("edge", name)
    if known is not None:
        return known.requirement(make.profile.protocol)
    return "V2-PUNCH-003" if make.profile.protocol is Protocol.V2 else _OTHERS[name]


_OTHERS: Mapping[str, str] = {"one-offset-apart": "CB-PUNCH-003", "same-wall": "CB-TIME-002"}


# --- where the edges lie ---------------------------------------------------------------------------------------------


def _wall(make: Builder) -> datetime:
    """The device's clock an hour before the run: what lies behind it lies an hour back at least."""
    return datetime.fromtimestamp(make.now - HOUR, timezone(timedelta(minutes=make.offset)))


def _midnights(make: Builder) -> dict[str, int]:
    """The last midnight of every kind, as instants."""
    wall = _wall(make)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight.replace(day=1)
    found = {
        "midnight": midnight,
        "month": first,
        "quarter": first.replace(month=(wall.month - 1) // 3 * 3 + 1),
        "year": first.replace(month=1),
        "iso-week": midnight - timedelta(days=wall.weekday()),
    }
    instants = {name: int(moment.timestamp()) for name, moment in found.items()}
    instants["utc-midnight"] = (make.now - HOUR) // DAY * DAY
    return instants


def _leap_day(make: Builder) -> Iterator[Case]:
    """The last 29 February that ended. It may be years ago: then its loss is recorded, and another day is no less
    wrong."""
    name = "29-february"
    wall = _wall(make) - timedelta(days=1)
    begin = next(day for day in _leap_days(wall) if day <= wall)
    at = int(begin.timestamp()) + _shift(make)
    moments = [at + ASIDE_S, at + 12 * HOUR + 30 * MINUTE, at + DAY - ASIDE_S]
    yield _case(make, name, [_At(at - 2 * DAY - PLAIN_S), *(_At(moment, name) for moment in moments)])


def _leap_days(wall: datetime) -> Iterator[datetime]:
    """Each 29 February from the year of a clock back."""
    for year in range(wall.year, 0, -1):
        if isleap(year):
            yield wall.replace(year=year, month=2, day=29, hour=0, minute=0, second=0, microsecond=0)


def _night(make: Builder) -> list[_At]:
    """A day's shift and the night's shift after it."""
    wall = _wall(make)
    out = wall.replace(hour=6, minute=0, second=0, microsecond=0)
    if out > wall:
        out -= timedelta(days=1)
    end = int(out.timestamp()) + _shift(make)
    name = "night-shift"
    day = [_At(end - 45 * HOUR), _At(end - 37 * HOUR, type="CheckOut")]
    return [*day, _At(end - 8 * HOUR, name), _At(end, name, "CheckOut")]


# --- offsets, which v2 does not tell ---------------------------------------------------------------------------------


def _offsets(make: Builder) -> Iterator[Case]:
    # 02:40 in summer, then 02:20 in winter: the later one shows the earlier clock.
    change = _last_change(make, month=10) + _shift(make)
    name = "repeated-hour"
    before = [_At(change - 2 * DAY, offset=SUMMER), _At(change - 90 * MINUTE, offset=SUMMER)]
    inside = [_At(change - 20 * MINUTE, name, offset=SUMMER), _At(change + 20 * MINUTE, SECOND, offset=WINTER)]
    after = [_At(change + 90 * MINUTE, offset=WINTER), _At(change + 2 * DAY, offset=WINTER)]
    yield _case(make, name, _past(make, [*before, *inside, *after]))
    # 01:50, 03:10, and 02:30 of a device that has not changed yet: a clock that no other device shows that day.
    change = _last_change(make, month=3) + _shift(make)
    name = "skipped-hour"
    before = [_At(change - 2 * DAY, offset=WINTER), _At(change - 10 * MINUTE, name, offset=WINTER)]
    inside = [_At(change + 10 * MINUTE, name, offset=SUMMER), _At(change + 30 * MINUTE, name, offset=WINTER)]
    yield _case(make, name, _past(make, [*before, *inside, _At(change + 2 * DAY, offset=SUMMER)]))
    yield from _elsewhere(make)
    # One clock at two offsets, hours apart: who compares clocks takes the second punch for a copy of the first.
    first = make.ago(3 * HOUR) - (make.offset - WINTER) * MINUTE
    second = first + (make.offset - WINTER) * MINUTE
    yield _case(make, "same-wall", [_At(first, offset=make.offset), _At(second, offset=WINTER)])


def _elsewhere(make: Builder) -> Iterator[Case]:
    """The hour that comes twice far from Europe, with one clock shown twice: a target may hold times, or its key, in
    the zone of its server."""
    for place, (month, sunday, hour, standard) in _ENDS.items():
        change = _sunday(make, month, sunday, hour) + _shift(make)
        name, summer = "repeated-hour", standard + HOUR // MINUTE
        inside = [_At(change - 20 * MINUTE, name, offset=summer), _At(change + 40 * MINUTE, SECOND, offset=standard)]
        around = _past(make, [_At(change - 2 * DAY, offset=summer), *inside, _At(change + 2 * DAY, offset=standard)])
        yield _case(make, f"{name}-{place}", around, name)


def _past(make: Builder, moments: Sequence[_At]) -> list[_At]:
    """Without what lies ahead of the run, when the clocks changed only now."""
    return [moment for moment in moments if moment.at < make.now]


def _sunday(make: Builder, month: int, number: int, hour: int) -> int:
    """The last such instant that is some hours back: so many hours UTC after a Sunday of a month began."""
    latest = datetime.fromtimestamp(make.now - 3 * HOUR, UTC)
    for year in (latest.year, latest.year - 1):
        first = datetime(year, month, 1, tzinfo=UTC)
        sunday = first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1), hours=hour)
        if sunday <= latest:
            return int(sunday.timestamp())
    raise AssertionError("a change lies in every year")


def _last_change(make: Builder, month: int) -> int:
    """When Europe last changed its clocks in March or October, three hours before the run at least."""
    latest = datetime.fromtimestamp(make.now - 3 * HOUR, UTC)
    for year in (latest.year, latest.year - 1):
        last = date(year, month, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        change = datetime(year, month, sunday.day, CHANGE_HOUR, tzinfo=UTC)
        if change <= latest:
            return int(change.timestamp())
    raise AssertionError("a change lies in every year")
