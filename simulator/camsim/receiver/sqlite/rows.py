"""What the synchronous receiver stores: plain rows, one class a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PunchRow:
    """A punch. `at` is UTC epoch seconds; `slot` is what besides user and time tells punches apart (V2-30)."""

    user: str
    at: int
    slot: str
    device: str
    type: str | None
    input: str | None
    temperature: str | None
    mask: bool | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A user as told; an empty name means "not told"."""

    user: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One template; `index` is empty for kinds without one."""

    user: str
    type: str
    index: str
    data: str


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """A user that was deleted on the device."""

    user: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Anything acknowledged and only recorded: photos, clock changes, lazy replies, unknown operations."""

    kind: str
    user: str
    text: str


Row = PunchRow | PersonRow | TemplateRow | RemovalRow | NoteRow
