"""What comes into the kernel and what goes out: events and effects, plain values that the input log can keep."""

from __future__ import annotations

import msgspec

from camsim.control.actions import AnyAction
from camsim.secrecy import shown as safe
from camsim.state.faults import Options
from camsim.state.journal import Entry
from camsim.state.outcome import Rows
from camsim.wording import shown as told

# --- events: what comes in --------------------------------------------------------------------------------------------


class Request(msgspec.Struct, tag_field="action", tag="request", gc=False):
    """A POST on the gateway port. `stgid` holds every value of that query parameter."""

    id: int
    stgid: list[str]
    body: bytes
    protocol: str = "v3"
    content_type: str = ""
    remote: str = "127.0.0.1"
    real_s: float = 0.0


class FormRequest(msgspec.Struct, tag_field="action", tag="form_request", gc=False):
    """A form posted to API 1.0 (A-REST-35); `verb`: add or delete."""

    id: int
    verb: str
    body: bytes
    remote: str = ""
    real_s: float = 0.0


class HttpRefused(msgspec.Struct, tag_field="action", tag="http_refused", gc=False):
    """An HTTP request that never reached a device: it gets a journal line and changes nothing."""

    status: int
    operation: str
    field: str
    why: str


class Answered(msgspec.Struct, tag_field="action", tag="answered", gc=False):
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


class Tick(msgspec.Struct, tag_field="action", tag="tick"):
    """Time has come to `now`: fire what is due."""


class Restarted(msgspec.Struct, tag_field="action", tag="restarted"):
    """The process that carried the deliveries is gone; a new one took over."""


# The input log decodes into this union. Every member carries its name in `action`, as msgspec wants one tag for all.
Event = Request | FormRequest | HttpRefused | Answered | Tick | Restarted | AnyAction

# --- effects: what goes out -------------------------------------------------------------------------------------------

# (do, options) of the faults that concern how something is sent
SendFaults = tuple[tuple[str, Options], ...]


class Send(msgspec.Struct, gc=False):
    """Carry one attempt of a callback."""

    device: str
    delivery: int
    attempt: int
    url: str
    body: bytes
    content_type: str
    timeout_s: float
    faults: SendFaults = ()


class Reply(msgspec.Struct, gc=False):
    """Answer a held request. `rows` is a part that is rendered by whoever sends it."""

    request: int
    http: int
    body: bytes
    rows: Rows | None = None
    key: str | None = None
    faults: SendFaults = ()
    entry: Entry | None = None


Effect = Send | Reply


class ControlError(Exception):
    """An action that cannot be: HTTP status, code, message and hint."""

    def __init__(self, http: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.http, self.code, self.message, self.hint = http, code, message, hint


def usage(key: str, value: object, allowed: str) -> ControlError:
    """The error for a value that cannot be: names the key, the value and what is allowed."""
    return ControlError(422, "invalid_value", f"{key} = {told(safe(key, value))} is not allowed", f"allowed: {allowed}")
