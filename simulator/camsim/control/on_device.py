"""What the control API answers about people, punches and settings on a device. Times as in `answers`."""

from __future__ import annotations

from .answers import Answer


class Punched(Answer, frozen=True, omit_defaults=True):
    """One punch. `why` says why the device did not record it; what it did record is never lost.

    `number` (of the log) only of a recorded punch, `message` only where the device shows one (v2, EnableMessage).
    """

    user: str
    log_time: str
    recorded: bool
    why: str
    number: int | None = None
    message: str = ""


class Punches(Answer, frozen=True):
    """`POST devices/{stgid}/punches`: one row a punch."""

    punches: list[Punched]


class StoredTemplate(Answer, frozen=True, omit_defaults=True):
    """A template on a device: hash and size of its data, or the `data` where the simulator shows everything."""

    type: str
    index: str | None
    data: str | None = None
    sha256: str = ""
    size: int | None = None


class User(Answer, frozen=True):
    """A user on a device."""

    user: str
    first_name: str
    last_name: str
    user_type: str
    enabled: bool
    templates: tuple[StoredTemplate, ...]


class Users(Answer, frozen=True):
    """`GET devices/{stgid}/users`."""

    users: list[User]


class Edited(Answer, frozen=True, omit_defaults=True):
    """A user added or edited in the menu, told by so many `callbacks`; `index` of a finger enrolled there."""

    user: str
    new: bool
    callbacks: int
    index: str | None = None


class Deleted(Answer, frozen=True):
    """A user deleted in the menu."""

    deleted: str


class LogRow(Answer, frozen=True):
    """A record of the punch log; `uploaded` once the gateway has it."""

    number: int
    user: str
    log_time: str
    type: str
    input: str
    uploaded: bool


class Logs(Answer, frozen=True):
    """`GET devices/{stgid}/logs`."""

    count: int
    logs: list[LogRow]


class Photo(Answer, frozen=True):
    """A photo that a device still has, by the log number of its punch."""

    log: int


class Photos(Answer, frozen=True):
    """`GET devices/{stgid}/photos`."""

    count: int
    photos: list[Photo]


class Access(Answer, frozen=True):
    """A user's access window in the device's wall-clock time."""

    user: str
    enabled: bool
    start: str | None
    end: str | None


class AccessWindows(Answer, frozen=True):
    """`GET devices/{stgid}/access`."""

    access: list[Access]


class Digest(Answer, frozen=True):
    """A hash over everything a command or a person could change on the device."""

    digest: str
    users: int
    logs: int


class Resent(Answer, frozen=True):
    """So many punches of the log are told again."""

    resent: int


class Dated(Answer, frozen=True):
    """The device's clock before and after; `told` when a callback says so."""

    before: str
    now: str
    told: bool
