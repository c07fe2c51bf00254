"""Builds the steps of one run: the frozen bytes of each, in either protocol, encrypted when the device has a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

import msgspec

from camsim.protocol.facts import Fact, Punch, UserDeleted, UserUpdated
from camsim.protocol.v3 import envelope, messages
from camsim.protocol.v3.messages import Message
from camsim.protocol.vocabulary import Protocol

from . import framing_v2
from .cases import ANNOUNCEMENT, Sending, Step
from .run_facts import MINUTE, RunFacts
from .told import Keep, stored, told_v3

__all__ = ["Builder", "stored"]


class Builder(RunFacts):
    """Builds steps of the facts of a run."""

    def message(
        self,
        fact: Fact,
        device: int = 0,
        *,
        operation_id: str | None = None,
        time_s: int | None = None,
        style: messages.Style = messages.DOCUMENTED,
        token: str | None = None,
    ) -> Message:
        """The v3 message of a fact as the page prints it."""
        sender = self.sender(device, token)
        when = self._time_of(fact) if time_s is None else time_s
        return messages.callback(fact, sender, operation_id or self.operation_id(), when, style)

    def _time_of(self, fact: Fact) -> int:
        """The frame's Time, in epoch seconds: later than that of the last message that changed the same person."""
        # No two messages carry one Time: a target that takes it for a key would be told by chance.
        when = self.now + self._operations % MINUTE
        if isinstance(fact, UserUpdated | UserDeleted):
            when = max(when, self._framed.get(fact.user_id, 0) + 1)
            self._framed[fact.user_id] = when
        return when

    def step(
        self,
        fact: Fact,
        device: int = 0,
        what: str = "",
        *,
        operation_id: str | None = None,
        time_s: int | None = None,
        style: messages.Style = messages.DOCUMENTED,
        token: str | None = None,
        keep: Keep = Keep.MUST,
        **sending: Unpack[Sending],
    ) -> Step:
        """A step that reports a fact. Only v3 has OperationID, Time and a style to choose: v2 leaves them out. With a
        `token` of somebody else's nothing may be stored."""
        keep = self.keep_of(fact, token, keep)
        if self.profile.protocol is Protocol.V2:
            steps = framing_v2.steps_of(self, fact, device, what, token=token, keep=keep, **sending)
            if len(steps) != 1:
                raise ValueError(f"{type(fact).__name__} is {len(steps)} messages in v2: use framing_v2.steps_of")
            return steps[0]
        message = self.message(fact, device, operation_id=operation_id, time_s=time_s, style=style, token=token)
        sending.setdefault("told", told_v3(_as_told(fact, style), message, keep))
        return self.json(message, device, what or messages.callback_name(fact), **sending)

    def steps(self, facts: Iterable[Fact]) -> tuple[Step, ...]:
        """A step for each fact, in turn."""
        return tuple(self.step(fact) for fact in facts)

    def json(self, message: object, device: int = 0, what: str = "raw", **sending: Unpack[Sending]) -> Step:
        """A step of a changed message."""
        return self.raw(envelope.encode(message), device, what, **sending)

    def raw(self, plain: bytes, device: int = 0, what: str = "raw", **sending: Unpack[Sending]) -> Step:
        """A step of given bytes, encrypted when the device has a key."""
        key = self.device(device).key
        wire = envelope.seal_v3(plain, key)
        return Step(what=what, plain=plain, wire=wire, device=device, sealed=key is not None, **sending)

    def unsealed(self, plain: bytes, wire: bytes, what: str = "raw", **sending: Unpack[Sending]) -> Step:
        """A step whose bytes travel as they are, whatever key the device has."""
        return Step(what=what, plain=plain, wire=wire, **sending)

    def announce(self, people: Iterable[str]) -> tuple[Step, ...]:
        """Steps that introduce people first, when --announce asks for it."""
        if not self.profile.announce:
            return ()
        return tuple(self.step(self.updated(user), what=ANNOUNCEMENT, judged=False) for user in people)


def _as_told(fact: Fact, style: messages.Style) -> Fact:
    """The fact as a style tells it: one that leaves the temperature out tells none."""
    if isinstance(fact, Punch) and style.temperature in ("absent", "empty"):
        return msgspec.structs.replace(fact, temperature=None)
    return fact
