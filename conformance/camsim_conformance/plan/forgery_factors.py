"""The factors of forgeries: what is forged, in which way, and what a forgery does to the honest events beside it.

Phrases of the first group complete "a forged …". The honest events of a person of whom a forgery told as well have the
values of the second group: what a refused message leaves behind shows there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camsim.protocol.vocabulary import TemplateType

from .values import Factor, Value

_AUTH = ("CB-AUTH-001", "V2-AUTH-001")
_STORED = ("CB-ORD-002", "V2-ORD-002")
# What is forged, with its noun.
FORGED: Mapping[str, str] = {
    "punch": "punch",
    "name": "rename",
    "person": "new person",
    "deletion": "deletion",
    "card": "card",
    "pin": "PIN",
    "fingerprint": "fingerprint",
    "face": "face",
    "palm": "palm",
    "user-photo": "user photo",
    "group": "group of templates in one message",
}
# What is done, and not stored.
CARRIED_OUT = frozenset({"name", "deletion"})
TEMPLATES: Mapping[str, str] = {
    str(TemplateType.CARD): "card",
    str(TemplateType.PASSWORD): "pin",
    str(TemplateType.FINGERPRINT): "fingerprint",
    str(TemplateType.FACE): "face",
    str(TemplateType.PALM): "palm",
    str(TemplateType.USER_PHOTO): "user-photo",
}
_TOKENS: Mapping[str, str] = {
    "another": "with another token of the right form",
    "missing": "without AuthToken",
    "empty": "with an empty AuthToken",
    "null": "whose AuthToken is null",
    "true": "whose AuthToken is true",
    "zero": "whose AuthToken is 0",
    "one-letter-less": "whose token lacks its last letter",
    "one-letter-more": "whose token has a letter too many",
    "other-case": "with the token in other case",
    "in-a-list": "with the token in a list",
    "an-object": 'whose AuthToken is {"$ne": ""}',
    "a-wildcard": 'whose AuthToken is "%"',
    "an-expression": 'whose AuthToken is ".*"',
}


def _forged() -> Iterator[Value]:
    for name, noun in FORGED.items():
        yield Value(name, f"({noun})", *_AUTH, usual=name == "punch", crossed=False)


def _tokens() -> Iterator[Value]:
    for name, phrase in _TOKENS.items():
        yield Value(name, phrase, *_AUTH, usual=name == "another", crossed=False)


FORGERY_FACTORS: tuple[Factor, ...] = (
    Factor("forged", tuple(_forged())),
    Factor("token", tuple(_tokens())),
    Factor(
        "token-length",
        (
            Value("other", "with a token of another length", "", "", usual=True),
            Value("same", "with any token of the right length", *_AUTH),
        ),
    ),
    Factor(
        "old",
        (
            Value("no", "of this day", "", "", usual=True),
            Value("yes", "more than a day old", *_AUTH),
        ),
    ),
    Factor(
        "forging",
        (
            Value("new", "of a person who has no punch", "", "", usual=True),
            Value("person", "of a person who has other punches", *_AUTH),
            Value("enrolled", "of a person who is enrolled", *_AUTH),
            Value("stored", "of the moment of a stored one", *_AUTH),
        ),
    ),
)
BESIDE_FACTORS: tuple[Factor, ...] = (
    Factor(
        "before:forged",
        (
            Value("no", "of a person of whom no forged message told before", "", "", usual=True),
            Value("yes", "that comes after a forged message about its person", *_STORED),
            Value("moment", "that comes after a forged message of the same punch", *_STORED),
            Value("operation", "with the OperationID of a forged message that came before it", *_STORED),
            Value("date", "that comes after a forged change of date", *_STORED),
        ),
    ),
    Factor(
        "then:forged",
        (
            Value("no", "not followed by a forged message about its person", "", "", usual=True),
            Value("yes", "followed by a forged message about its person", *_STORED),
        ),
    ),
    Factor(
        "beside",
        (
            Value("none", "with no hostile body near it", "", "", usual=True),
            Value("hostile", "right before or after a body that no device sends", *_STORED),
        ),
    ),
)
