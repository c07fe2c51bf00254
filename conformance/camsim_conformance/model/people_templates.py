"""Templates as they are stored against those that were told, by Type and Index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from camsim.protocol.v2.signatures import TEMPLATE_PHOTO
from camsim.protocol.vocabulary import TemplateType
from camsim.readback.model import Snapshot, StoredTemplate
from camsim_conformance.plan.told import INDEXED, TemplateKey
from camsim_conformance.requirements.verdicts import Level

from .observation import Aspect, Deviation, Observation
from .people_events import Event, Person
from .people_values import of_stray, of_template

Contents = Mapping[TemplateKey, Sequence[str]]
_INDEXED = frozenset(map(str, INDEXED))
_KINDS = {kind.lower(): kind for kind in (*map(str, TemplateType), TEMPLATE_PHOTO)}
_SHOWN = 12  # characters of a hash: enough to tell two apart


def contents_of(user: str, snapshot: Snapshot | None) -> Contents:
    """What is stored of a person's templates: the hashes by key, in the vendor's words."""
    found: dict[TemplateKey, list[str]] = {}
    if snapshot is not None:
        for row in snapshot.templates.get(user, ()):
            found.setdefault(_key(row), []).append(row.sha256)
    return found


def _key(row: StoredTemplate) -> TemplateKey:
    letters = "".join(letter for letter in row.type.lower() if letter.isalnum())
    kind = _KINDS.get(letters, row.type)
    # Card, password and photo have one place each: whatever index a target keeps of them says nothing.
    return kind, str(row.index or "0") if kind in _INDEXED else ""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one person's templates are compared with. `excused`: keys whose state a forgery explains."""

    person: Person
    stored: Contents
    past: Contents
    excused: Collection[TemplateKey]


def observe_templates(
    person: Person, now: Snapshot, before: Snapshot | None, excused: Collection[TemplateKey]
) -> Iterator[Observation]:
    """One observation for each key that was told, and one for each that is stored and never was."""
    looked = _Looked(person, contents_of(person.user, now), contents_of(person.user, before), excused)
    for key in person.keys:
        told = [event for event in person.tellings(key) if event.required]
        if told:
            yield from _of_key(looked, key, told[-1])
    yield from _strays(looked)


def _of_key(looked: _Looked, key: TemplateKey, telling: Event) -> Iterator[Observation]:
    person = looked.person
    if telling.life == person.life:
        yield _standing(looked, key, telling)
    elif not any(event.life == person.life for event in person.tellings(key)):
        # Told again by what may be left out, it may stand: then there is nothing to look at.
        yield _left(looked, key, telling)


def _standing(looked: _Looked, key: TemplateKey, telling: Event) -> Observation:
    person, found = looked.person, looked.stored.get(key, ())
    deviation, actual = _compared(looked, key, telling)
    return Observation(
        Aspect.TEMPLATE,
        telling.occurrence.id,
        (telling.occurrence.number,),
        person.user,
        of_template(person, key, telling, looked.past.get(key, ())),
        deviation,
        known=_known(person, telling) and key not in looked.excused,
        expected=f"{_name(key)} as told last",
        actual=actual or ("as told" if found else "not stored"),
    )


def _compared(looked: _Looked, key: TemplateKey, telling: Event) -> tuple[Deviation | None, str]:
    found = looked.stored.get(key, ())
    if not found:
        return Deviation.MISSING, f"{_name(key)} is missing"
    allowed = {telling.told.templates[key]}
    older = set(looked.past.get(key, ()))
    for event in looked.person.tellings(key):
        # A later one that need not be kept may stand in its place.
        (allowed if event.number > telling.number else older).add(event.told.templates[key])
    if not allowed.intersection(found):
        return Deviation.WRONG, _other(key, found[0], older)
    if len(found) > 1:
        return Deviation.DOUBLED, f"{_name(key)} is there {len(found)} times"
    return None, ""


def _other(key: TemplateKey, sha: str, older: Collection[str]) -> str:
    if sha in older:
        return f"{_name(key)} is the one that was told before it"
    return f"{_name(key)} has other content (sha256 {sha[:_SHOWN]}…)"


def _known(person: Person, telling: Event) -> bool:
    """True when the target has taken all that the template stands on."""
    creation = person.creation_in(telling.life)
    made = creation is None or creation.acknowledged or creation.number > telling.number
    return made and telling.acknowledged and not person.doubtful and _deletions_taken(person)


def _deletions_taken(person: Person) -> bool:
    return all(event.acknowledged for event in person.deletions())


def _left(looked: _Looked, key: TemplateKey, telling: Event) -> Observation:
    """A template that was told before its person was deleted, and not again."""
    person, found = looked.person, looked.stored.get(key, ())
    deletion = person.deletions(telling.number)[-1]
    known = telling.acknowledged and not person.doubtful and _deletions_taken(person)
    return Observation(
        Aspect.TEMPLATE,
        telling.occurrence.id,
        (telling.occurrence.number, deletion.occurrence.number),
        person.user,
        of_template(person, key, telling, looked.past.get(key, ())),
        Deviation.STILL_THERE if found else None,
        known=known and key not in looked.excused,
        level=Level.SHOULD,  # what becomes of a deleted person's templates, no sentence of the page says
        expected=f"{_name(key)} is gone with its person",
        actual=f"{_name(key)} is still there" if found else "gone",
    )


def _strays(looked: _Looked) -> Iterator[Observation]:
    told = {*looked.person.keys, *looked.past}
    for one in looked.person.forged:
        told.update(one.told.templates)  # judged as a forgery
    for key in looked.stored:
        if key not in told:
            yield _stray(looked.person, key)


def _stray(person: Person, key: TemplateKey) -> Observation:
    first = person.events[0].occurrence if person.events else person.forged[0]
    return Observation(
        Aspect.TEMPLATE,
        first.id,
        (first.number,),
        person.user,
        of_stray(key, person),
        Deviation.INVENTED,
        known=all(event.acknowledged for event in person.events),
        expected="no template that was never told",
        actual=f"{_name(key)} was never told",
    )


def _name(key: TemplateKey) -> str:
    return " ".join(key).strip()
