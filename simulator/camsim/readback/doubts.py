"""Who is at fault when rows seem missing, the target or an adapter that was asked for many people at once? Whoever
seems to have too few rows is asked for again alone: rows that show only then are the adapter's fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .model import (
    KINDS,
    Capabilities,
    ReadBack,
    ReadBackError,
    Snapshot,
    StoredPunch,
    StoredTemplate,
    StoredUser,
    batches,
)

MOST_REREAD = 40  # people spread over the list; the first and last of each batch come on top
Rows = Iterable[StoredPunch | StoredTemplate | StoredUser]


def reread_alone(
    adapter: ReadBack, capabilities: Capabilities, people: Sequence[str], snapshot: Snapshot
) -> frozenset[str]:
    """Ask for each of these people alone, for at most MOST_REREAD and the first and last of each batch.

    Returns the people whose rows have come meanwhile: the store was slow, and a new snapshot is due. `snapshot` is what
    was read of everybody. Raises: ReadBackError when the adapter shows rows of a person that it does not show in answer
    to the question for the batch; it names what the adapter does.
    """
    read = snapshot.whole or snapshot
    late: set[str] = set()
    for person, batch in _chosen(set(people), read.asked):
        for kind in KINDS:
            if kind not in capabilities.keeps:
                continue
            shown = counted(adapter, kind, [person])[person]
            if shown <= _count(read, kind, person):
                continue
            fault = why_less(adapter, kind, person, batch, shown)
            if fault is not None:
                raise ReadBackError(f"{adapter.name} cannot be believed: {fault}")
            late.add(person)
    return frozenset(late)


def _chosen(people: set[str], asked: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Some of the people, each with the batch it was asked in."""
    named: list[tuple[str, Sequence[str]]] = []
    ends: set[str] = set()
    for batch in batches(asked):
        among = [person for person in batch if person in people]
        named += [(person, batch) for person in among]
        # What pages or stops after some ids fails at the end of a batch, what is confused by the first at its begin.
        ends.update(among[:1] + among[-1:])
    step = max(1, len(named) // MOST_REREAD)
    for number, (person, batch) in enumerate(named):
        if person in ends or number % step == 0:
            yield person, batch


def _count(snapshot: Snapshot, kind: str, person: str) -> int:
    if kind == "users":
        return int(person in snapshot.users)
    rows: Mapping[str, Sequence[object]] = {"punches": snapshot.punches, "templates": snapshot.templates}[kind]
    return len(rows.get(person, ()))


def counted(adapter: ReadBack, kind: str, people: Sequence[str]) -> Counter[str]:
    """Rows that one question shows, by person; rows of strangers too. Raises: ReadBackError."""
    ask: Mapping[str, Callable[[Sequence[str]], Rows]] = {
        "punches": adapter.punches,
        "templates": adapter.templates,
        "users": adapter.users,
    }
    return Counter(row.user for row in ask[kind](people))


def why_less(adapter: ReadBack, kind: str, person: str, batch: Sequence[str], shown: int) -> str | None:
    """What the adapter does that shows fewer rows of a person in the answer for a batch than the `shown` ones alone;
    None when the batch shows them by now, or nothing does any more. Raises: ReadBackError."""
    again = counted(adapter, kind, batch)
    if again[person] >= shown:
        return None
    fault = _fault(adapter, kind, person, batch, shown, again)
    # Rows that are gone meanwhile would look like each of these faults.
    if counted(adapter, kind, [person])[person] < shown:
        return None
    return fault


def _fault(adapter: ReadBack, kind: str, person: str, batch: Sequence[str], shown: int, again: Counter[str]) -> str:
    others = [user for user in batch if user != person]
    what = f"asked alone it shows {shown} {kind} of user {person}, asked for {len(batch)} ids together {again[person]}"
    if not others:
        return f"it answers one question in two ways: {shown} {kind} of user {person}, and {again[person]}"
    first = counted(adapter, kind, [person, others[0]])[person] >= shown
    last = counted(adapter, kind, [others[0], person])[person] >= shown
    if first != last:
        which = "first" if first else "last"
        return f"it answers only the {which} user= of several ({what}). Read the parameter as a list"
    if not first:
        return f"it does not answer two user= together ({what}). Read the parameter as a list"
    turned = counted(adapter, kind, batch[::-1])
    if turned[person] >= shown and all(turned[user] >= again[user] for user in batch):
        return f"the adapter caches: the question it had heard before gets an old answer ({what}). Switch the cache off"
    return (
        f"it pages or limits its rows or ids ({what}; that answer has {again.total()} rows). Answer all rows of all "
        "ids, of at most 100 people in one question, without LIMIT"
    )
