"""What the management API answers, typed. Times are virtual seconds since 1970 unless said otherwise."""

from __future__ import annotations

from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """An answer; members that a newer simulator adds are ignored."""


class Waiting(Answer, frozen=True):
    """What is not done: callbacks queued, commands on their way, records cached on devices, the next timer."""

    callbacks: int
    commands: int
    cached: int
    next_timer: float | None = None


class Health(Answer, frozen=True):
    """`GET health`. `uptime` in real seconds; `why` when the state could not be written."""

    status: str
    why: str
    uptime: float
    seed: int
    profile: str
    clock: str
    now: float
    devices: int
    uplink: bool
    faults: int
    waiting: Waiting
    state_file: str | None = None
    gateway_url: str = ""


class Config(Answer, frozen=True):
    """`GET config`: every knob in force, as people write it."""

    seed: int
    profile: str
    knobs: dict[str, Any]


class Applied(Answer, frozen=True):
    """`PATCH config`: profile and knobs from now on."""

    profile: str
    knobs: dict[str, Any]


class ClockView(Answer, frozen=True):
    """`GET clock`: `text` is now in the vendor's notation, `horizon` how far jumps may go."""

    mode: str
    now: float
    text: str
    next_timer: float | None
    horizon: float


class Moved(Answer, frozen=True):
    """What happened while time moved: timers fired, callbacks attempted, and what still waits."""

    now: float
    fired: int
    deliveries: int
    waiting: Waiting


class QueueState(Answer, frozen=True):
    """State (`idle`, `sending`, `hold`) and length of a callback queue."""

    state: str
    length: int


class Device(Answer, frozen=True):
    """A row of `GET devices`. `users`, `logs`: on the device now; `cached`: not yet received by the gateway."""

    stgid: str
    label: str
    serial: str
    model: str
    protocol: str
    mode: str
    online: bool
    encrypted: bool
    callback_url: str | None
    users: int
    logs: int
    cached: int
    queue: QueueState


class DeviceDetails(Device, frozen=True):
    """`GET devices/{stgid}`; token and key are masked unless the simulator shows everything."""

    auth_token: str
    security_key: str | None
    licence: dict[str, int | None]
    switches: dict[str, Any]
    features: dict[str, Any]
    capacity: dict[str, Any]
    counts: dict[str, int]
    clock: dict[str, float]
    last_connected: float
    enrolment: str | None


class Identity(Answer, frozen=True):
    """What a customer needs to know of a new device."""

    stgid: str
    auth_token: str


class Punched(Answer, frozen=True):
    """One punch. `why` says why the device did not record it; what it did record is never lost."""

    user: str
    log_time: str
    recorded: bool
    why: str
    number: int | None = None


class Head(Answer, frozen=True):
    """The callback at the head of a queue."""

    delivery: int
    operation: str
    user: str
    attempts: int


class Queue(Answer, frozen=True):
    """`GET …/queue`: `why` says why the last answer was no acknowledgement."""

    received: int
    queued: int
    pushed: int
    state: str
    head: Head | None
    attempts: int
    last_attempt: float | None
    next_retry: float | None
    why: str | None
    cached_on_device: int


class StoredTemplate(Answer, frozen=True):
    """A template on a device; `data` only from a simulator that shows everything."""

    type: str
    index: str | None = None
    sha256: str = ""
    size: int = 0
    data: str | None = None


class User(Answer, frozen=True):
    """A user on a device."""

    user: str
    first_name: str
    last_name: str
    user_type: str
    enabled: bool
    templates: tuple[StoredTemplate, ...] = ()


class Edited(Answer, frozen=True):
    """A user added or edited in the menu, and by how many callbacks that is told."""

    user: str
    new: bool
    callbacks: int
    index: str | None = None


class LogRow(Answer, frozen=True):
    """A record of the punch log; `uploaded` once the gateway has it."""

    number: int
    user: str
    log_time: str
    type: str
    input: str
    uploaded: bool


class Access(Answer, frozen=True):
    """A user's access window in the device's wall-clock time."""

    user: str
    enabled: bool
    start: str | None
    end: str | None


class Digest(Answer, frozen=True):
    """A hash over everything a command or a person could change on the device."""

    digest: str
    users: int
    logs: int


class Dated(Answer, frozen=True):
    """The device's clock before and after; `told` when a callback says so."""

    before: str
    now: str
    told: bool


class Came(Answer, frozen=True):
    """A device came or went; `cached` records flow once it is online."""

    stgid: str
    online: bool
    cached: int = 0


class Fault(Answer, frozen=True, rename={"options": "with"}):
    """A fault in force; `hits` of `seen` occasions were struck; `options` is `with` on the wire."""

    id: int
    where: str
    do: str
    match: dict[str, str]
    when: dict[str, Any]
    options: dict[str, Any]
    hits: int
    seen: int
    from_knob: bool = False
