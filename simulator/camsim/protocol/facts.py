"""What happened at a device, whatever protocol tells it. Times: UTC epoch seconds and an offset in minutes."""

from __future__ import annotations

import msgspec

from .vocabulary import TemplateType


class Template(msgspec.Struct, frozen=True, gc=False):
    """One credential; `data` is the wire text: Base64, card number or PIN. `index` and `size` are texts as printed."""

    type: TemplateType
    data: str
    index: str | None = None
    size: str | None = None

    @property
    def key(self) -> str:
        """What a receiver merges by (v3, Template Merge Behaviour: Type + Index)."""
        return f"{self.type}:{self.index or '0'}"


class Punch(msgspec.Struct, frozen=True, tag_field="fact", tag="punch", gc=False):
    """A recognised person. `temperature` in degrees Celsius, None without a sensor; `mask` None without a camera."""

    user_id: str
    log_time: int
    offset: int
    type: str
    input: str
    temperature: float | None = None
    mask: bool | None = None


class AttendancePhoto(msgspec.Struct, frozen=True, tag_field="fact", tag="photo", gc=False):
    """The snapshot taken at a punch; `photo` is Base64 text of a JPEG."""

    user_id: str
    log_time: int
    offset: int
    photo: str


class UserDeleted(msgspec.Struct, frozen=True, tag_field="fact", tag="deleted", gc=False):
    """A user was deleted from the menu."""

    user_id: str
    at: int
    offset: int


class DateModified(msgspec.Struct, frozen=True, tag_field="fact", tag="date", gc=False):
    """The clock was set by hand; `at` is the clock before the change (register C-02)."""

    modified_to: int
    modified_offset: int
    at: int
    offset: int


class UserUpdated(msgspec.Struct, frozen=True, tag_field="fact", tag="updated"):
    """A user was added or changed; `templates` holds only what was added or changed."""

    user_id: str
    first_name: str
    last_name: str
    user_type: str
    at: int
    offset: int
    templates: tuple[Template, ...] = ()


Fact = Punch | AttendancePhoto | UserDeleted | DateModified | UserUpdated
