"""Which factor values hold for a template, a name or a person (plan/history_factors)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable

from camsim.protocol.vocabulary import TemplateType, UserType
from camsim_conformance.plan.framing_v2 import CONTENT_TYPE
from camsim_conformance.plan.history_factors import (
    AFTER_DELETION,
    LONG_NAME,
    NAME_FACTORS,
    NEVER_MADE,
    OTHER_DELETED,
    OTHER_RENAMED,
    PARTS_USUAL,
    PERSON_FACTORS,
    TEMPLATE_FACTORS,
    THEN_FACTORS,
    usual_of,
)
from camsim_conformance.plan.punch_values import id_of
from camsim_conformance.plan.size_factors import size_values
from camsim_conformance.plan.told import INDEXED, Deed, TemplateKey

from .cover import is_usual
from .people_events import Event, Kind, Person
from .people_order import (
    change,
    changed_name,
    first_back,
    later_keys,
    of_all,
    of_type,
    role,
    same_moment,
)

_INDEXED = frozenset(map(str, INDEXED))
_NUMBERS = {str(TemplateType.PASSWORD): "pin", str(TemplateType.CARD): "card"}
_MANY = 3  # siblings
_LAST_OF_PLAIN = 0xFFFF
_THEN = frozenset(factor.name for factor in THEN_FACTORS)
_ALWAYS = frozenset({Kind.PUNCH, Kind.LATE, Kind.COPY, Kind.SNAPSHOT, Kind.LAZY, Kind.LAZY_ADD, Kind.LAZY_DELETE})


def of_template(person: Person, key: TemplateKey, telling: Event, known: Iterable[str]) -> dict[str, str]:
    """The values of a template as it was told last; `known` are contents of the key that were there before."""
    values = usual_of(TEMPLATE_FACTORS) | _whose(person)
    values["template"] = key[0]
    values["index"] = _index(key, telling)
    if telling.life < person.life:
        # Of what should be gone nothing else counts: how it was told would only hide why another one is missing.
        return values | _left_behind(person, telling)
    values["change"] = change(person, key, telling, known)
    values["group"] = _group(key, telling)
    if values["change"] == "same" and _told_otherwise(person, key, telling):
        # It stands by either telling: that it is right says nothing of one of them.
        values["group"] = "both"
    creation = person.creation_in(telling.life)
    if creation is None or creation.number > telling.number:
        values["before:create"] = "no"
    values["before:delete"] = _yes(telling.life > 0)
    values["of-type"] = of_type(person, key, telling)
    values["of-all"] = of_all(person, key, telling)
    values["first-back"] = _yes(first_back(person, telling))
    values["operation-time"] = "shared" if same_moment(person, telling) else "own"
    values["digits"] = "leading-zeros" if key in telling.told.zeros else "usual"
    values["shared"] = _shared(person, key, telling)
    if max(map(len, telling.told.names or ("",))) > LONG_NAME:
        values["name-length"] = "long"
    values |= _of_telling(person, telling)
    values |= _then(person.events[telling.number + 1 :]) | _aside(person, telling)
    values |= person.beside_forged(telling.number, telling.number)
    later = later_keys(person, key, telling)
    values["then:another"] = _yes(bool(later))
    siblings = {other for other in later if other[0] == key[0]}
    values["then:sibling"] = _yes(bool(siblings))
    values["then:siblings"] = _yes(len(siblings) >= _MANY)
    values["then:same-index"] = _yes(any(other[0] != key[0] and other[1] == key[1] for other in later))
    return {**values, **size_values(telling.occurrence.step), **telling.occurrence.step.values}


def _of_telling(person: Person, telling: Event) -> dict[str, str]:
    """Of whom it is told, and by which device; usual ones are not spoken of."""
    found = {"role": "admin"} if role(person, telling) == UserType.ADMIN else {}
    return found | ({"device": "second"} if telling.occurrence.step.device else {})


def _aside(person: Person, telling: Event) -> dict[str, str]:
    """What came after it from elsewhere: from another device, and by the deletion of somebody else."""
    device = telling.occurrence.step.device
    later = [event for event in person.events[telling.number + 1 :] if event.told.deed is Deed.UPDATE]
    return {
        "then:elsewhere": _yes(any(event.occurrence.step.device != device for event in later)),
        OTHER_DELETED: person.others.deleted_after(telling.occurrence),
        OTHER_RENAMED: person.others.renamed_after(telling.occurrence),
    }


def _shared(person: Person, key: TemplateKey, telling: Event) -> str:
    found = person.others.shares(telling.told.templates[key], telling.occurrence)
    if found == "no" or key[0] not in _NUMBERS:
        return "no"
    return _NUMBERS[key[0]] + ("-first" if found == "first" else "")


def of_stray(key: TemplateKey, person: Person) -> dict[str, str]:
    """The values of a stored template that was never told: what is known of its key, and all that happened."""
    values = usual_of(TEMPLATE_FACTORS)
    values["template"] = key[0]
    values["index"] = _class_of(key[1])
    values["before:delete"] = _yes(person.life > 0)
    return values | _then(person.events)


def of_name(person: Person, name: tuple[str, str], telling: Event) -> dict[str, str]:
    """The values of a name as it was told last."""
    values = usual_of(NAME_FACTORS) | _whose(person)
    values["script"] = script("".join(name))
    values["name-length"] = "long" if max(map(len, name)) > LONG_NAME else "usual"
    values["name-parts"] = "both" if all(name) else "first" if name[0] else "last"
    values["name-beside"] = _beside_it(person, telling)
    values["told-by"] = changed_name(person, telling)
    values["before:delete"] = _yes(telling.life > 0)
    values["transport"] = str(telling.occurrence.step.transport)
    values |= person.beside_forged(telling.number, telling.number)
    values |= _of_telling(person, telling)
    values |= _then(person.events[telling.number + 1 :], _beside_a_name) | _aside(person, telling)
    return {**values, **telling.occurrence.step.values}


def of_person(person: Person, telling: Event, *, deleted: bool) -> dict[str, str]:
    """The values of a person since `telling`, which made or deleted it."""
    values = usual_of(PERSON_FACTORS) | _whose(person)
    values["deleted"] = _yes(deleted)
    values |= _of_telling(person, telling)
    if deleted:
        values |= _gone(person.events[telling.number + 1 :], telling.life)
        if not any(event.told.deed is Deed.UPDATE for event in person.within(telling.life)):
            return values | {"deleted": NEVER_MADE}
        # In the words of a template that went with it: who ignores deletions keeps both.
        return values | {"then:delete": "yes"}
    values["before:delete"] = _yes(telling.life > 0)
    values |= person.beside_forged(telling.number, telling.number)
    values["name-script"] = script("".join(telling.named or ""))
    values["person-again"] = "returned" if changed_name(person, telling) == "returned" else "no"
    return values | _then(person.events[telling.number + 1 :]) | _aside(person, telling)


def _beside_it(person: Person, telling: Event) -> str:
    """With which template a name is told; a finger in one message with a card is none of its own."""
    kinds = {kind for kind, _ in telling.told.templates}
    if not kinds or _told_bare(person, telling):
        return "none"
    if kinds - set(_NUMBERS):
        return "photo"
    return _NUMBERS[kinds.pop()] if len(kinds) == 1 else "numbers"


def _told_bare(person: Person, telling: Event) -> bool:
    """True when the same name came without a template just before: then it stands whatever becomes of this one."""
    for event in reversed(person.within(telling.life)):
        if event.number < telling.number and event.named is not None:
            if event.named != telling.named:
                return False
            if not event.told.templates:
                return True
    return False


def _whose(person: Person) -> dict[str, str]:
    """The kind of the UserID; usual ones are not spoken of."""
    kind = id_of(person.user)
    return {} if is_usual("id", kind) else {"id": kind}


def script(text: str) -> str:
    """The class of a text's signs: the rarest of them decides."""
    if any(ord(sign) > _LAST_OF_PLAIN for sign in text):
        return "astral"
    if any(sign in "<>&" for sign in text):
        return "markup"
    if any(sign in "'\"\\" for sign in text):
        return "quotes"
    if text.isascii():
        return "ascii"
    if unicodedata.normalize("NFC", text) != text:
        return "decomposed"
    letters = [sign for sign in text if sign.isalpha()]
    return "marks" if all(unicodedata.name(sign, "").startswith("LATIN") for sign in letters) else "other"


