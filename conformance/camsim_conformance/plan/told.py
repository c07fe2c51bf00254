"""What a message tells a target, in the same words for v2 and v3: what a right target makes of it follows from this."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camsim.protocol.facts import AttendancePhoto, DateModified, Fact, Punch, Template, UserDeleted, UserUpdated
from camsim.protocol.v3.messages import Message
from camsim.protocol.vocabulary import TemplateType

TemplateKey = tuple[str, str]  # Type, and Index for the three that have one, else ""
INDEXED = frozenset({TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM})
_NUMBERS = frozenset({TemplateType.CARD, TemplateType.PASSWORD})  # told as they are, not as Base64


class Deed(StrEnum):
    """What happened at the device."""

    PUNCH = "punch"
    PHOTO = "photo"
    UPDATE = "update"
    DELETE = "delete"
    DATE = "date"
    LAZY = "lazy"
    OTHER = "other"  # nothing the page prints


class Keep(StrEnum):
    """Whether what is told has to be stored."""

    MUST = "must"
    MAY = "may"  # the page is silent: recorded
    NEVER = "never"  # forged, or of nobody


@dataclass(frozen=True, slots=True)
class Told:
    """What one message tells.

    `names`: first and last name, None for a message that carries none, or none that may be read (V2:89). `templates`:
    sha256 by Type and Index. `at`: epoch seconds of the event. `offset`: minutes east of UTC. `role`: User or Admin, ""
    where none is told. `zeros`: the templates whose number begins with a zero.
    """

    deed: Deed
    user: str = ""
    at: int = 0
    offset: int = 0
    punch: Punch | None = None
    names: tuple[str, str] | None = None
    templates: Mapping[TemplateKey, str] = field(default_factory=dict)
    keep: Keep = Keep.MUST
    role: str = ""
    zeros: frozenset[TemplateKey] = frozenset()


def told_v3(fact: Fact, message: Message, keep: Keep = Keep.MUST) -> Told:
    """What the v3 message of a fact tells: #6 to #8 carry no names, #4 and #5 empty ones."""
    if isinstance(fact, UserUpdated):
        body = message["RealTime"]["UserUpdated"]
        names = (body["FirstName"], body["LastName"]) if "FirstName" in body else None
        return Told(
            Deed.UPDATE,
            fact.user_id,
            fact.at,
            fact.offset,
            names=names,
            templates=stored(*fact.templates),
            keep=keep,
            role=body.get("UserType", ""),
            zeros=frozenset(key_of(one) for one in fact.templates if _has_zeros(str(one.type), one.data)),
        )
    return _told(fact, keep)


def told_v2(fact: Fact, message: Message, keep: Keep = Keep.MUST) -> Told:
    """What one v2 message of a fact tells: names count beside card and PIN alone, or without any signature (V2:89)."""
    if not isinstance(fact, UserUpdated):
        return _told(fact, keep)
    data = message["ApiRequestInfo"]["OperationData"]
    templates: dict[TemplateKey, str] = {}
    zeros: set[TemplateKey] = set()
    for row in data["Signature"]:
        key = (row["Type"], str(row.get("AdditionalData1") or "0") if row["Type"] in INDEXED else "")
        templates[key] = _sha(row["Type"], row["Template"])
        if _has_zeros(row["Type"], row["Template"]):
            zeros.add(key)
    return Told(
        Deed.UPDATE,
        fact.user_id,
        fact.at,
        fact.offset,
        names=_names_v2(data, templates),
        templates=templates,
        keep=keep,
        role=_ROLES.get(data["Priority"], ""),
        zeros=frozenset(zeros),
    )


_ROLES = {"0": "User", "16": "Admin"}  # V2:88


def _names_v2(data: Mapping[str, str], templates: Iterable[TemplateKey]) -> tuple[str, str] | None:
    if any(kind in INDEXED for kind, _ in templates):
        return None
    if data["FirstName"] or data["LastName"]:
        return data["FirstName"], data["LastName"]
    # A device that supports the two not tells Name alone (V2:87).
    return (data["Name"], "") if data["Name"] else None


def _has_zeros(kind: str, data: str) -> bool:
    return kind in _NUMBERS and len(data) > 1 and data.startswith("0")


def _told(fact: Fact, keep: Keep) -> Told:
    if isinstance(fact, Punch):
        return Told(Deed.PUNCH, fact.user_id, fact.log_time, fact.offset, punch=fact, keep=keep)
    if isinstance(fact, AttendancePhoto):
        return Told(Deed.PHOTO, fact.user_id, fact.log_time, fact.offset, keep=keep)
    if isinstance(fact, UserDeleted):
        return Told(Deed.DELETE, fact.user_id, fact.at, fact.offset, keep=keep)
    if isinstance(fact, DateModified):
        return Told(Deed.DATE, "", fact.at, fact.offset, keep=keep)
    raise TypeError(f"{type(fact).__name__} is told by its own function")


def key_of(template: Template) -> TemplateKey:
    """Type and Index: what a target merges by; Index only counts where the page prints one."""
    if template.type in INDEXED:
        return str(template.type), template.index or "0"
    return str(template.type), ""


def sha_of(template: Template) -> str:
    """sha256 of the decoded data; of the text for card and password."""
    return _sha(template.type, template.data)


def _sha(kind: str, data: str) -> str:
    if kind in _NUMBERS:
        return hashlib.sha256(data.encode()).hexdigest()
    return hashlib.sha256(base64.b64decode(data)).hexdigest()


def stored(*templates: Template) -> dict[TemplateKey, str]:
    """What the read-back must show of these; a later one of the same key wins."""
    found: dict[TemplateKey, str] = {}
    for template in templates:
        found[key_of(template)] = sha_of(template)
    return found


def punches_of(steps: Iterable[Told | None]) -> tuple[Punch, ...]:
    """The punches that are told and must be kept, each once."""
    found = [told.punch for told in steps if told is not None and told.punch is not None and told.keep is Keep.MUST]
    return tuple(dict.fromkeys(found))
