"""What was true before a forgery or a hostile body is true after it: the rows of people who were told nothing since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from camsim.readback.model import Snapshot, StoredPunch

from .history import Occurrence
from .observation import Aspect, Deviation, Observation
from .texts import stored_text

MOST_SHOWN = 3


def observe_unchanged(
    people: Mapping[str, tuple[Occurrence, ...]], untouched: Iterable[str], main: Snapshot, after: Snapshot
) -> Iterator[Observation]:
    """One observation for each person whose rows were seen before the hostile stage."""
    for user in untouched:
        history = people.get(user)
        if not history:
            continue
        changes = [*_rows(user, main, after), *_others(user, main, after)]
        one = history[-1]
        yield Observation(
            aspect=Aspect.UNCHANGED,
            case=one.id,
            steps=(one.number,),
            user=user,
            values={},
            deviation=Deviation.CHANGED if changes else None,
            expected=f"what is stored of user {user} is the same after forged and hostile messages",
            actual="; ".join(changes[:MOST_SHOWN]),
        )


def _rows(user: str, main: Snapshot, after: Snapshot) -> Iterator[str]:
    left: list[StoredPunch] = list(after.punches.get(user, ()))
    for row in main.punches.get(user, ()):
        if row in left:
            left.remove(row)
        else:
            yield f"gone: {stored_text(row, main)}"
    for row in left:
        yield f"new: {stored_text(row, after)}"


def _others(user: str, main: Snapshot, after: Snapshot) -> Iterator[str]:
    if set(main.templates.get(user, ())) != set(after.templates.get(user, ())):
        yield f"other templates of user {user}"
    if main.users.get(user) != after.users.get(user):
        yield f"user {user} was {_name(main, user)}, is {_name(after, user)}"


def _name(snapshot: Snapshot, user: str) -> str:
    found = snapshot.users.get(user)
    if found is None:
        return "not there"
    return repr(" ".join(filter(None, (found.first_name, found.last_name))))
