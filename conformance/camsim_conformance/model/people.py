"""People, their names and templates: what is stored against what a right target makes of all that was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from camsim.readback.model import Snapshot
from camsim_conformance.plan.history_factors import NEVER_MADE
from camsim_conformance.plan.told import Deed
from camsim_conformance.requirements.verdicts import Level

from .history import Occurrence
from .observation import Aspect, Deviation, Observation
from .others import others_of
from .people_events import Event, Kind, Person, person_of
from .people_forgery import Stores, excuses_of, observe_forgeries
from .people_names import observe_name
from .people_templates import observe_templates
from .people_values import of_person

_AFTER = frozenset({Kind.PUNCH, Kind.LATE, Kind.COPY, Kind.SNAPSHOT, Kind.LAZY})


def observe_people(
    people: Mapping[str, tuple[Occurrence, ...]],
    now: Snapshot,
    before: Snapshot | None = None,
    settled: Snapshot | None = None,
) -> Iterator[Observation]:
    """One observation for every person, name, template and forged part, as far as the target keeps them.

    `now` is stored at the end, `before` stood before the run (what was not told again is foreign: never judged).
    `settled` stood before the forgeries: without it, who is gone after a forged deletion is held to have been there
    when the target keeps anybody at all.
    """
    others = others_of(people)
    told = [person_of(user, occurrences, others[user]) for user, occurrences in people.items()]
    spared = tuple(person.user for person in told if not _deleted_by_forgery(person))
    stores = Stores(now, before, settled, spared)
    for person in told:
        yield from _of(person, stores)


def _deleted_by_forgery(person: Person) -> bool:
    return any(one.told.deed is Deed.DELETE for one in person.forged)


def could_deviate(one: Observation, deviation: str) -> bool:
    """True when an observation of a person, name or template could have deviated in this way.

    What should be gone and is gone shows nothing of why another one is missing, and the other way round: a right
    observation contradicts an explanation only where this is true.
    """
    if one.aspect not in (Aspect.PERSON, Aspect.TEMPLATE):
        return True
    if one.values.get("deleted") == NEVER_MADE:
        return False  # neither there still nor missing
    left = one.values.get("deleted") == "yes" or one.values.get("then:delete") == "yes"
    return left == (deviation == Deviation.STILL_THERE)


def _of(person: Person, stores: Stores) -> Iterator[Observation]:
    forgeries = list(observe_forgeries(person, stores))
    excuses = excuses_of(person, forgeries)
    yield from forgeries
    for one in _stored(person, stores, excuses.name, excuses.templates):
        yield replace(one, known=one.known and not excuses.everything)


def _stored(person: Person, stores: Stores, named: bool, templates: set[tuple[str, str]]) -> Iterator[Observation]:
    if stores.now.keeps("users"):
        yield from _person(person, stores.now)
        yield from observe_name(person, stores.now, excused=named)
    if stores.now.keeps("templates"):
        yield from observe_templates(person, stores.now, stores.before, templates)


def _person(person: Person, now: Snapshot) -> Iterator[Observation]:
    if person.gone:
        yield _gone(person, now)
    elif person.creation is not None:
        yield _there(person, person.creation, now)


def _there(person: Person, creation: Event, now: Snapshot) -> Observation:
    there = person.user in now.users
    return Observation(
        Aspect.PERSON,
        creation.occurrence.id,
        (creation.occurrence.number,),
        person.user,
        of_person(person, creation, deleted=False),
        None if there else Deviation.MISSING,
        known=creation.acknowledged and _deletions_taken(person),
        expected="the person is there",
        actual="there" if there else "not there",
    )


def _gone(person: Person, now: Snapshot) -> Observation:
    deletion = person.deletions()[-1]
    there = person.user in now.users
    # Whether a punch of somebody who was deleted makes a person anew, no page says.
    made_anew = any(kind in _AFTER for event in person.living for kind in event.kinds)
    return Observation(
        Aspect.PERSON,
        deletion.occurrence.id,
        (deletion.occurrence.number,),
        person.user,
        of_person(person, deletion, deleted=True),
        Deviation.STILL_THERE if there else None,
        known=_deletions_taken(person),
        level=Level.RECORD if made_anew else Level.SHOULD,
        expected="the person is gone",
        actual="still there" if there else "gone",
    )


def _deletions_taken(person: Person) -> bool:
    return not person.doubtful and all(event.acknowledged for event in person.deletions())
