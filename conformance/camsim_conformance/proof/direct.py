"""A run without sockets: the reference receiver is called with the bytes of each step, and faults are put upon it.

Judging is a function of what was sent, answered and stored, so a thousand receivers are judged in the time that sockets
and settle times would take for a few. The run's clock may stand at any moment of any year.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from camsim.readback.model import Capabilities
from camsim.readback.rows import RowReadBack
from camsim.receiver.devices import KnownDevice, Settings
from camsim.receiver.memory.listener import MemoryReceiver
from camsim.receiver.memory.policy import Policy
from camsim.receiver.memory.records import RefusedError, Reply
from camsim_conformance.plan.cases import Step, Transport
from camsim_conformance.readback import ReadBack
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange, NoAnswer
from camsim_conformance.session.session import Session
from camsim_conformance.target.address import Target
from camsim_conformance.target.profile import Profile

SECONDS = 0.001
URL = "http://127.0.0.1:9/callback"
# Puts a fault upon the answer to a step, and upon what the receiver keeps: given the step, and what really answers.
Answering = Callable[[Step], "Answer"]
Answer = Reply | None


class DirectReceiver:
    """The asynchronous reference receiver, called instead of sent to."""

    def __init__(self, devices: Iterable[KnownDevice], key: str | None, policy: Policy | None = None) -> None:
        settings = Settings(devices=tuple(devices), key=key)
        self.receiver = MemoryReceiver(settings, policy)

    async def answer(self, step: Step) -> Reply | None:
        """The answer to a step; None for none."""
        stgid = parse_qs(step.query.lstrip("?&")).get("stgid", [""])[0]
        try:
            reply = await self.receiver.process(step.wire, stgid)
        except RefusedError as refused:
            reply = refused.reply
        return reply if reply.status else None


class DirectClient(Client):
    """Sends by calling."""

    def __init__(self, target: Target, profile: Profile, receiver: DirectReceiver) -> None:
        super().__init__(target, profile)
        self._receiver = receiver

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def send(
        self, step: Step, number: int = 0, *, patience_s: float | None = None, urgent: bool = False
    ) -> Exchange:
        """One copy of a step; nothing is waited for, so nothing is urgent."""
        del patience_s, urgent
        # A body that is cut is never whole, so no receiver acts on it.
        if step.transport is Transport.CUT:
            return Exchange(number, no_answer=NoAnswer.MEANT)
        reply = await self._receiver.answer(step)
        self.answered_at = time.monotonic()
        if step.transport in (Transport.LOST_ACK, Transport.LOST_EARLY):
            return Exchange(number, no_answer=NoAnswer.MEANT)
        if reply is None:
            return Exchange(number, no_answer=NoAnswer.CLOSED, seconds=SECONDS)
        headers = (("Content-Type", reply.content_type or ""),)
        return Exchange(number, reply.status, headers, reply.body, SECONDS)

    async def send_together(self, step: Step, *, patience_s: float, number: int = 0) -> list[Exchange]:
        """All copies of a step, one after another: who is called cannot be called at once."""
        return [await self.send(step, number, patience_s=patience_s) for _ in range(step.copies)]


class DirectReadBack(RowReadBack):
    """Reads the store by calling, through the same pages that the receiver shows over HTTP."""

    name = "direct"

    def __init__(self, receiver: DirectReceiver) -> None:
        self._receiver = receiver.receiver

    def capabilities(self) -> Capabilities:
        """The receiver's own."""
        return self.declared(self._receiver.policy.capabilities(), self.name)

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        """What the receiver shows of these people."""
        show = self._pages()[kind]
        found: list[object] = []
        for user in dict.fromkeys(people):
            found += show(user)
        return found

    def _pages(self) -> Mapping[str, Callable[[str], Sequence[object]]]:
        policy, store = self._receiver.policy, self._receiver.store
        return {
            "punches": lambda user: policy.shown_punches(user, store),
            "templates": lambda user: policy.shown_templates(user, store),
            "users": lambda user: policy.shown_users(user, store),
        }


class DirectSession(Session):
    """A session whose target is called."""

    def __init__(self, profile: Profile, receiver: DirectReceiver, now_s: int) -> None:
        super().__init__(profile, now_s=now_s)
        self._receiver = receiver

    def client(self, target: Target) -> Client:
        """What calls."""
        return DirectClient(target, self.profile, self._receiver)

    def adapter(self) -> ReadBack | None:
        """What reads the store."""
        return DirectReadBack(self._receiver)
