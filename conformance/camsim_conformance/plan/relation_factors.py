"""The factors of a punch among the others of its person: which of two it is, and what came after it.

No row has these: they follow from what is told of the person. Phrases complete "a punch …". What is told after a punch
has the names of the `then:` factors of a person's history, so that one event that wipes templates and punches is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements.verdicts import Level

from .then_factors import AGAIN, followed_by
from .values import Factor, Value

_SECONDS_APART = ("CB-PUNCH-003", "V2-PUNCH-003")
_STORED = ("CB-ORD-002", "V2-ORD-002")


def _either(name: str, phrase: str) -> Factor:
    """A factor that says which of two a punch is."""
    return Factor(name, (Value("no", f"not {phrase}", "", "", usual=True), Value("yes", phrase, *_SECONDS_APART)))


def _stays() -> Iterator[Value]:
    yield Value("none", "with no other within two minutes that it begins or ends something with", "", "", usual=True)
    for kind in ("Check", "Break", "OverTime", "Meal"):
        phrase = f"within two minutes of the {kind} punch that it begins or ends something with"
        yield Value(kind, phrase, *_SECONDS_APART)


PAIR_FACTORS: tuple[Factor, ...] = (
    Factor(
        "twin",
        (
            Value("no", "of a moment that one device tells", "", "", usual=True),
            Value("yes", "of a moment that another device tells too", "CB-DEV-001", "V2-DUP-003"),
        ),
    ),
    Factor(
        "near",
        (
            Value("none", "with no other punch of the person within two minutes", "", "", usual=True),
            Value("minute", "less than a minute from another of the same person", *_SECONDS_APART),
            Value("minutes", "one to two minutes from another of the same person", *_SECONDS_APART),
        ),
    ),
    Factor(
        "same-minute",
        (
            Value("no", "in a minute of its own", "", "", usual=True),
            Value("yes", "in the same minute of the clock as another of the same person", *_SECONDS_APART),
        ),
    ),
    _either("third", "sent third or later of its person in its minute of the clock"),
    # Each a factor of its own: of three the one between is both.
    _either("pair-sent:first", "sent first of the two"),
    _either("pair-sent:second", "sent second of the two"),
    _either("pair-time:earlier", "that is the earlier of the two"),
    _either("pair-time:later", "that is the later of the two"),
    Factor(
        "pair-type",
        (
            Value("none", "with no other to share a Type with", "", "", usual=True),
            Value("same", "of the same Type as the other", *_SECONDS_APART),
            Value("another", "of another Type than the other", *_SECONDS_APART),
        ),
    ),
    Factor("stay", tuple(_stays())),
    # Each a factor of its own: there may be others of both.
    _either("near:same-device", "near one of the same person at the same device"),
    _either("near:other-device", "near one of the same person at another device"),
    _either("newer:same-device", "that comes after a newer one of the same device"),
    _either("newer:other-device", "that comes after a newer one of another device"),
    Factor(
        "copy-id",
        (
            Value("same", "told under one OperationID", "", "", usual=True),
            Value("new", "sent again with a new OperationID", "CB-DUP-002", ""),
        ),
    ),
    Factor(
        "type-of-day",
        (
            Value("alone", "that is the only one of its Type on its day", "", "", usual=True),
            Value("first", "sent before another of its Type and day", *_SECONDS_APART),
            Value("second", "sent after another of its Type and day", *_SECONDS_APART),
        ),
    ),
)
_AGAIN = ("CB-DUP-001", "V2-DUP-001")
OTHER_FACTORS: tuple[Factor, ...] = (
    Factor(
        "again",
        (
            Value("no", "that comes once", "", "", usual=True),
            Value("yes", "that is sent again", *_AGAIN),
        ),
    ),
    Factor(
        "photo-as",
        (
            Value("photo", "whose photo came as a photo", "", "", usual=True),
            Value("punch", "whose photo came as a RealTimePunchLog", "", "V2-PHOTO-001"),
        ),
    ),
    Factor(
        "date-before",
        (
            Value("no", "with no change of the device's date before it", "", "", usual=True),
            Value("yes", "that comes after a change of the device's date (#2)", *_STORED),
        ),
    ),
)
AFTER_FACTORS: tuple[Factor, ...] = (
    Factor("then:late-delete", tuple(followed_by("a late deletion of the person, of a time before it", *_STORED))),
    Factor("then:create", tuple(followed_by("the making of the person", *_STORED))),
    Factor("then:update", tuple(followed_by("an update of a person who was there", *_STORED))),
    Factor("then:template", tuple(followed_by("a template", *_STORED))),
)
RELATION_FACTORS: tuple[Factor, ...] = (*PAIR_FACTORS, *OTHER_FACTORS, *AFTER_FACTORS)

# Whose business it is that a punch goes with what came after it; of everything else it is the stored set's.
_OF_A_PUNCH: Mapping[str, tuple[str, str]] = {
    "then:delete": ("CB-USR-002", "V2-ORD-002"),
    "then:late-delete": ("CB-USR-002", "V2-ORD-002"),
    "then:return": ("CB-USR-002", "V2-ORD-002"),
    "then:snapshot": ("CB-PHOTO-001", "V2-PHOTO-001"),
}
_OF_PEOPLE = frozenset({"template", "name", "person"})


def of_a_punch(aspect: str, factor: str) -> bool:
    """True when a `then:` factor speaks of a punch, not of a template, a name or a person."""
    return factor.startswith("then:") and aspect not in _OF_PEOPLE


def requirement_after(factor: str, protocol: Protocol) -> str:
    """Whose business a punch is that deviates by what came after it."""
    v3, v2 = _OF_A_PUNCH.get(factor, _STORED)
    return v2 if protocol is Protocol.V2 else v3


def cap_of(aspect: str, factor: str, value: Value) -> Level:
    """The most that a deviation may be under a value: nothing that comes after a punch excuses its loss."""
    return Level.MUST if of_a_punch(aspect, factor) else value.cap


__all__ = ["AFTER_FACTORS", "AGAIN", "PAIR_FACTORS", "RELATION_FACTORS", "cap_of", "of_a_punch", "requirement_after"]
