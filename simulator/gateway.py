"""The kernel: what gateway and devices know, and `handle(event, now) -> effects`. It does no I/O and reads no clock."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .device import Device
from .faults import Fault
from .journal import Entry, Journal
from .ledger import Ledger
from .models import MODELS, Model
from .outbox import Outbox
from .policy import DOCUMENTED, Policy, compile_policy
from .timers import Timers

# --- state, all of it typed so that it can be stored and restored ---------------------------------------------------


class DeviceConfig(msgspec.Struct):
    """A device as the API Monitor has it. Licence in UTC seconds, offset in minutes, both ends optional."""

    stgid: str
    auth_token: str
    label: str = ""
    serial: str = ""
    protocol: str = "v3"
    mode: str = "native"
    security_key: str | None = None
    callback_url: str | None = None
    licence_start: int | None = None
    licence_end: int | None = None
    restful_api: bool = True
    push_user_data: bool = True
    push_photo: bool = True
    handle_response: bool = True
    direction: str | None = None
    reverify_s: int = 0
    without_operations: list[str] = msgspec.field(default_factory=list)  # not in the plan: 15
    old_token: str = ""
    old_key: str | None = None
    origin_ips: list[str] = msgspec.field(default_factory=list)  # v2: who may call; empty is anybody
    services: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)  # v2: name -> activation, expiry
    timezone: str = ""  # an IANA zone whose daylight saving the device follows, or an offset
    x_level: bool = False  # v2: the plan has EnableMessage and DisableMessage (V2-17)


class PendingCommand(msgspec.Struct):
    """A RESTful command on its way to a device. `request` is the held HTTP call, None once it is answered."""

    id: int
    request: int | None
    plain: bytes
    operation: str
    operation_id: str
    received_at: int
    state: str = "waiting"  # waiting | running | parked
    window_ends: int | None = None
    connected: bool = False
    window_timer: int | None = None
    execute_at: int | None = None
    executed: bool = False
    user: str = ""
    delay_ms: int = 0  # real: the answer is held back so long (fault delay)


class Slot(msgspec.Struct):
    """Everything about one device: its configuration, the device itself, its callback queue and its command queue."""

    config: DeviceConfig
    device: Device
    outbox: Outbox = msgspec.field(default_factory=Outbox)
    commands: list[PendingCommand] = msgspec.field(default_factory=list)
    online: bool = True
    last_connected: int = 0
    deliveries: int = 0
    operation_ids: int = 0
    command_ids: int = 0
    entries: int = 0
    draws: dict[str, int] = msgspec.field(default_factory=dict)
    retry_timer: int | None = None
    pace_ms: int = 0  # between two records of a paced flush
    interleave: bool = False  # live records pass the cached ones (A-CB-12)
    cursors: dict[str, int] = msgspec.field(default_factory=dict)  # v2: where the next page of a load begins


class InFlight(msgspec.Struct, gc=False):
    """What must be remembered of an attempt until it is answered."""

    delivery: int
    attempt: int
    plain: bytes
    wire: bytes
    faults: list[Fault] = msgspec.field(default_factory=list)


class State(msgspec.Struct):
    """The whole world."""

    seed: int = 1
    now: int = 0
    profile: str = "documented"
    knobs: dict[str, Any] = msgspec.field(default_factory=dict)
    slots: dict[str, Slot] = msgspec.field(default_factory=dict)
    timers: Timers = msgspec.field(default_factory=Timers)
    faults: list[Fault] = msgspec.field(default_factory=list)
    fault_ids: int = 0
    uplink: bool = True
    in_flight: dict[str, InFlight] = msgspec.field(default_factory=dict)
    journal: Journal = msgspec.field(default_factory=Journal)
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    control_entries: int = 0
    models: dict[str, Model] = msgspec.field(default_factory=dict)


# --- events: what comes in ------------------------------------------------------------------------------------------


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


# --- effects: what goes out ------------------------------------------------------------------------------------------


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


def licensed(config: DeviceConfig, now_ms: int) -> bool:
    """True while the licence of a device runs; without dates it always does (A-REST-21, A-CB-22).

    A v2 device whose services are told needs AttendanceAPI (V2-29).
    """
    now_s = now_ms // 1000
    runs = (config.licence_start is None or config.licence_start <= now_s) and (
        config.licence_end is None or now_s < config.licence_end
    )
    return runs and subscribed(config, "AttendanceAPI", now_ms)


def subscribed(config: DeviceConfig, service: str, now_ms: int) -> bool:
    """True while a service of a v2 device is active; where none is told, all are."""
    if not config.services:
        return True
    activation, expiry = config.services.get(service, (0, 0))
    return activation <= now_ms // 1000 < expiry
