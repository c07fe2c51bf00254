"""Names as they are stored against the one that was told last."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from camsim.readback.model import Snapshot, StoredUser
from camsim_conformance.requirements.verdicts import Level

from .observation import Aspect, Deviation, Observation
from .people_events import Event, Kind, Person
from .people_values import of_name

Name = tuple[str, str]
OLD_NAME = ", told before it"  # the end of what is stored where the name before the last one is


def observe_name(person: Person, now: Snapshot, *, excused: bool) -> Iterator[Observation]:
    """One observation when a name was told since the person was last deleted. `excused`: a forgery explains it."""
    telling = next((event for event in reversed(person.living) if event.required and event.named is not None), None)
    if telling is None or telling.named is None:
        return
    stored = now.users.get(person.user)
    deviation, level, actual = _compared(person, telling, stored)
    # Who is not there at all is missed as a person.
    known = stored is not None and not excused and not person.doubtful and _taken(person, telling)
    yield Observation(
        Aspect.NAME,
        telling.occurrence.id,
        (telling.occurrence.number,),
        person.user,
        of_name(person, telling.named, telling),
        deviation,
        known=known,
        level=level,
        expected=f"the name {written(telling.named)!r}",
        actual=actual,
    )


def _taken(person: Person, telling: Event) -> bool:
    creation = person.creation
    made = creation is None or creation.acknowledged
    return made and telling.acknowledged and all(event.acknowledged for event in person.deletions())


def _compared(person: Person, telling: Event, stored: StoredUser | None) -> tuple[Deviation | None, Level, str]:
    name = telling.named or ("", "")
    if stored is None:
        return None, Level.MUST, "the person is not there"
    if not name[0] and stored.last_name is None:
        return None, Level.MUST, "a last name alone, where last names are not kept"
    allowed = [name, *_allowed(person, telling)]
    if not all(name):
        allowed.append(_completed(person, telling))
    shown = full(stored.first_name, stored.last_name)
    actual = f"the name {shown!r}"
    if any(same(stored, one) for one in allowed):
        return None, Level.MUST, actual
    if any(unicodedata.normalize("NFC", shown) == unicodedata.normalize("NFC", written(one)) for one in allowed):
        return Deviation.WRONG, Level.RECORD, f"{actual}, its accents written otherwise"  # the same text (V3:1215)
    if not shown:
        return Deviation.NULL, _erased(person, telling), "no name"
    if any(_alike(shown, written(one)) for one in allowed):
        return Deviation.WRONG, Level.SHOULD, actual
    return Deviation.WRONG, Level.MUST, _older(person, telling, shown) or actual


def _allowed(person: Person, telling: Event) -> Iterator[Name]:
    """Names that came later and need not be kept."""
    for event in person.events[telling.number + 1 :]:
        if event.named is not None and not event.required:
            yield event.named


def _completed(person: Person, telling: Event) -> Name:
    """A name of one part with what stood in the place of the other: that an empty part erases it, no page says."""
    first, last = "", ""
    for event in person.within(telling.life):
        if event.number <= telling.number and event.named is not None:
            first, last = event.named[0] or first, event.named[1] or last
    return first, last


def _erased(person: Person, telling: Event) -> Level:
    """How grave it is that the name is gone: empty names beside a card are no name (advice); alone nobody knows."""
    level = Level.MUST
    for event in person.events[telling.number + 1 :]:
        if Kind.NO_NAME in event.kinds:
            return Level.RECORD
        if event.told.names == ("", ""):
            level = Level.SHOULD
    return level


def _older(person: Person, telling: Event, shown: str) -> str:
    for event in person.events[: telling.number]:
        if event.named is not None and written(event.named) == shown:
            return f"the name {shown!r}{OLD_NAME}"
    return ""


def same(stored: StoredUser, name: Name) -> bool:
    """True when the stored name is this one, whole: both parts, in two columns or in one.

    None is a part that the target does not keep: it is not held against it, unless it keeps no part at all.
    """
    parts = zip((stored.first_name, stored.last_name), name, strict=True)
    if all(mine in (None, theirs) for mine, theirs in parts) and full(stored.first_name, stored.last_name):
        return True
    return full(stored.first_name, stored.last_name) == written(name)


def like(stored: StoredUser, name: Name) -> bool:
    """True when the stored name is this one but for case, blanks and normal form."""
    return same(stored, name) or _alike(full(stored.first_name, stored.last_name), written(name))


def _alike(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def written(name: Name) -> str:
    """Both parts as one text."""
    return full(*name)


def full(first: str | None, last: str | None) -> str:
    """The parts that there are as one text."""
    return " ".join(filter(None, (first, last)))
