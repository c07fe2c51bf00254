"""The factors of a person's history: every property of a template, a name or a person that a target may stumble over.

Phrases complete "a template …", "a name …" or "a person …". The `then:` factors say what came after it for the same
person in the same life: one that was deleted and came back begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim_conformance.requirements.verdicts import Level

from .values import Factor, Value

SHOULD = Level.SHOULD
LONG_NAME = 20  # characters: a part of a name that is longer is long
AFTER_DELETION = "after-deletion"
NEVER_MADE = "never-made"
AGAIN = "then-again"  # of a punch: it was sent once more after what came

# What comes after: name, phrase, requirements for templates in v3 and v2.
_THEN: tuple[tuple[str, str, str, str], ...] = (
    ("rename", "a change of name", "CB-TPL-004", "V2-TPL-001"),
    ("empty-update", "an update of the same name without templates", "CB-TPL-004", "V2-TPL-001"),
    ("card", "a card or PIN", "CB-TPL-001", "V2-TPL-001"),
    ("biometric", "a fingerprint, face or palm", "CB-TPL-001", "V2-TPL-001"),
    ("photo", "a user photo (#9)", "CB-TPL-001", "V2-TPL-001"),
    ("another", "another template", "CB-TPL-001", "V2-TPL-001"),
    ("sibling", "a template of the same Type", "CB-TPL-002", "V2-TPL-001"),
    ("same-index", "a template of another Type with the same Index", "CB-TPL-002", "V2-TPL-001"),
    ("delete", "the person's deletion", "CB-USR-001", "V2-USR-001"),
    ("return", "the person's deletion and return", "CB-USR-001", "V2-USR-001"),
    ("date", "a change of the device's date", "CB-TPL-001", "V2-TPL-001"),
)
# What may also come when the person is gone: who stays away may be made anew by it.
_THEN_ALWAYS: tuple[tuple[str, str, str, str], ...] = (
    ("punch", "a punch", "CB-TPL-001", "V2-TPL-001"),
    ("late", "a late punch", "CB-TPL-001", "V2-TPL-001"),
    ("copy", "a copy of a punch", "CB-TPL-001", "V2-TPL-001"),
    ("snapshot", "an attendance photo (#10)", "CB-TPL-001", "V2-TPL-001"),
)


def _followed() -> Iterator[Factor]:
    for name, phrase, v3, v2 in _THEN:
        yield Factor(f"then:{name}", tuple(followed_by(phrase, v3, v2)))
    for name, phrase, v3, v2 in _THEN_ALWAYS:
        gone = Value(AFTER_DELETION, f"whose deletion is followed by {phrase}", "CB-USR-001", "V2-USR-001")
        yield Factor(f"then:{name}", (*followed_by(phrase, v3, v2), gone))
    # Whether empty names mean anything, no page says.
    unnamed = Value("yes", "followed by an update with empty names", "CB-TPL-006", "V2-TPL-003", Level.RECORD)
    yield Factor(
        "then:no-name", (Value("no", "not followed by an update with empty names", "", "", usual=True), unnamed)
    )


def followed_by(phrase: str, v3: str, v2: str) -> Iterator[Value]:
    """Whether something came after it; a punch may be sent again after that."""
    yield Value("no", f"not followed by {phrase}", "", "", usual=True)
    yield Value("yes", f"followed by {phrase}", v3, v2)
    yield Value(AGAIN, f"followed by {phrase} and then sent again", v3, v2)


def _kinds() -> Iterator[Value]:
    for kind in TemplateType:
        usual = kind is TemplateType.FINGERPRINT
        yield Value(str(kind), f"of Type {kind}", "CB-TPL-001", "V2-TPL-001", usual=usual)


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
        ),
    ),
    Factor(
        "change",
        (
            Value("new", "enrolled for the first time", "", "", usual=True),
            Value("changed", "enrolled again with other content", "CB-TPL-002", "V2-TPL-002"),
            Value("same", "told again unchanged", "CB-TPL-001", "V2-TPL-002"),
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
            Value("leading-zeros", "whose number has leading zeros", "CB-TPL-001", "V2-TPL-001", SHOULD),
        ),
    ),
)
_NAME: tuple[Factor, ...] = (
    Factor(
        "script",
        (
            Value("ascii", "in plain ASCII", "", "", usual=True),
            Value("marks", "with accents", "CB-WIRE-002", "V2-WIRE-002"),
            Value("decomposed", "whose accents are signs of their own (NFD)", "CB-WIRE-002", "V2-WIRE-002", SHOULD),
            Value("other", "in a script that is not Latin", "CB-WIRE-002", "V2-WIRE-002"),
            Value("astral", "with signs beyond the basic plane (emoji)", "CB-WIRE-002", "V2-WIRE-002"),
            Value("quotes", "with quotes or a backslash", "CB-WIRE-002", "V2-WIRE-002"),
            Value("markup", "with <, > or &", "CB-WIRE-002", "V2-WIRE-002"),
        ),
    ),
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
        ),
    ),
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
THEN_FACTORS: tuple[Factor, ...] = tuple(_followed())
TEMPLATE_FACTORS: tuple[Factor, ...] = (*_TEMPLATE, *_BEFORE, *THEN_FACTORS)
NAME_FACTORS: tuple[Factor, ...] = (*_NAME, *_BEFORE[1:], *THEN_FACTORS)
PERSON_FACTORS: tuple[Factor, ...] = (*_OTHER[:1], *_BEFORE[1:], *THEN_FACTORS)
HISTORY_FACTORS: tuple[Factor, ...] = (*_TEMPLATE, *_NAME, *_OTHER, *_BEFORE, *THEN_FACTORS)

# A factor may be another requirement's business when it is a name or a person that deviates.
_OF_A_NAME: Mapping[str, tuple[str, str]] = {
    "then:card": ("CB-TPL-006", "V2-TPL-003"),  # empty names beside cards and PINs
    "then:biometric": ("CB-TPL-003", "V2-TPL-003"),  # no names at all beside them
}
_OF_PEOPLE = ("CB-USR-001", "V2-USR-001")


def usual_of(factors: tuple[Factor, ...]) -> dict[str, str]:
    """The plain value of each of these factors."""
    return {factor.name: factor.usual.name for factor in factors}


def requirement_of(aspect: str, factor: str, value: Value, protocol: Protocol) -> str:
    """Whose business a deviation of this aspect under a value is; "" when it is nobody's in particular."""
    if value.usual or aspect not in ("name", "person") or not factor.startswith(("then:", "before:")):
        return value.requirement(protocol)
    v3, v2 = _OF_PEOPLE
    if aspect == "name":
        v3, v2 = _OF_A_NAME.get(factor, _OF_PEOPLE)
    return v2 if protocol is Protocol.V2 else v3
