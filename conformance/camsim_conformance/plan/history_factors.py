"""The factors of a person's history: every property of a template, a name or a person that a target may stumble over.

Phrases complete "a template …", "a name …" or "a person …". The `then:` factors say what came after it for the same
person in the same life: one that was deleted and came back begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camsim.protocol.v2.signatures import TEMPLATE_PHOTO
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim_conformance.requirements.verdicts import Level

from .then_factors import AFTER_DELETION, AGAIN, OTHER_DELETED, OTHER_RENAMED, THEN_FACTORS, followed_by
from .values import Factor, Value

__all__ = [
    "AFTER_DELETION",
    "AGAIN",
    "HISTORY_FACTORS",
    "NAME_FACTORS",
    "OTHER_DELETED",
    "OTHER_RENAMED",
    "PERSON_FACTORS",
    "TEMPLATE_FACTORS",
    "THEN_FACTORS",
    "followed_by",
]
SHOULD = Level.SHOULD
_OF_PEOPLE = ("CB-USR-001", "V2-USR-001")
PARTS_USUAL = 12  # of a face in v2, as far as receivers are tried elsewhere
LONG_NAME = 20  # characters: a part of a name that is longer is long
NEVER_MADE = "never-made"


def _kinds() -> Iterator[Value]:
    for kind in TemplateType:
        usual = kind is TemplateType.FINGERPRINT
        yield Value(str(kind), f"of Type {kind}", "CB-TPL-001", "V2-TPL-001", usual=usual)
    # Two pictures are printed (V2:97); what the first is for, no sentence says.
    yield Value(TEMPLATE_PHOTO, f"of Type {TEMPLATE_PHOTO}", "", "V2-TPL-001", Level.RECORD)


_BEFORE: tuple[Factor, ...] = (
    Factor(
        "before:create",
        (
            Value("yes", "of a person who was known before it", "", "", usual=True),
            Value("no", "that comes before its person is known", "CB-TPL-005", "V2-TPL-001", SHOULD),
        ),
    ),
    Factor(
        "before:delete",
        (
            Value("no", "of a person who was never deleted", "", "", usual=True),
            Value("yes", "of a person who came back after a deletion", "CB-TPL-001", "V2-TPL-001"),
            Value("again", "of a person who was deleted a second time", "CB-USR-001", "V2-USR-001"),
        ),
    ),
)
_TEMPLATE: tuple[Factor, ...] = (
    Factor("template", tuple(_kinds())),
    Factor(
        "index",
        (
            Value("none", "of a Type without Index", "", "", usual=True),
            Value("zero", "with Index 0", "CB-TPL-002", "V2-TPL-001"),
            Value("other", "with an Index above 0", "CB-TPL-002", "V2-TPL-001"),
            # The page prints Index 0 alone for the two.
            Value("other-face", "of a face or palm with an Index above 0", "CB-TPL-002", "", SHOULD),
            Value("part", "that is one of several parts", "", "V2-TPL-001"),
            Value("high-part", f"that is a part above the {PARTS_USUAL}th", "", "V2-TPL-001"),  # 5 to 20, V2:89
        ),
    ),
    Factor(
        "change",
        (
            Value("new", "enrolled for the first time", "", "", usual=True),
            Value("changed", "enrolled again with other content", "CB-TPL-002", "V2-TPL-002"),
            Value("same", "told again unchanged", "CB-TPL-001", "V2-TPL-002"),
            # "(new data) → update" (V3:161): whatever it was before.
            Value("back", "enrolled again with the content of an earlier time", "CB-TPL-002", "V2-TPL-002"),
            Value("returned", "with the very content that went with the person's deletion", "CB-TPL-001", "V2-TPL-001"),
        ),
    ),
    Factor(
        "of-type",
        (
            Value("few", "that is the first or second of its Type", "", "", usual=True),
            # "finger index 0-9" (V3:164), "template of every finger" (V2:89).
            Value("third", "that is the third of its Type", "CB-TPL-002", "V2-TPL-001"),
            Value("more", "that is the fourth or a later one of its Type", "CB-TPL-002", "V2-TPL-001"),
        ),
    ),
    Factor(
        "of-all",
        (
            Value("few", "that is one of the first six of its person", "", "", usual=True),
            Value("more", "that is the seventh or a later one of its person", "CB-TPL-001", "V2-TPL-001"),
        ),
    ),
    Factor(
        "first-back",
        (
            Value("no", "in a message like any other", "", "", usual=True),
            Value("yes", "in the first message after the person's deletion", "CB-TPL-001", "V2-TPL-001"),
        ),
    ),
    Factor(
        "operation-time",
        (
            Value("own", "with an OperationTime of its own", "", "", usual=True),
            # As the printed samples of #4 and #5 (V3:279, V3:303).
            Value("shared", "with the OperationTime of the message before it", "CB-TPL-001", ""),
        ),
    ),
    Factor(
        "shared",
        (
            Value("no", "that nobody else has", "", "", usual=True),
            Value("pin", "that is the PIN of somebody else too", "CB-TPL-002", "V2-TPL-001"),
            Value("pin-first", "that is somebody else's PIN later", "CB-TPL-002", "V2-TPL-001"),
            # A card is one thing: who gives it to another may take it from the first.
            Value("card", "that is the card of somebody else too", "CB-TPL-002", "V2-TPL-001", SHOULD),
            Value("card-first", "that is somebody else's card later", "CB-TPL-002", "V2-TPL-001", Level.RECORD),
        ),
    ),
    Factor(
        "together",
        (
            Value("no", "told one after another", "", "", usual=True),
            # No sentence speaks of two messages at one moment.
            Value("yes", "told at one moment with other templates", "CB-TPL-001", "V2-TPL-001", SHOULD),
        ),
    ),
    Factor(
        "group",
        (
            Value("alone", "alone in its message", "", "", usual=True),
            Value("first", "that is the first of several in its message", "CB-TPL-001", "V2-TPL-001"),
            Value("between", "that is neither the first nor the last in its message", "CB-TPL-001", "V2-TPL-001"),
            Value("last", "that is the last of several in its message", "CB-TPL-001", "V2-TPL-001"),
            Value("both", "told alone and in a group", "CB-TPL-001", "V2-TPL-001"),
        ),
    ),
    Factor(
        "size",
        (
            Value("printed", "of a size the page prints", "", "", usual=True),
            Value("small", "smaller than any the page prints", "CB-TPL-001", "V2-TPL-001", SHOULD),
        ),
    ),
    Factor(
        "digits",
        (
            Value("usual", "without leading zeros", "", "", usual=True),
            # "Card numbers and PINs are plain strings" (V3:1225).
            Value("leading-zeros", "whose number has leading zeros", "CB-TPL-001", "V2-TPL-001"),
        ),
    ),
)
_SCRIPTS: tuple[tuple[str, str, Level], ...] = (
    ("ascii", "in plain ASCII", Level.MUST),
    ("marks", "with accents", Level.MUST),
    ("decomposed", "whose accents are signs of their own (NFD)", SHOULD),
    ("other", "in a script that is not Latin", Level.MUST),
    ("astral", "with signs beyond the basic plane (emoji)", Level.MUST),
    ("quotes", "with quotes or a backslash", Level.MUST),
    ("markup", "with <, > or &", Level.MUST),
)
RETURNED = Value("returned", "told again, with the same name, after a deletion", *_OF_PEOPLE)


def _scripts(before: str = "") -> Iterator[Value]:
    for name, phrase, cap in _SCRIPTS:
        home = ("", "") if name == "ascii" else ("CB-WIRE-002", "V2-WIRE-002")
        yield Value(name, f"{before}{phrase}", *home, cap, usual=name == "ascii")


_NAME: tuple[Factor, ...] = (
    Factor("script", tuple(_scripts())),
    Factor(
        "name-length",
        (
            Value("usual", f"of at most {LONG_NAME} characters", "", "", usual=True),
            # The page prints no such name.
            Value("long", f"of more than {LONG_NAME} characters", "CB-WIRE-002", "V2-WIRE-002", SHOULD),
        ),
    ),
    Factor(
        "told-by",
        (
            Value("create", "told when the person was made", "", "", usual=True),
            Value("rename", "told by a change of name", "CB-USR-001", "V2-USR-001"),
            Value("again", "told once more", "CB-USR-001", "V2-USR-001"),
            Value("rename-first", "told by a change of the FirstName alone", "CB-USR-001", "V2-USR-001"),
            Value("rename-last", "told by a change of the LastName alone", "CB-USR-001", "V2-USR-001"),
            Value("back", "told by a change back to an earlier name", "CB-USR-001", "V2-USR-001"),
            RETURNED,
        ),
    ),
    Factor(
        "name-parts",
        (
            Value("both", "of a FirstName and a LastName", "", "", usual=True),
            # The page prints no such name.
            Value("first", "of one word, without LastName", "CB-WIRE-002", "", SHOULD),
            Value("last", "of one word, without FirstName", "CB-WIRE-002", "", SHOULD),
            # "FirstName and LastName to be considered only if your device supports" (V2:87). Advice at most: whoever
            # keeps Name in a column of its own, and whose adapter tells the two others, is right and looks wrong.
            Value("name", "told as Name alone", "", "V2-WIRE-002", SHOULD),
        ),
    ),
    Factor(
        "name-beside",
        (
            Value("none", "told without a template", "", "", usual=True),
            # "Only when the type is either card or password, Name and Priority will be coming" (V2:89).
            Value("card", "told with a card", "", "V2-TPL-003"),
            Value("pin", "told with a PIN", "", "V2-TPL-003"),
            Value("numbers", "told with a card and a PIN", "", "V2-TPL-003"),
            Value("photo", "told with a user photo", "CB-USR-001", ""),
        ),
    ),
)
_PERSON: tuple[Factor, ...] = (
    Factor("name-script", tuple(_scripts("with a name "))),
    Factor("person-again", (Value("no", "told for the first time", "", "", usual=True), RETURNED)),
)
_OTHER: tuple[Factor, ...] = (
    Factor(
        "deleted",
        (
            Value("no", "who was not deleted", "", "", usual=True),
            Value("yes", "who was deleted", "CB-USR-001", "V2-USR-001"),
            Value(NEVER_MADE, "who was deleted and was never made", "CB-USR-001", "V2-USR-001"),
        ),
    ),
)
TEMPLATE_FACTORS: tuple[Factor, ...] = (*_TEMPLATE, *_BEFORE, *THEN_FACTORS)
NAME_FACTORS: tuple[Factor, ...] = (*_NAME, *_BEFORE[1:], *THEN_FACTORS)
PERSON_FACTORS: tuple[Factor, ...] = (*_OTHER[:1], *_PERSON, *_BEFORE[1:], *THEN_FACTORS)
HISTORY_FACTORS: tuple[Factor, ...] = (*_TEMPLATE, *_NAME, *_PERSON, *_OTHER, *_BEFORE, *THEN_FACTORS)

# A factor may be another requirement's business when it is a name or a person that deviates.
_OF_A_NAME: Mapping[str, tuple[str, str]] = {
    "then:card": ("CB-TPL-006", "V2-TPL-003"),  # empty names beside cards and PINs
    "then:card-alone": ("CB-TPL-006", "V2-TPL-003"),
    "then:pin": ("CB-TPL-006", "V2-TPL-003"),
    "then:biometric": ("CB-TPL-003", "V2-TPL-003"),  # no names at all beside them
    "then:finger": ("CB-TPL-003", "V2-TPL-003"),
    "then:face": ("CB-TPL-003", "V2-TPL-003"),
    "then:palm": ("CB-TPL-003", "V2-TPL-003"),
}


def usual_of(factors: tuple[Factor, ...]) -> dict[str, str]:
    """The plain value of each of these factors."""
    return {factor.name: factor.usual.name for factor in factors}


def requirement_of(aspect: str, factor: str, value: Value, protocol: Protocol) -> str:
    """Whose business a deviation of this aspect under a value is; "" when it is nobody's in particular."""
    if value.usual or aspect not in ("name", "person") or not factor.startswith(("then:", "before:")):
        return value.requirement(protocol)
    if factor in (OTHER_DELETED, OTHER_RENAMED):
        return value.requirement(protocol)
    v3, v2 = _OF_PEOPLE
    if aspect == "name":
        v3, v2 = _OF_A_NAME.get(factor, _OF_PEOPLE)
    return v2 if protocol is Protocol.V2 else v3
