"""What came before a template or a name for its person: the how-manieth it is, and whether its content comes back."""

from __future__ import annotations

from collections.abc import Iterable

from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.plan.framing_v2 import CONTENT_TYPE
from camsim_conformance.plan.told import Deed, TemplateKey

from .people_events import Event, Person

_SECOND, _THIRD, _SIXTH = 2, 3, 6


def change(person: Person, key: TemplateKey, telling: Event, known: Iterable[str]) -> str:
    """Whether the template is new, changed, the same again, or has the content of an earlier time once more."""
    told = telling.told.templates[key]
    before = [event for event in person.tellings(key) if event.number < telling.number]
    lately = [event.told.templates[key] for event in before if event.life == telling.life]
    earlier = {*known, *lately}
    if not earlier:
        gone = any(event.told.templates[key] == told for event in before)
        return "returned" if gone else "new"
    if earlier == {told}:
        return "same"
    # Told again after a change it has changed still: a target that kept the first one shows it.
    return "back" if told in lately and lately[-1] != told else "changed"


def changed_name(person: Person, telling: Event) -> str:
    """By what kind of event a name was told last: the making of the person, or a change of which part."""
    before = [event for event in person.events[: telling.number] if event.named is not None]
    earlier = [event.named for event in before if event.life == telling.life]
    if not earlier:
        return "returned" if any(event.named == telling.named for event in before) else "create"
    if set(earlier) == {telling.named}:
        return "again"
    if earlier[-1] != telling.named:
        return "back" if telling.named in earlier else _part(earlier[-1], telling.named)
    # Told again after a change it is a changed one still: a target that kept the first shows it.
    return "rename"


def _part(old: tuple[str, str] | None, new: tuple[str, str] | None) -> str:
    if old is None or new is None:
        return "rename"
    if old[0] == new[0]:
        return "rename-last"
    return "rename-first" if old[1] == new[1] else "rename"


def first_back(person: Person, telling: Event) -> bool:
    """True for what the first message of a life tells that is not the first."""
    if not telling.life:
        return False
    updates = [event for event in person.within(telling.life) if event.told.deed is Deed.UPDATE]
    return updates[0].number == telling.number


def same_moment(person: Person, telling: Event) -> bool:
    """True when the message before it tells of the same second: in v3, where every message has a time of its own."""
    step = telling.occurrence.step
    if step.content_type.startswith(CONTENT_TYPE):
        return False
    before = [event for event in person.events[: telling.number] if event.told.deed is Deed.UPDATE]
    return bool(before) and before[-1].told.at == telling.told.at and before[-1].occurrence.step is not step


def role(person: Person, telling: Event) -> str:
    """The UserType that the person was told to have then; "" when none was."""
    known = ""
    for event in person.within(telling.life):
        if event.number <= telling.number:
            known = event.told.role or known
    return known


def of_type(person: Person, key: TemplateKey, telling: Event) -> str:
    """The how-manieth of its Type a template was when it was first told."""
    place = _place([one for one in _before(person, key, telling) if one[0] == key[0]])
    if place <= _SECOND:
        return "few"
    return "third" if place == _THIRD else "more"


def of_all(person: Person, key: TemplateKey, telling: Event) -> str:
    """The how-manieth of its person a template was when it was first told."""
    return "few" if _place(_before(person, key, telling)) <= _SIXTH else "more"


def _place(before: Iterable[TemplateKey]) -> int:
    # The parts of a face or palm are one.
    return len({(kind, index if kind == TemplateType.FINGERPRINT else "") for kind, index in before}) + 1


def _before(person: Person, key: TemplateKey, telling: Event) -> list[TemplateKey]:
    """The templates of this life that were told before this one came first."""
    found: list[TemplateKey] = []
    for event in person.within(telling.life):
        for other in event.told.templates:
            if other == key:
                return found
            found.append(other)
    return found


def later_keys(person: Person, key: TemplateKey, telling: Event) -> list[TemplateKey]:
    """Other templates that came after one, those behind it in its own message included."""
    together = list(telling.told.templates)
    later = together[together.index(key) + 1 :]
    for event in person.within(telling.life):
        if event.number > telling.number:
            later += event.told.templates
    return [other for other in later if other != key]
