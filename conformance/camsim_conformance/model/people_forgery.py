"""What forged messages told of a person against what is stored: nothing of them may be.

Never compared with the ideal: a target that writes names in capitals or loses templates has stored no forgery by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from camsim.readback.model import Snapshot
from camsim_conformance.plan.cases import Stage
from camsim_conformance.plan.forgery_factors import TEMPLATES
from camsim_conformance.plan.told import Deed, TemplateKey

from .history import Occurrence
from .observation import Aspect, Deviation, Observation
from .people_events import Person
from .people_names import like, written
from .people_templates import contents_of


@dataclass(frozen=True, slots=True)
class Stores:
    """What is stored at the end, before the run, and before the forgeries (None: not looked at). `spared`: who is told
    of and was not deleted by a forged message."""

    now: Snapshot
    before: Snapshot | None = None
    settled: Snapshot | None = None
    spared: tuple[str, ...] = ()

    @property
    def keeps(self) -> frozenset[str]:
        """What the target keeps."""
        return self.now.capabilities.keeps


@dataclass(slots=True)
class Excuses:
    """What of a person a stored forgery explains: it says nothing of anything else."""

    everything: bool = False
    name: bool = False
    templates: set[TemplateKey] = field(default_factory=set)


def observe_forgeries(person: Person, stores: Stores) -> Iterator[Observation]:
    """One observation for each thing that a forged message told."""
    for one in person.forged:
        if one.told.deed is Deed.DELETE:
            yield from _deletion(person, one, stores)
        elif one.told.deed is Deed.UPDATE:
            yield from _name(person, one, stores)
            yield from _templates(person, one, stores)


def excuses_of(person: Person, seen: list[Observation]) -> Excuses:
    """What the stored forgeries of a person explain."""
    found = Excuses()
    for one in seen:
        if not one.wrong:
            continue
        forged = one.values["forged"]
        found.everything |= forged == "deletion"
        found.name |= forged in ("name", "person")
        for key in filter(None, one.notes.get("keys", "").split(",")):
            kind, _, index = key.partition(" ")
            found.templates.add((kind, index))
    return found


def _seen(one: Occurrence, forged: str, *, stored: bool, actual: str, keys: Sequence[TemplateKey] = ()) -> Observation:
    notes = {"keys": ",".join(" ".join(key) for key in keys)} if keys else {}
    return Observation(
        Aspect.FORGERY,
        one.id,
        (one.number,),
        one.told.user,
        {"deed": str(one.told.deed), "role": "user", **one.step.values, "forged": forged},
        Deviation.STORED if stored else None,
        expected="nothing of a forged message",
        actual=actual,
        notes=notes,
    )


def _name(person: Person, one: Occurrence, stores: Stores) -> Iterator[Observation]:
    names = one.told.names
    if "users" not in stores.keeps or names is None or not any(names):
        return
    row = stores.now.users.get(person.user)
    if not person.events:
        # Nobody but the forger told of this person.
        made = row is not None and (stores.before is None or person.user not in stores.before.users)
        yield _seen(one, "person", stored=made, actual="the person is there" if made else "nobody is there")
        return
    rightly = any(event.named is not None and _same_words(event.named, names) for event in person.events)
    stood = stores.settled.users.get(person.user) if stores.settled is not None else None
    if rightly or (stood is not None and like(stood, names)):
        return  # a true message told it as well: nothing shows who was believed
    stored = row is not None and like(row, names)
    yield _seen(one, "name", stored=stored, actual=f"the name {written(names)!r}" if stored else "another name")


def _same_words(name: tuple[str, str], other: tuple[str, str]) -> bool:
    return written(name).casefold() == written(other).casefold()


def _templates(person: Person, one: Occurrence, stores: Stores) -> Iterator[Observation]:
    if "templates" not in stores.keeps:
        return
    stored = {sha for found in contents_of(person.user, stores.now).values() for sha in found}
    past = {sha for found in contents_of(person.user, stores.before).values() for sha in found}
    past |= {sha for found in contents_of(person.user, stores.settled).values() for sha in found}
    rightly = {sha for event in person.events for sha in event.told.templates.values()}
    told = one.told.templates
    # What was there, or was told by a true message as well, shows nothing.
    fresh = [key for key, sha in told.items() if sha not in rightly and sha not in past]
    if not fresh:
        return
    there = [key for key in fresh if told[key] in stored]
    what = TEMPLATES.get(fresh[0][0], "group") if len(told) == 1 else "group"
    yield _seen(one, what, stored=bool(there), actual="its template is stored" if there else "not stored", keys=there)


def _deletion(person: Person, one: Occurrence, stores: Stores) -> Iterator[Observation]:
    creation = person.creation
    if person.gone or creation is None or not creation.acknowledged:
        return
    there = _there(person, stores.now)
    if there or _stood(person, stores):
        yield _seen(one, "deletion", stored=not there, actual="still there" if there else "gone")


def _stood(person: Person, stores: Stores) -> bool:
    """True when the person was there before the forgery. Nobody looked, or the person was made after that: when the
    target keeps any of the others."""
    if stores.settled is not None and _there(person, stores.settled):
        return True
    creation = person.creation
    if stores.settled is not None and creation is not None and creation.occurrence.case.stage < Stage.LATE:
        return False
    return any(_is_there(user, stores.now) for user in stores.spared)


def _there(person: Person, snapshot: Snapshot) -> bool:
    return _is_there(person.user, snapshot)


def _is_there(user: str, snapshot: Snapshot) -> bool:
    return user in snapshot.users if snapshot.keeps("users") else bool(snapshot.templates.get(user))
