"""What was true before a forgery or a hostile body is true after it: the rows of people who were told nothing since.

Honest messages come in that stage as well. What they push out, or what a target mixes up at any message, is no doing
of a forgery: it is told as what it is, or not at all where it showed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from camsim.readback.model import Snapshot, StoredPunch
from camsim_conformance.plan.told import Keep

from .dues import dues_of
from .history import Occurrence
from .observation import Aspect, Deviation, Observation
from .texts import stored_text

MOST_SHOWN = 3
# From so many people on whose punches were lost before any forgery, a lost row shows nothing of forgeries.
MANY, SHARE = 3, 0.02
OLDEST = 0.8  # what goes is the oldest when so many of the first ones are gone
People = Mapping[str, tuple[Occurrence, ...]]


@dataclass(slots=True)
class _Changes:
    """What changed of one person, by whose doing it may be: a forgery's, or that of what honest messages told."""

    gone: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def texts(self) -> str:
        """The first few in words."""
        return "; ".join([*self.others, *self.gone, *self.mixed][:MOST_SHOWN])


def observe_unchanged(
    people: People, untouched: Iterable[str], main: Snapshot, after: Snapshot
) -> Iterator[Observation]:
    """One observation for each person whose rows were seen before the hostile stage."""
    known = [user for user in untouched if people.get(user)]
    later = _told_later(people, known)
    changes = {user: _changes(user, main, after, later) for user in known}
    gone = [user for user in known if changes[user].gone]
    lost, pushed = _many_lost(people, known, main), _oldest(people, known, gone)
    for user in known:
        one = people[user][-1]
        how, shows = _how(changes[user], pushed=pushed, lost=lost, mixed=_is_mixed(user, people[user], main))
        yield Observation(
            aspect=Aspect.UNCHANGED,
            case=one.id,
            steps=(one.number,),
            user=user,
            values={},
            deviation=how,
            known=shows,
            expected=f"what is stored of user {user} is the same after forged and hostile messages",
            actual=changes[user].texts,
        )


def _how(changes: _Changes, *, pushed: bool, lost: bool, mixed: bool) -> tuple[Deviation | None, bool]:
    """How a person's data deviates, and whether it shows anything."""
    if changes.others:
        return Deviation.CHANGED, True
    if changes.gone:
        return (Deviation.PUSHED_OUT if pushed else Deviation.CHANGED), not lost
    if changes.mixed:
        return Deviation.MIXED, not mixed
    return None, True


# --- what changed ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Later:
    """What honest messages told of other people since: contents of templates, and names."""

    templates: frozenset[str]
    names: frozenset[str]


def _told_later(people: People, known: Sequence[str]) -> _Later:
    templates: set[str] = set()
    names: set[str] = set()
    untouched = set(known)
    for user, history in people.items():
        for one in history:
            if user in untouched or one.told.keep is Keep.NEVER:
                continue
            templates.update(one.told.templates.values())
            if one.told.names is not None:
                names.add(repr(" ".join(filter(None, one.told.names))))
    return _Later(frozenset(templates), frozenset(names))


def _changes(user: str, main: Snapshot, after: Snapshot, later: _Later) -> _Changes:
    found = _Changes()
    left: list[StoredPunch] = list(after.punches.get(user, ()))
    for row in main.punches.get(user, ()):
        if row in left:
            left.remove(row)
        else:
            found.gone.append(f"gone: {stored_text(row, main)}")
    found.others += [f"new: {stored_text(row, after)}" for row in left]
    stood, stands = (set(snapshot.templates.get(user, ())) for snapshot in (main, after))
    if stood != stands:
        fresh = {row.sha256 for row in stands - stood}
        mixed = bool(fresh) and fresh <= later.templates
        (found.mixed if mixed else found.others).append(f"other templates of user {user}")
    if main.users.get(user) != after.users.get(user):
        mixed = user in after.users and _name(after, user) in later.names
        text = f"user {user} was {_name(main, user)}, is {_name(after, user)}"
        (found.mixed if mixed else found.others).append(text)
    return found


def _name(snapshot: Snapshot, user: str) -> str:
    found = snapshot.users.get(user)
    if found is None:
        return "not there"
    return repr(" ".join(filter(None, (found.first_name, found.last_name))))


# --- whose doing it is -----------------------------------------------------------------------------------------------


def _many_lost(people: People, known: Sequence[str], main: Snapshot) -> bool:
    """True when rows of many were missing before the first forgery: then those that go later show nothing of it."""
    lacking = 0
    for user in known:
        moments = {due.punch.log_time for due in dues_of(people[user]) if due.keep is Keep.MUST and due.acknowledged}
        lacking += len(main.punches.get(user, ())) < len(moments)
    return lacking >= max(MANY, SHARE * len(known))


def _oldest(people: People, known: Sequence[str], gone: Sequence[str]) -> bool:
    """True when those whose rows went are the first ones that were told, and some stay: others took their place."""
    told = sorted((_first(people[user]), user) for user in known if _first(people[user]) is not None)
    if not gone or len(gone) >= len(told):
        return False
    first = {user for _, user in told[: len(gone)]}
    return len(gone) >= MANY and len(first.intersection(gone)) >= OLDEST * len(gone)


def _first(history: Sequence[Occurrence]) -> float | None:
    """When the first punch of a person was sent."""
    moments = [exchange.at for one in history if one.told.punch is not None for exchange in one.exchanges]
    return min(moments, default=None)


def _is_mixed(user: str, history: Sequence[Occurrence], main: Snapshot) -> bool:
    """True when templates that nobody told of the person stood there before any forgery."""
    told = {sha for one in history for sha in one.told.templates.values()}
    return any(row.sha256 not in told for row in main.templates.get(user, ()))
