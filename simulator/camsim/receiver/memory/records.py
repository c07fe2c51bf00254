"""What the asynchronous receiver knows about a callback: values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from camsim.protocol.vocabulary import Protocol

Json = dict[str, Any]


class Outcome(StrEnum):
    """What became of an authentic callback."""

    KEPT = "kept"
    REPEATED = "repeated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Received:
    """An opened body. `body` is where the protocol puts its fields; `key` what opened it, None for a clear one."""

    protocol: Protocol
    message: Json
    body: Json
    plain: bytes
    stgid: str = ""
    key: str | None = None

    @property
    def token(self) -> str:
        """The AuthToken, empty when it is missing or no text."""
        token = self.body.get("AuthToken")
        return token if isinstance(token, str) else ""


@dataclass(frozen=True, slots=True)
class Punch:
    """One punch. `at` is UTC epoch seconds, `offset` minutes east; `sent` and `operation` belong to the delivery."""

    user: str
    at: int
    offset: int
    type: str | None = None
    input: str | None = None
    device: str = ""
    temperature: float | str | None = None
    mask: bool | None = None
    protocol: Protocol = Protocol.V3
    operation: str = ""
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One template; `index` is None for kinds without one."""

    user: str
    type: str
    index: str | None
    data: str


@dataclass(frozen=True, slots=True)
class Update:
    """A user as told: an empty name means "not told", no template means that none changed."""

    user: str
    first: str = ""
    last: str = ""
    templates: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class Deletion:
    """A user that was deleted on the device."""

    user: str


@dataclass(frozen=True, slots=True)
class Note:
    """Acknowledged and only recorded: photo, clock change, lazy reply, odd time, unknown operation."""

    kind: str
    user: str = ""
    text: str = ""


Fact = Punch | Update | Deletion | Note


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to send. `delay_s` is waited first; `chunked` and `http10` choose the framing."""

    status: int = 200
    body: bytes = b'{"status":"done"}'
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    chunked: bool = False
    http10: bool = False


DONE = Reply()
REJECTED = Reply(401, b'{"status":"rejected"}')
UNREADABLE = Reply(400, b'{"status":"unreadable"}')
TOO_LARGE = Reply(413, b'{"status":"too large"}')


class UnreadableError(ValueError):
    """The body is not a callback at all: not JSON, not an object, not encrypted with a known key."""


class RefusedError(Exception):
    """A step decided on an answer by itself. The reference never does; its mutants do."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"answered {reply.status}")
        self.reply = reply
