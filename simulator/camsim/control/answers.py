"""What the control API answers about the simulator and its devices.

Times are virtual seconds since 1970 unless said otherwise.
The server encodes these values and the client decodes them, so the two cannot drift apart. Members stand in the order
in which they are written; a member with a default is left out where a docstring says so.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """An answer; a client ignores members that a newer simulator adds."""


# --- the simulator ----------------------------------------------------------------------------------------------------


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
    state_file: str | None
    waiting: Waiting
    gateway_url: str = ""


class Version(Answer, frozen=True):
    """`GET version`."""

    version: str
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


class Register(Answer, frozen=True):
    """`GET register`: the readings; each row has the value in force of each of its knobs."""

    profile: str
    rows: list[dict[str, Any]]


class Reset(Answer, frozen=True):
    """What was forgotten: `all`, `journal`, `faults` or `devices`."""

    reset: str


class Uplink(Answer, frozen=True):
    """Whether the gateway reaches its customers."""

    up: bool


class Out(Answer, frozen=True):
    """A callback that is out: `real_s` real seconds so far."""

    device: str
    operation: str
    user: str
    attempt: int
    real_s: float


class ClockView(Answer, frozen=True):
    """`GET clock`: `text` is now in the vendor's notation, `horizon` how far jumps may go.

    Why time stands: `out` (the oldest callbacks first, five at most), `silent` real seconds since one was answered,
    RESTful calls `held` until time passes, and whether somebody is `moving` the clock.
    """

    mode: str
    now: float
    text: str
    next_timer: float | None
    horizon: float
    out: list[Out] = []
    silent: float = 0.0
    held: int = 0
    moving: bool = False


class Moved(Answer, frozen=True):
    """What happened while time moved: timers fired, callbacks attempted, and what still waits."""

    now: float
    fired: int
    deliveries: int
    waiting: Waiting


# --- devices ----------------------------------------------------------------------------------------------------------


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


class Devices(Answer, frozen=True):
    """`GET devices`."""

    devices: list[Device]


class DeviceDetails(Device, frozen=True):
    """`GET devices/{stgid}`; token and key are masked unless the simulator shows everything.

    `licence`: start and end, UTC seconds, None for ever; `services` (v2): activation and expiry of each; `switches`: as
    in the API Monitor; `features`, `capacity`: of the model; `clock`: offset in minutes, skew in seconds, drift_ppm.
    """

    auth_token: str
    security_key: str | None
    licence: dict[str, int | None]
    services: dict[str, dict[str, int]]
    origin_ips: list[str]
    switches: dict[str, bool | int | str | None]
    features: dict[str, bool | list[str]]
    capacity: dict[str, int]
    counts: dict[str, int]
    clock: dict[str, float]
    last_connected: float
    enrolment: str | None


class Identity(Answer, frozen=True):
    """What a customer needs to know of a new device."""

    stgid: str
    auth_token: str


class Added(Answer, frozen=True):
    """`POST devices`: what was made, in the order of the descriptions."""

    devices: list[Identity]


class Changed(Answer, frozen=True):
    """`PATCH devices/{stgid}`: the names of what was given."""

    stgid: str
    changed: list[str]


class Removed(Answer, frozen=True):
    """`DELETE devices/{stgid}`."""

    removed: str


class Connection(Answer, frozen=True):
    """A device came or went; `cached` records wait on it, or flow now that it is online."""

    stgid: str
    online: bool
    cached: int = 0
