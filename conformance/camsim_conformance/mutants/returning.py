"""Receivers that lose names, people who come back, or what a card says."""

from __future__ import annotations

from dataclasses import replace

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Json, Template, Update
from camsim.receiver.memory.store import Store

from .groups import PEOPLE, V2_PEOPLE
from .model import because, both, mutant

_USER = "user-data"
_REASON = "has people or templates of that kind"
_MAY = (because(_REASON, *PEOPLE, "CB-TPL-006"), because(_REASON, *V2_PEOPLE))
_BIOMETRIC = ("Fingerprint", "Face", "Palm")


@mutant(
    "biometric-names-erase",
    "erases a stored name by a finger, face or palm, which carries none",
    "CB-TPL-003",
    _MAY[0],
    features=_USER,
)
class BiometricNamesErase(Policy):
    def rename(self, update: Update, store: Store) -> None:
        super().rename(update, store)
        if any(item.type in _BIOMETRIC for item in update.templates):
            person = store.person(update.user)
            person.first, person.last = update.first or None, update.last or None


@both(
    "return-ignored",
    "ignores for ever who was deleted once",
    ("CB-ROW-002", "V2-ROW-002"),
    _MAY,
    features=_USER,
)
class ReturnIgnored(Policy):
    def __init__(self) -> None:
        self._gone: set[str] = set()

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        self._gone.add(deletion.user)
        super().drop_user(deletion, store)

    def keep_update(self, update: Update, store: Store) -> None:
        if update.user not in self._gone:
            super().keep_update(update, store)


@both("fingers-outlive", "deletes a person and keeps the fingers", ("CB-ROW-002", "V2-ROW-002"), _MAY, features=_USER)
class FingersOutlive(Policy):
    def drop_user(self, deletion: Deletion, store: Store) -> None:
        stored = store.templates.get(deletion.user, {})
        super().drop_user(deletion, store)
        kept = {key: one for key, one in stored.items() if one.type == "Fingerprint"}
        if kept:
            store.templates[deletion.user] = kept


def _without_zeros(template: Template) -> Template:
    if template.type != "Card" or not template.data.isdecimal():
        return template
    return replace(template, data=str(int(template.data)))


@both("card-is-a-number", "keeps card numbers as numbers", ("CB-ROW-002", "V2-ROW-002"), _MAY, features=_USER)
class CardIsANumber(Policy):
    def template(self, item: Json, user: str) -> Template:
        return _without_zeros(super().template(item, user))

    def v2_template(self, item: Json, user: str) -> Template:
        return _without_zeros(super().v2_template(item, user))


def _up_to_astral(text: str) -> str:
    for place, sign in enumerate(text):
        if ord(sign) > 0xFFFF:
            return text[:place]
    return text


@both(
    "names-of-three-bytes",
    "cuts a name at its first character beyond the Basic Multilingual Plane",
    ("CB-ROW-002", "V2-ROW-002"),
    _MAY,
    features=_USER,
)
class NamesOfThreeBytes(Policy):
    def rename(self, update: Update, store: Store) -> None:
        super().rename(replace(update, first=_up_to_astral(update.first), last=_up_to_astral(update.last)), store)


@both("names-of-twenty", "cuts names to twenty characters", ("CB-ROW-002", "V2-ROW-002"), _MAY, features=_USER)
class NamesOfTwenty(Policy):
    def rename(self, update: Update, store: Store) -> None:
        super().rename(replace(update, first=update.first[:20], last=update.last[:20]), store)
