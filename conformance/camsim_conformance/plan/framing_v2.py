"""Frames facts as v2 requests: a form field with JSON, of which only ApiRequestInfo is encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camsim.protocol.facts import Fact
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v2.messages import Asked, StyleV2
from camsim.protocol.v3.envelope import encode

from .cases import Step

if TYPE_CHECKING:
    from .builder import Maker

CONTENT_TYPE = envelope_v2.CONTENT_TYPE


def messages(
    make: Maker, fact: Fact, device: int = 0, *, token: str | None = None, style: StyleV2 | None = None
) -> list[Any]:
    """The v2 messages of a fact."""
    return messages_v2.callback(fact, make.sender(device, token), style or messages_v2.DOCUMENTED)


def steps_of(
    make: Maker, fact: Fact, device: int = 0, what: str = "", *, token: str | None = None, **more: Any
) -> list[Step]:
    """The steps that tell a fact; what only v3 can shape (OperationID, Time, style) is left out."""
    for name in ("operation_id", "time_s", "style"):
        more.pop(name, None)
    told = what or messages_v2.callback_name(fact)
    return [framed(make, message, device, told, **more) for message in messages(make, fact, device, token=token)]


def framed(make: Maker, message: Any, device: int = 0, what: str = "raw", **more: Any) -> Step:
    """A step of one message."""
    plain = encode(message)
    key = make.device(device).key
    wire = envelope_v2.seal_v2(plain, key)
    return Step(what, plain, wire, device, **{"content_type": CONTENT_TYPE, "sealed": key is not None, **more})


def form(make: Maker, text: bytes, what: str, **more: Any) -> Step:
    """A step whose field holds any bytes, never encrypted."""
    wire = envelope_v2.seal_v2(text, None)
    return Step(what, text, wire, **{"content_type": CONTENT_TYPE, **more})


def lazy(make: Maker, asked: Asked, code: StatusV2) -> Step:
    """A lazy response."""
    message = messages_v2.lazy_response(asked, code, make.sender(), make.ago(30), make.offset)
    return framed(make, message, what=f"lazy {asked.operation}")
