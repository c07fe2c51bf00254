"""What the gateway knows: registered devices with their queues, faults, journal, ledger. All of it can be stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from camsim.protocol.command import Command

from . import blocks
from .device import Device
from .faults import Fault
from .founding import Founding
from .journal import Journal
from .ledger import Ledger
from .ledger_books import Book
from .models import Model
from .outbox import Outbox
from .pieces import Pieces
from .sleepers import Sleepers
from .timers import Timers


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
    origin_ips: list[str] = msgspec.field(default_factory=list)  # who may call; empty is anybody (A-REST-34)
    services: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)  # v2: name -> activation, expiry
    timezone: str = ""  # an IANA zone whose daylight saving the device follows, or an offset
    x_level: bool = False  # v2: the plan has EnableMessage and DisableMessage (V2-17)
    load_punch_log: bool = True  # the log may be read (A-REST-30)
    load_user_data: bool = False  # users may be read (A-REST-28)
    group: str = ""  # devices that take one call at a time together (A-REST-33)


class PendingCommand(msgspec.Struct):
    """A RESTful command on its way to a device. `request` is the held HTTP call, None once it is answered."""

    id: int
    request: int | None
    plain: bytes
    command: Command
    operation_id: str
    received_at: int
    state: str = "waiting"  # waiting | running | parked
    window_ends: int | None = None
    connected: bool = False
    window_timer: int | None = None
    execute_at: int | None = None
    executed: bool = False
    lint: tuple[str, ...] = ()  # what is odd about the request around the command
    delay_ms: int = 0  # real: the answer is held back so long (fault delay)
    stopped: bool = False  # the licence or service ended while it waited: the journal has said so


class RegisteredDevice(msgspec.Struct):
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

    def lose_block(self, number: int) -> str:
        """A block of the log or the queue cannot be read any more; says what it had."""
        log = self.device.log
        if log.blocks is not None and number in log.blocks.held:
            return log.lose_block(number)
        return self.outbox.lose_block(number) or "punches that were to be told again"


class Fleet(Sleepers[RegisteredDevice]):
    """The registered devices by their service tags, in the order in which they were added."""

    __slots__ = ()

    def identities(self) -> Iterator[tuple[str, str]]:
        """Each service tag with its token, in order."""
        for stgid, one in self.survey():
            yield stgid, one.token(stgid) if isinstance(one, Founding) else one.config.auth_token


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
    devices: Fleet = msgspec.field(default_factory=Fleet)
    timers: Timers = msgspec.field(default_factory=Timers)
    faults: list[Fault] = msgspec.field(default_factory=list)
    fault_ids: int = 0
    uplink: bool = True
    in_flight: dict[str, InFlight] = msgspec.field(default_factory=dict)
    journal: Journal = msgspec.field(default_factory=Journal)
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    control_entries: int = 0
    models: dict[str, Model] = msgspec.field(default_factory=dict)
    devices_made: int = 0  # ever: the log of each numbers its blocks from a place of its own


def whole(state: State) -> bytes:
    """The state in one piece, msgpack, with everything that a state file keeps apart."""
    return msgspec.msgpack.encode(state, enc_hook=_whole)


def _whole(value: object) -> object:
    if isinstance(value, Pieces):
        return dict(value.items())
    return blocks.whole(value)


def read_whole(data: bytes) -> State:
    """The state of such bytes. Raises: msgspec.DecodeError, msgspec.ValidationError."""
    return msgspec.msgpack.decode(data, type=State, dec_hook=_read)


def _read(kind: type, value: Any) -> object:
    if issubclass(kind, Pieces):
        of = RegisteredDevice if kind is Fleet else Book
        return kind({name: msgspec.convert(item, of, dec_hook=_read) for name, item in value.items()})
    return blocks.decoded(kind, value)
