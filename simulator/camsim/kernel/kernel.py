"""The kernel: what gateway and devices know, and `handle(event, now) -> effects`. It does no I/O and reads no clock."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from camsim.knobs.policy import DOCUMENTED, Policy, compile_policy
from camsim.state.faults import Fault
from camsim.state.gateway import Slot, State
from camsim.state.journal import Entry
from camsim.state.models import MODELS, Model

from .events import Effect, Event, Tick


@dataclass
class Kernel:
    """The state, its compiled policy and what the event at hand has produced so far."""

    state: State = field(default_factory=State)
    policy: Policy = DOCUMENTED
    effects: list[Effect] = field(default_factory=list)
    result: Any = None

    @classmethod
    def restore(cls, state: State) -> Kernel:
        """Go on from a stored state as if nothing had happened (invariant 8)."""
        return cls(state, compile_policy(state.knobs))

    def use_knobs(self, knobs: Mapping[str, Any]) -> None:
        """Put resolved knobs in force; faults that knobs imply are made anew."""
        self.state.knobs = dict(knobs)
        self.policy = compile_policy(knobs)
        self.state.faults = [fault for fault in self.state.faults if not fault.implied]
        for where, do, probability in self.policy.implied_faults:
            self.state.fault_ids += 1
            self.state.faults.append(Fault(self.state.fault_ids, where, do, when={"p": probability}, implied=True))

    @property
    def models(self) -> Mapping[str, Model]:
        """Built-in models and those the site describes."""
        return {**MODELS, **self.state.models} if self.state.models else MODELS

    @property
    def now(self) -> int:
        """Virtual milliseconds since 1970."""
        return self.state.now

    def handle(self, event: Event, now: int) -> list[Effect]:
        """Take one event in; time never runs backwards (invariant 10). Raises: ControlError, from Control events."""
        state = self.state
        if now > state.now:
            state.now = now
        self.effects, self.result = [], None
        HANDLERS[type(event)](self, event)
        return self.effects

    def next_jump(self) -> int | None:
        """When the next work or retry timer is due, virtual ms."""
        return self.state.timers.next_jump()

    def next_due(self) -> int | None:
        """When the next timer of any class is due, virtual ms."""
        return self.state.timers.next_due()

    def count(self, slot: Slot, purpose: str) -> int:
        """The device's own counter for a kind of draw."""
        number = slot.draws[purpose] = slot.draws.get(purpose, 0) + 1
        return number

    def note(self, slot: Slot | None, direction: str, operation: str, **members: Any) -> Entry:
        """Write a journal entry."""
        journal = self.state.journal
        journal.seq += 1
        if slot is None:
            self.state.control_entries += 1
            device, number = "", self.state.control_entries
        else:
            slot.entries += 1
            device, number = slot.config.stgid, slot.entries
        entry = Entry(journal.seq, self.state.now, device, number, direction, operation, **members)
        journal.add(entry)
        return entry

    def striking(
        self, where: str, device: str, operation: str, user: str, kinds: Container[str] | None = None
    ) -> tuple[Fault, ...]:
        """The faults that strike on this occasion, of certain kinds or of any; each is counted."""
        state = self.state
        if not state.faults:
            return ()
        return tuple(
            fault
            for fault in state.faults
            if fault.where == where
            and (kinds is None or fault.do in kinds)
            and fault.strikes(state.seed, device, operation, user, state.now)
        )


HANDLERS: dict[type, Callable[[Kernel, Any], None]] = {}


def handles(kind: type) -> Callable[[Callable[[Kernel, Any], None]], Callable[[Kernel, Any], None]]:
    """Register the function that takes events of a kind in."""

    def register(function: Callable[[Kernel, Any], None]) -> Callable[[Kernel, Any], None]:
        HANDLERS[kind] = function
        return function

    return register


TIMERS: dict[str, Callable[[Kernel, Slot, int], None]] = {}


def fires(kind: str) -> Callable[[Callable[[Kernel, Slot, int], None]], Callable[[Kernel, Slot, int], None]]:
    """Register what a kind of timer does."""

    def register(function: Callable[[Kernel, Slot, int], None]) -> Callable[[Kernel, Slot, int], None]:
        TIMERS[kind] = function
        return function

    return register


@handles(Tick)
def _tick(kernel: Kernel, event: Tick) -> None:
    while (timer := kernel.state.timers.pop_due(kernel.now)) is not None:
        _, _, kind, device, reference = timer
        slot = kernel.state.slots.get(device)
        if slot is not None:
            TIMERS[kind](kernel, slot, reference)
