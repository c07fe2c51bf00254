"""Synthetic people: names, cards, PINs, templates and photos that look right and belong to nobody.

Everything follows from the seed: person `n` is the same however many others there are, and a template depends only on
(seed, user, kind, index, generation). A working day and a shift's arrivals live in `workday`.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from camsim import chance
from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import TemplateType, UserType

if TYPE_CHECKING:
    from faker import Faker

NAME_LENGTH = 24  # A-DEV-02
ADMINS = 0.02
FINGERPRINT_BYTES = (1_100, 1_280)
FACE_BYTES = (25_000, 28_200)
PHOTO_BYTES = (20_000, 21_000)
PALM_BYTES = 2_016

# What the printed samples decode to (register, section 1): #6 and #17 for prints, #8 and #18 for palms.
_PRINT_MAGIC = (b"J3SS21", b"MoSS21")
_PRINT_CONSTANT = bytes.fromhex("0408050709ced0")
_PALM_HEAD = bytes.fromhex("6a950110e007bfdf08000c00")


class Person(msgspec.Struct, frozen=True, gc=False):
    """A user to enrol; names of at most 24 characters, `user_type` as callbacks print it."""

    user_id: str
    first_name: str
    last_name: str
    user_type: str = UserType.USER


@cache
def _names() -> Faker:
    # Loaded on first use: faker costs a quarter of a second, and most runs of the command line need no names.
    from faker import Faker

    return Faker("en_IN")


def person(seed: int, n: int) -> Person:
    """The person whose UserID is `n`."""
    names = _names()
    names.seed_instance(chance.draw(seed, "", "person", n))
    admin = chance.happens(ADMINS, seed, "", "admin", n)
    first, last = names.first_name()[:NAME_LENGTH], names.last_name()[:NAME_LENGTH]
    return Person(str(n), first, last, UserType.ADMIN if admin else UserType.USER)


def people(seed: int, count: int, start: int = 1) -> list[Person]:
    """`count` people with the UserIDs `start`, `start` + 1, …"""
    return [person(seed, n) for n in range(start, start + count)]


def template(seed: int, user_id: str, kind: TemplateType, index: int = 0, generation: int = 0) -> Template:
    """A template with the header, size and fields of the printed samples; a new `generation` is a new enrolment.

    `index` is the finger 0–9 and only shows where the page prints one (Fingerprint, Face, Palm).
    """
    return _MAKERS[kind](seed, user_id, index, generation)


def photo(seed: int, user_id: str, n: int) -> str:
    """The snapshot of a person's punch `n`: Base64 of a 300×300 JPEG of about 20 kB (v3, #10)."""
    return _base64(_jpeg(seed, user_id, "punch photo", n, PHOTO_BYTES))


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def _digits(seed: int, user_id: str, purpose: str, n: int, shortest: int, longest: int) -> str:
    length = chance.between(shortest, longest, seed, user_id, f"{purpose}/length", n)
    return f"{chance.draw(seed, user_id, purpose, n) % 10**length:0{length}}"


def _card(seed: int, user_id: str, index: int, generation: int) -> Template:
    # A card number never starts with 0: readers that keep it as a number would lose the digit, and the page shows none.
    first = chance.between(1, 9, seed, user_id, "card/first", generation)
    return Template(TemplateType.CARD, f"{first}{_digits(seed, user_id, 'card', generation, 6, 9)}")


def _pin(seed: int, user_id: str, index: int, generation: int) -> Template:
    return Template(TemplateType.PASSWORD, _digits(seed, user_id, "pin", generation, 4, 6))


def _fingerprint(seed: int, user_id: str, index: int, generation: int) -> Template:
    n = generation * 10 + index
    length = chance.between(*FINGERPRINT_BYTES, seed, user_id, "fingerprint/size", n)
    body = chance.blob(seed, user_id, "fingerprint", n, length - 18)
    magic = _PRINT_MAGIC[body[0] % 2]
    data = b"".join((magic, b"\0\0", (length - 8).to_bytes(2, "big"), body[:1], _PRINT_CONSTANT, body))
    return Template(TemplateType.FINGERPRINT, _base64(data), str(index), str(len(data)))


def _face(seed: int, user_id: str, index: int, generation: int) -> Template:
    data = _jpeg(seed, user_id, "face", generation * 10 + index, FACE_BYTES)
    return Template(TemplateType.FACE, _base64(data), str(index), str(len(data)))


def _palm(seed: int, user_id: str, index: int, generation: int) -> Template:
    body = chance.blob(seed, user_id, "palm", generation * 10 + index, PALM_BYTES - len(_PALM_HEAD))
    return Template(TemplateType.PALM, _base64(_PALM_HEAD + body), str(index))


def _user_photo(seed: int, user_id: str, index: int, generation: int) -> Template:
    return Template(TemplateType.USER_PHOTO, _base64(_jpeg(seed, user_id, "user photo", generation, PHOTO_BYTES)))


def _jpeg(seed: int, user_id: str, what: str, n: int, sizes: tuple[int, int]) -> bytes:
    from .portraits import portrait  # Pillow is loaded when the first picture is drawn

    # One portrait for all pictures of a person.
    base = chance.draw(seed, user_id, "portrait", 0)
    return portrait(base, f"{what} {n} of user {user_id}, seed {seed}", chance.between(*sizes, seed, user_id, what, n))


_MAKERS: Mapping[TemplateType, Callable[[int, str, int, int], Template]] = {
    TemplateType.CARD: _card,
    TemplateType.PASSWORD: _pin,
    TemplateType.FINGERPRINT: _fingerprint,
    TemplateType.FACE: _face,
    TemplateType.PALM: _palm,
    TemplateType.USER_PHOTO: _user_photo,
}
