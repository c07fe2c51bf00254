"""The kernel: what gateway and devices know, and `handle(event, now) -> effects`. It does no I/O and reads no clock."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.state.journal import Entry


class Request(msgspec.Struct, tag="request", gc=False):
    """A POST on the gateway port. `stgid` holds every value of that query parameter."""

    id: int
    stgid: list[str]
    body: bytes
    protocol: str = "v3"
    content_type: str = ""
    remote: str = "127.0.0.1"
    real_s: float = 0.0


class Answered(msgspec.Struct, tag="answered", gc=False):
    """How an attempt to deliver a callback ended: an HTTP answer, or `error` when there was none."""

    device: str
    delivery: int
    attempt: int
    status: int = 0
    body: bytes = b""
    content_type: str = ""
    error: str = ""
    took_ms: float = 0.0
    real_s: float = 0.0


class Control(msgspec.Struct, tag="control"):
    """An action of the management API; what it answers is left in `Kernel.result`."""

    action: str
    device: str = ""
    args: dict[str, Any] = msgspec.field(default_factory=dict)


class Tick(msgspec.Struct, tag="tick"):
    """Time has come to `now`: fire what is due."""


class Restarted(msgspec.Struct, tag="restarted"):
    """The process that carried the deliveries is gone; a new one took over."""


Event = Request | Answered | Control | Tick | Restarted


class Send(msgspec.Struct, gc=False):
    """Carry one attempt of a callback. `faults` are (do, options) that concern how it is sent."""

    device: str
    delivery: int
    attempt: int
    url: str
    body: bytes
    content_type: str
    timeout_s: float
    faults: tuple[tuple[str, dict[str, Any]], ...] = ()


class Reply(msgspec.Struct, gc=False):
    """Answer a held request. `rows` is a part that is rendered by whoever sends it; `faults` as in Send."""

    request: int
    http: int
    body: bytes
    rows: Any = None
    key: str | None = None
    faults: tuple[tuple[str, dict[str, Any]], ...] = ()
    entry: Entry | None = None


Effect = Send | Reply


class ControlError(Exception):
    """A management action that cannot be: HTTP status, code, message and hint."""

    def __init__(self, http: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.http, self.code, self.message, self.hint = http, code, message, hint