def _left_behind(person: Person, telling: Event) -> dict[str, str]:
    first = person.deletions(telling.number + 1)[0]
    return _gone(person.events[first.number + 1 :], telling.life) | {"then:delete": "yes"}


def _gone(after: Iterable[Event], life: int) -> dict[str, str]:
    """What counts of something that should be gone: how often it went, and what came after the deletion."""
    values = dict.fromkeys(sorted(_THEN), "no")
    values["before:delete"] = "again" if life > 0 else "no"
    for event in after:
        for kind in event.kinds:
            if kind in _ALWAYS:
                values[f"then:{kind}"] = AFTER_DELETION
            elif kind is Kind.RETURN:
                values["then:return"] = "yes"
    return values


def _kinds(event: Event) -> Collection[Kind]:
    return event.kinds


def _beside_a_name(event: Event) -> Collection[Kind]:
    # A finger in one message with a card comes with the card's empty names: to a name it is a card.
    if event.told.names is not None and event.told.templates:
        return event.kinds - {Kind.BIOMETRIC}
    return event.kinds


def _then(after: Iterable[Event], kinds: Callable[[Event], Collection[Kind]] = _kinds) -> dict[str, str]:
    values = dict.fromkeys(sorted(_THEN), "no")
    for event in after:
        for kind in kinds(event):
            if f"then:{kind}" in values:
                values[f"then:{kind}"] = "yes"
    return values


def _index(key: TemplateKey, telling: Event) -> str:
    kind, index = key
    found = _class_of(index)
    if kind not in _INDEXED or kind == "Fingerprint":
        return found
    if telling.occurrence.step.content_type.startswith(CONTENT_TYPE):
        # v2 sends a face or palm in pieces
        return "high-part" if index.isdigit() and int(index) > PARTS_USUAL else "part"
    return "other-face" if found == "other" else found


def _class_of(index: str) -> str:
    if not index:
        return "none"
    return "zero" if index == "0" else "other"


def _group(key: TemplateKey, telling: Event) -> str:
    together = list(telling.told.templates)
    if len(together) == 1:
        return "alone"
    if together[0] == key:
        return "first"
    return "last" if together[-1] == key else "between"


def _told_otherwise(person: Person, key: TemplateKey, telling: Event) -> bool:
    tellings = [event for event in person.tellings(key) if event.life == telling.life]
    return len({_group(key, event) for event in tellings if event.number <= telling.number}) > 1


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"
