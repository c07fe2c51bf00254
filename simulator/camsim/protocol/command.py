"""What a RESTful request asks for, before any device sees it: a typed Command, or a Refusal."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from .catalogue import Family
from .facts import Template

_USER_ID = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
MAX_USER_ID, MAX_NAME, MAX_OPERATION_ID = 24, 24, 64


def is_user_id(text: str) -> bool:
    """True for 1-24 of A-Z a-z 0-9 _ - (A-DEV-01)."""
    return 0 < len(text) <= MAX_USER_ID and _USER_ID.issuperset(text)


class Refusal(NamedTuple):
    """Why a request goes no further: a status code, the field at fault and the reason (for the journal)."""

    code: int
    field: str
    why: str


class Command(msgspec.Struct, gc=False):
    """A request in typed form. `start` and `end` are UTC seconds; `access` the device's wall-clock seconds."""

    family: Family
    name: str
    user_id: str = ""
    first_name: str | None = None
    last_name: str | None = None
    user_type: str = "User"
    templates: tuple[Template, ...] = ()
    content: Refusal | None = None
    start: int = 0
    end: int = 0
    access: tuple[int, int] | None = None
    enable: bool = False
    offset_rows: int = 0
    priority: str = ""
    message: str = ""
    lint: list[str] = msgspec.field(default_factory=list)
