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
    sha256 by Type and Index. `at`: epoch seconds of the event. `offset`: minutes east of UTC.
    """

    deed: Deed
    user: str = ""
    at: int = 0
    offset: int = 0
    punch: Punch | None = None
    names: tuple[str, str] | None = None
    templates: Mapping[TemplateKey, str] = field(default_factory=dict)
    keep: Keep = Keep.MUST


def told_v3(fact: Fact, message: Message, keep: Keep = Keep.MUST) -> Told:
    """What the v3 message of a fact tells: #6 to #8 carry no names, #4 and #5 empty ones."""
    if isinstance(fact, UserUpdated):
        body = message["RealTime"]["UserUpdated"]
        names = (body["FirstName"], body["LastName"]) if "FirstName" in body else None
        return Told(
            Deed.UPDATE, fact.user_id, fact.at, fact.offset, names=names, templates=stored(*fact.templates), keep=keep
        )
    return _told(fact, keep)


def told_v2(fact: Fact, message: Message, keep: Keep = Keep.MUST) -> Told:
    """What one v2 message of a fact tells: names count beside card and PIN alone, or without any signature (V2:89)."""
    if not isinstance(fact, UserUpdated):
        return _told(fact, keep)
    data = message["ApiRequestInfo"]["OperationData"]
    templates = {}
    for row in data["Signature"]:
        kind = TemplateType(row["Type"])
        index = str(row.get("AdditionalData1") or "0") if kind in INDEXED else ""
        templates[str(kind), index] = _sha(kind, row["Template"])
    biometric = any(TemplateType(kind) in INDEXED for kind, _ in templates)
    named = not biometric and bool(data["FirstName"] or data["LastName"])
    names = (data["FirstName"], data["LastName"]) if named else None
    return Told(Deed.UPDATE, fact.user_id, fact.at, fact.offset, names=names, templates=templates, keep=keep)


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


def _sha(kind: TemplateType, data: str) -> str:
    if kind in (TemplateType.CARD, TemplateType.PASSWORD):
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
