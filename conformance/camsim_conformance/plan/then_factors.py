"""What came after a template, a name or a person for the same person in the same life, and whom others took along."""

from __future__ import annotations

from collections.abc import Iterator

from camsim_conformance.requirements.verdicts import Level

from .values import Factor, Value

AFTER_DELETION = "after-deletion"
OTHER_DELETED = "then:other-deleted"
OTHER_RENAMED = "then:other-renamed"
# Whose business it is that what carries no template leaves them alone in v2, and that a deletion leaves others alone.
TOUCHES_NONE = "V2-TPL-004"
_BESIDE = ("CB-USR-003", "V2-USR-002")
AGAIN = "then-again"  # of a punch: it was sent once more after what came

# What comes after: name, phrase, requirements for templates in v3 and v2.
_THEN: tuple[tuple[str, str, str, str], ...] = (
    ("rename", "a change of name", "CB-TPL-004", TOUCHES_NONE),
    ("empty-update", "an update of the same name without templates", "CB-TPL-004", TOUCHES_NONE),
    ("card", "a card or PIN", "CB-TPL-001", "V2-TPL-001"),
    ("biometric", "a fingerprint, face or palm", "CB-TPL-001", "V2-TPL-001"),
    ("photo", "a user photo (#9)", "CB-TPL-001", "V2-TPL-001"),
    ("group", "several templates in one message", "CB-TPL-001", "V2-TPL-001"),
    ("finger", "a fingerprint", "CB-TPL-001", "V2-TPL-001"),
    ("face", "a face", "CB-TPL-001", "V2-TPL-001"),
    ("palm", "a palm", "CB-TPL-001", "V2-TPL-001"),
    ("card-alone", "a card", "CB-TPL-001", "V2-TPL-001"),
    ("pin", "a PIN", "CB-TPL-001", "V2-TPL-001"),
    ("another", "another template", "CB-TPL-001", "V2-TPL-001"),
    ("sibling", "a template of the same Type", "CB-TPL-002", "V2-TPL-001"),
    ("siblings", "three or more templates of the same Type", "CB-TPL-002", "V2-TPL-001"),
    ("same-index", "a template of another Type with the same Index", "CB-TPL-002", "V2-TPL-001"),
    ("delete", "the person's deletion", "CB-USR-001", "V2-USR-001"),
    ("return", "the person's deletion and return", "CB-USR-001", "V2-USR-001"),
    ("date", "a change of the device's date", "CB-TPL-001", "V2-TPL-001"),
    # "User profile (name/type) updated on device - no biometric change" (V3:244).
    ("role", "a change of the person's UserType", "CB-TPL-004", TOUCHES_NONE),
    ("elsewhere", "what another device tells of the person", "CB-TPL-001", "V2-TPL-001"),
)
# What may also come when the person is gone: who stays away may be made anew by it.
_THEN_ALWAYS: tuple[tuple[str, str, str, str], ...] = (
    ("punch", "a punch", "CB-TPL-001", TOUCHES_NONE),
    ("late", "a late punch", "CB-TPL-001", TOUCHES_NONE),
    ("copy", "a copy of a punch", "CB-TPL-001", TOUCHES_NONE),
    ("snapshot", "an attendance photo (#10)", "CB-TPL-001", TOUCHES_NONE),
    ("lazy", "a lazy response for the person", "", TOUCHES_NONE),
    ("lazy-add", "the lazy response of an AddUser", "", TOUCHES_NONE),
    ("lazy-delete", "the lazy response of a DeleteUser that failed", "", TOUCHES_NONE),
)
# Whom somebody else's deletion may take along (model/others).
_OTHER_DELETED: tuple[Value, ...] = (
    Value("no", "not followed by the deletion of somebody like them", "", "", usual=True),
    Value("begin", "followed by the deletion of somebody with whose UserID theirs begins", *_BESIDE),
    Value("end", "followed by the deletion of somebody with whose UserID theirs ends", *_BESIDE),
    Value("part", "followed by the deletion of somebody whose UserID is part of theirs, or holds it", *_BESIDE),
    Value("near", "followed by the deletion of somebody whose UserID differs in its last sign", *_BESIDE),
    Value("unknown", "followed by the deletion of somebody who is not known", *_BESIDE),
    Value("known", "followed by the deletion of somebody else", *_BESIDE),
)


_OTHER_RENAMED: tuple[Value, ...] = (
    Value("no", "not followed by an update of somebody whose UserID is part of theirs", "", "", usual=True),
    Value("begin", "followed by an update of somebody with whose UserID theirs begins", *_BESIDE),
    Value("end", "followed by an update of somebody with whose UserID theirs ends", *_BESIDE),
    Value("part", "followed by an update of somebody whose UserID is part of theirs", *_BESIDE),
)


def _followed() -> Iterator[Factor]:
    for name, phrase, v3, v2 in _THEN:
        yield Factor(f"then:{name}", tuple(followed_by(phrase, v3, v2)))
    for name, phrase, v3, v2 in _THEN_ALWAYS:
        gone = Value(AFTER_DELETION, f"whose deletion is followed by {phrase}", "CB-USR-001", "V2-USR-001")
        yield Factor(f"then:{name}", (*followed_by(phrase, v3, v2), gone))
    yield Factor(OTHER_DELETED, _OTHER_DELETED)
    yield Factor(OTHER_RENAMED, _OTHER_RENAMED)
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


THEN_FACTORS: tuple[Factor, ...] = tuple(_followed())
