"""The kernel: what gateway and devices know, and `handle(event, now) -> effects`. It does no I/O and reads no clock."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

from camsim.control.actions import AnyAction
from camsim.control.answers import Answer
from camsim.knobs.policy import DOCUMENTED, Policy, compile_policy
from camsim.protocol.facts import Fact, UserUpdated
from camsim.state.device import User
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, RegisteredDevice, State
from camsim.state.journal import Entry, Members
from camsim.state.models import MODELS, Model
from camsim.state.outcome import Outcome

from .events import ControlError, Effect, Event, Request


@dataclass(frozen=True, slots=True)
class CallbackFormat:
    """How a version tells what happened at a device.

    `render`: a fact as (operation name, frozen plain bytes), one or more; `seal`: the bytes on the wire and their
    type; `name`: the operation that tells a fact; `introduce`: a user (at, offset, split, with names) as facts;
    `keys`: what a person can press at a punch, and the Type it is recorded as.
    """

    render: Callable[[Kernel, RegisteredDevice, Fact], list[tuple[str, bytes]]]
    seal: Callable[[str | None, bytes, Policy], tuple[bytes, str]]
    name: Callable[[Fact], str]
    introduce: Callable[[User, int, int, str, bool], list[UserUpdated]]
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CommandProtocol:
    """How a version takes a command in, hands it to the device and answers it.

    `receive`: a request is refused or queued; `begin`: waiting commands go to an online device; `take`: one that has
    been answered goes to its device; `through`: the device is through with one; `expire`: its window ends;
    `answer_outcome`: tell what became of one, False when the device keeps silent; `unlicensed`: the licence or service
    ended while somebody waits for it, and why.
    """

    receive: Callable[[Kernel, Request], None]
    begin: Callable[[Kernel, RegisteredDevice], None]
    take: Callable[[Kernel, RegisteredDevice, PendingCommand], None]
    through: Callable[[Kernel, RegisteredDevice, PendingCommand], None]
    expire: Callable[[Kernel, RegisteredDevice, PendingCommand], None]
    answer_outcome: Callable[[Kernel, RegisteredDevice, PendingCommand, Outcome], bool]
    unlicensed: Callable[[Kernel, RegisteredDevice, PendingCommand, str], None]


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """A row of the table of protocol versions. `path`: where its RESTful requests are posted."""

    path: str
    callbacks: CallbackFormat
    commands: CommandProtocol


@dataclass(frozen=True, slots=True)
class Tables:
    """What the kernel does with each kind of event, timer and action, and how each protocol version words it."""

    events: Mapping[type, Callable[[Kernel, Any], None]]
    timers: Mapping[str, Callable[[Kernel, RegisteredDevice, int], None]]
    actions: Mapping[type, Callable[[Kernel, Any], Answer]]
    protocols: Mapping[str, ProtocolVersion]


@dataclass
class Kernel:
    """The state, its compiled policy and what the event at hand has produced so far; `camsim.engine` makes one."""

    tables: Tables
    state: State = field(default_factory=State)
    policy: Policy = DOCUMENTED
    effects: list[Effect] = field(default_factory=list)

    # --- events in ----------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now: int) -> list[Effect]:
        """Take one event in; time never runs backwards (invariant 10). Raises: ControlError, from actions."""
        self._begin(now)
        if type(event) in self.tables.actions:
            self.tables.actions[type(event)](self, event)
        else:
            self.tables.events[type(event)](self, event)
        return self.effects

    def act(self, action: AnyAction, now: int) -> tuple[Answer, list[Effect]]:
        """Carry out an action for somebody who waits for its answer. Raises: ControlError; nothing has changed then."""
        self._begin(now)
        return self.tables.actions[type(action)](self, action), self.effects

    def _begin(self, now: int) -> None:
        self.state.now = max(self.state.now, now)
        self.effects = []

    def tick(self) -> None:
        """Fire every timer that is due."""
        while (timer := self.state.timers.pop_due(self.now)) is not None:
            _, _, kind, device, reference = timer
            registered = self.state.devices.get(device)
            if registered is not None:  # the timers of a removed device fire into nothing
                self.tables.timers[kind](self, registered, reference)

    # --- what is known ------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Virtual milliseconds since 1970."""
        return self.state.now

    @property
    def models(self) -> Mapping[str, Model]:
        """Built-in models and those the site describes, which may go by the name of a built-in one."""
        return {**MODELS, **self.state.models} if self.state.models else MODELS

    def device(self, stgid: str) -> RegisteredDevice:
        """The device with this id. Raises: ControlError 404."""
        registered = self.state.devices.get(stgid)
        if registered is None:
            known = ", ".join(list(self.state.devices)[:5]) or "none"
            raise ControlError(404, "unknown_device", f"no device {stgid!r}", f"devices: {known}")
        return registered

    def peek(self, stgid: str) -> RegisteredDevice:
        """The device with this id, only to look at. Raises: ControlError 404."""
        registered = self.state.devices.peek(stgid)
        return self.device(stgid) if registered is None else registered

    def protocol(self, registered: RegisteredDevice) -> ProtocolVersion:
        """How the protocol version of a device words callbacks and commands."""
        return self.tables.protocols[registered.config.protocol]

    def next_jump(self) -> int | None:
        """When the next work or retry timer is due, virtual ms."""
        return self.state.timers.next_jump()

    def next_due(self) -> int | None:
        """When the next timer of any class is due, virtual ms."""
        return self.state.timers.next_due()

    # --- what every room needs ----------------------------------------------------------------------------------------

    def use_knobs(self, knobs: Mapping[str, Any]) -> None:
        """Put resolved knobs in force; faults that knobs imply are made anew."""
        self.state.knobs = dict(knobs)
        self.policy = compile_policy(knobs)
        self.state.faults = [fault for fault in self.state.faults if not fault.implied]
        for where, do, probability in self.policy.implied_faults:
            self.state.fault_ids += 1
            self.state.faults.append(Fault(self.state.fault_ids, where, do, when={"p": probability}, implied=True))

    def count(self, registered: RegisteredDevice, purpose: str) -> int:
        """The device's own counter for a kind of draw."""
        number = registered.draws[purpose] = registered.draws.get(purpose, 0) + 1
        return number

    def note(
        self, registered: RegisteredDevice | None, direction: str, operation: str, **members: Unpack[Members]
    ) -> Entry:
        """Write a journal entry; `registered` is None for what concerns no device."""
        journal = self.state.journal
        journal.seq += 1
        if registered is None:
            self.state.control_entries += 1
            device, number = "", self.state.control_entries
        else:
            registered.entries += 1
            device, number = registered.config.stgid, registered.entries
        entry = Entry(journal.seq, self.state.now, device, number, direction, operation, **members)
        journal.add(entry)
        return entry

    def matching_faults(
        self, where: str, device: str, operation: str, user: str, kinds: Container[str] | None = None
    ) -> tuple[Fault, ...]:
        """The faults that strike on this occasion, of certain kinds or of any; each is counted."""
        # Hot: asked several times a callback. Without faults nothing may be looked at.
        state = self.state
        if not state.faults:
            return ()
        struck = []
        for fault in state.faults:
            if fault.where != where or (kinds is not None and fault.do not in kinds):
                continue  # before `strikes`, which counts the occasion
            if fault.strikes(state.seed, device, operation, user, state.now):
                struck.append(fault)
        return tuple(struck)
