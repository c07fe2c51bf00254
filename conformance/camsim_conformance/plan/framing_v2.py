"""Frames facts as v2 requests: a form field with JSON, of which only ApiRequestInfo is encrypted."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

from camsim.protocol.facts import AttendancePhoto, Fact, UserUpdated
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v2.messages import Asked, StyleV2
from camsim.protocol.v3.envelope import encode
from camsim.protocol.v3.messages import Message

from .cases import Sending, Step
from .run_facts import RunFacts
from .told import Deed, Keep, Told, told_v2

CONTENT_TYPE = envelope_v2.CONTENT_TYPE


def messages(
    run: RunFacts, fact: Fact, device: int = 0, *, token: str | None = None, style: StyleV2 = messages_v2.DOCUMENTED
) -> list[Message]:
    """The v2 messages of a fact."""
    return messages_v2.callback(fact, run.sender(device, token), style)


def steps_of(
    run: RunFacts,
    fact: Fact,
    device: int = 0,
    what: str = "",
    *,
    token: str | None = None,
    keep: Keep = Keep.MUST,
    style: StyleV2 = messages_v2.DOCUMENTED,
    **sending: Unpack[Sending],
) -> list[Step]:
    """The steps that report a fact."""
    name = what or messages_v2.callback_name(fact)
    steps = []
    for message in messages(run, fact, device, token=token, style=style):
        told = told_v2(fact, message, run.keep_of(fact, token, keep))
        steps.append(replace(framed(run, message, device, name, **sending), told=told))
    return steps


def framed(run: RunFacts, message: Message, device: int = 0, what: str = "raw", **sending: Unpack[Sending]) -> Step:
    """A step of one message."""
    plain = encode(message)
    key = run.device(device).key
    sending.setdefault("content_type", CONTENT_TYPE)
    wire = envelope_v2.seal_v2(plain, key)
    return Step(what=what, plain=plain, wire=wire, device=device, sealed=key is not None, **sending)


def told_step(run: RunFacts, message: Message, user: str, **sending: Unpack[Sending]) -> Step:
    """A step of a changed ManuallyUserUpdated, told as it is written."""
    fact = UserUpdated(user, "", "", "", int(message["ApiRequestInfo"]["OperationTime"]) - run.offset * 60, run.offset)
    sending.setdefault("told", told_v2(fact, message))
    return framed(run, message, what="ManuallyUserUpdated", **sending)


def altered(run: RunFacts, fact: Fact, device: int = 0, *, drop: str = "", **members: object) -> Step:
    """A step of a fact's only message with members of ApiRequestInfo changed or dropped."""
    message = messages(run, fact, device)[0]
    message["ApiRequestInfo"].update(members)
    message["ApiRequestInfo"].pop(drop, None)
    return framed(run, message, device, what="altered")


def as_punch(run: RunFacts, photo: AttendancePhoto, device: int = 0) -> Step:
    """A photo under the operation of a punch, which is the only one that the page names for it (V2:79)."""
    message = messages(run, photo, device)[0]
    message["ApiRequestInfo"]["Operation"] = "RealTimePunchLog"
    told = told_v2(photo, message)
    return framed(run, message, device, "RealTimePunchLog", told=told, values={"photo-as": "punch"})


def form(text: bytes, what: str) -> Step:
    """A step whose field holds any bytes, never encrypted."""
    return Step(what=what, plain=text, wire=envelope_v2.seal_v2(text, None), content_type=CONTENT_TYPE)


def body(raw: bytes, what: str) -> Step:
    """A step whose whole body is these bytes."""
    return Step(what=what, plain=raw, wire=raw, content_type=CONTENT_TYPE)


def lazy(run: RunFacts, asked: Asked, code: StatusV2) -> Step:
    """A lazy response. It tells that a command was done: nothing of it has to be stored."""
    at = run.ago(30)
    message = messages_v2.lazy_response(asked, code, run.sender(), at, run.offset)
    told = Told(Deed.LAZY, asked.user_id, at, run.offset, keep=Keep.MAY)
    return framed(run, message, what=f"lazy {asked.operation}", told=told)
