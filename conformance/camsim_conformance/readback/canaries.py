"""Do the canaries show whatever way they are asked for: each alone, all together, and amid a hundred ids?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camsim.protocol.vocabulary import Protocol
from camsim.readback.doubts import counted, why_less
from camsim.readback.model import MAX_IDS, ReadBack, ReadBackError, Snapshot
from camsim.readback.times import unit_hint


def check_questions(adapter: ReadBack, before: Snapshot, canaries: Sequence[str], absent: str) -> None:
    """Compare the answers to several questions for the same people. Raises: ReadBackError that says what differs."""
    alone = _alone(adapter, before, canaries)
    # The batch that was asked before they were sent, too: who caches still answers it with nothing.
    for question in (list(canaries), _amid(canaries, before.asked, absent), list(before.asked[:MAX_IDS])):
        shown = counted(adapter, "punches", question)
        for person in canaries:
            if person in question and shown[person] < alone.get(person, 0):
                _refuse(adapter, why_less(adapter, "punches", person, question, alone[person]))
            if shown[person] > _past(before, person) and person not in alone:
                _check_alone(adapter, before, person)


def look_otherwise(adapter: ReadBack, before: Snapshot, canaries: Sequence[str]) -> bool:
    """True when canaries that the question for all of them did not show are there by now. Raises: ReadBackError when
    another question shows them."""
    alone = _alone(adapter, before, canaries)
    for person, rows in alone.items():
        _refuse(adapter, why_less(adapter, "punches", person, canaries, rows))
    return bool(alone)


def check_years(adapter: ReadBack, new: Snapshot, protocol: Protocol) -> None:
    """The new rows of canaries lie in our time. Raises: ReadBackError when none of them does."""
    hints = [(row, unit_hint(row.time)) for rows in new.punches.values() for row in rows]
    # v2 sends numbers, and a target may take its seconds for milliseconds: that fault is the checks' to find.
    if protocol is Protocol.V2 and any(unit_hint(row.time * 1000) is None for row, _ in hints):
        return
    if hints and all(hint for _, hint in hints):
        row, hint = hints[0]
        raise ReadBackError(
            f"{adapter.name} cannot be believed: your adapter speaks another unit, or could not read the time. A punch "
            f"of today, of user {row.user}, is told as {row.time}, which as seconds since 1970 is {hint}. Tell times "
            "as 2020-09-17T02:18:22Z."
        )


def _alone(adapter: ReadBack, before: Snapshot, canaries: Sequence[str]) -> dict[str, int]:
    """The canaries that a question for each of them shows, with the number of their rows."""
    found: dict[str, int] = {}
    for person in canaries:
        rows = counted(adapter, "punches", [person])[person]
        if rows > _past(before, person):
            found[person] = rows
    return found


def _past(before: Snapshot, person: str) -> int:
    return len(before.punches.get(person, ()))


def _check_alone(adapter: ReadBack, before: Snapshot, person: str) -> None:
    if not _alone(adapter, before, [person]):
        _refuse(adapter, f"it shows user {person} among others, and does not when asked for the user alone")


def _refuse(adapter: ReadBack, fault: str | None) -> None:
    if fault is not None:
        raise ReadBackError(f"{adapter.name} cannot be believed: {fault}")


def _amid(canaries: Sequence[str], people: Sequence[str], absent: str) -> list[str]:
    """A hundred ids: canaries first, last and between, and others of whom nothing was sent yet."""
    others = [user for user in people if user not in canaries]
    fillers = (others + list(_nobody(absent, MAX_IDS)))[: MAX_IDS - len(canaries)]
    gap = len(fillers) // max(1, len(canaries) - 1)
    question: list[str] = []
    for number, person in enumerate(canaries[:-1]):
        question += [person, *fillers[number * gap : (number + 1) * gap]]
    return [*question, *fillers[(len(canaries) - 1) * gap :], *canaries[-1:]]


def _nobody(absent: str, count: int) -> Iterator[str]:
    """Ids below the one of whom nothing is ever sent."""
    for number in range(1, count + 1):
        yield str(int(absent) - number)
