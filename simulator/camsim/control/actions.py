"""Control actions, one tagged Struct each: what the control API takes, the input log keeps and scenarios are made of.

A `…Spec` holds what somebody says; the action of that name adds the device it is about. The tag is the member `action`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.protocol.vocabulary import AttendanceType, InputType, Service, TemplateType

from .devices import DeviceSpec
from .ranges import (
    Celsius,
    Drift,
    FaultNumber,
    Generation,
    Moment,
    PunchCount,
    Redetections,
    Reverify,
    Seconds,
    ServiceMoment,
    Step,
    VirtualMs,
)


class Spec(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What somebody says of an action. A misspelt member is an error."""


class Action(Spec, tag_field="action", kw_only=True):
    """An action on the whole simulator."""


class DeviceAction(Action, kw_only=True):
    """An action on one device."""

    # Empty in a body, where the path names the device; the server fills it in.
    device: str = ""


# --- devices ----------------------------------------------------------------------------------------------------------


class AddDevices(Action, tag="add_devices", kw_only=True):
    """Add the devices of one or more descriptions; all or none."""

    devices: list[DeviceSpec]


class RemoveDevice(DeviceAction, tag="remove_device", kw_only=True):
    """Take a device away with its queue."""


class PatchDevice(DeviceAction, tag="patch_device", kw_only=True):
    """Change a device's configuration; only what is given changes."""

    # UNSET is "not given": None is a value here, which takes a URL, a key or the end of a licence away.
    label: str | msgspec.UnsetType = msgspec.UNSET
    callback_url: str | msgspec.UnsetType | None = msgspec.UNSET
    auth_token: str | msgspec.UnsetType = msgspec.UNSET
    security_key: str | msgspec.UnsetType | None = msgspec.UNSET
    licence_start: str | msgspec.UnsetType | None = msgspec.UNSET
    licence_end: str | msgspec.UnsetType | None = msgspec.UNSET
    restful_api: bool | msgspec.UnsetType = msgspec.UNSET
    push_user_data: bool | msgspec.UnsetType = msgspec.UNSET
    push_photo: bool | msgspec.UnsetType = msgspec.UNSET
    handle_response: bool | msgspec.UnsetType = msgspec.UNSET
    direction: str | msgspec.UnsetType | None = msgspec.UNSET
    reverify_s: Reverify | msgspec.UnsetType = msgspec.UNSET
    without_operations: list[str] | msgspec.UnsetType = msgspec.UNSET
    origin_ips: list[str] | msgspec.UnsetType = msgspec.UNSET
    services: dict[Service, tuple[ServiceMoment, ServiceMoment]] | msgspec.UnsetType = msgspec.UNSET
    x_level: bool | msgspec.UnsetType = msgspec.UNSET
    load_punch_log: bool | msgspec.UnsetType = msgspec.UNSET
    load_user_data: bool | msgspec.UnsetType = msgspec.UNSET
    group: str | msgspec.UnsetType = msgspec.UNSET
    timezone: str | msgspec.UnsetType = msgspec.UNSET
    model: str | msgspec.UnsetType = msgspec.UNSET


class OnlineSpec(Spec, kw_only=True):
    """In which order (fifo, lifo, shuffle, interleave) and at what pace the cached records flow.

    `announce_users` None: as the knob reconnect.announce_users says.
    """

    order: str | None = None
    pace: str | Seconds = 0
    announce_users: bool | None = None


class Online(OnlineSpec, tag="online", tag_field="action", kw_only=True):
    """The device is back: cached records flow, waiting commands begin."""

    device: str = ""


class Offline(DeviceAction, tag="offline", kw_only=True):
    """The device loses its connection: it goes on recording, commands wait."""


class PowerCycle(DeviceAction, tag="power_cycle", kw_only=True):
    """Off and on: the log survives, an open enrolment session does not."""


class Uplink(Action, tag="uplink", kw_only=True):
    """The line that callbacks leave by: down, they queue in the gateway. RESTful commands are answered all the same."""

    up: bool = True


class Queue(DeviceAction, tag="queue", kw_only=True):
    """What an operator does with a device's callback queue: hold, resume, retry-now, reset."""

    what: str = ""


# --- people at a device -----------------------------------------------------------------------------------------------


class PunchSpec(Spec, kw_only=True):
    """One object of `POST devices/{stgid}/punches`.

    `at`: LogTime to write; with `count`, `every` apart, the last one at `at`. `ago`: so long before the device's
    now, for retroactive punches; `redetect`: so many more detections a second apart.
    """

    user: str
    type: str = AttendanceType.CHECK_IN
    input: InputType | None = None
    at: str | Moment | None = None
    photo: bool | str = False
    temperature: Celsius | None = None
    mask: bool | None = None
    count: PunchCount = 1
    every: str | Seconds = "1s"
    ago: str | Seconds | None = None
    redetect: Redetections = 0


class Punches(DeviceAction, tag="punches", kw_only=True):
    """People punch; what is answered as recorded is never lost."""

    punches: list[PunchSpec]


class TemplateSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A template of the user menu; without `data` a synthetic one is made."""

    type: TemplateType
    index: int = 0
    data: str | None = None
    generation: Generation = 0


class UserSpec(Spec, kw_only=True):
    """Body of `POST devices/{stgid}/users`.

    `split`: how the change is told (per_template, grouped, by_type, all, seeded), None: as the knob says.
    """

    user: str
    first_name: str | None = None
    last_name: str | None = None
    user_type: str | None = None
    templates: list[TemplateType | TemplateSpec] = msgspec.field(default_factory=list)
    split: str | None = None
    order: str = "fifo"
    announce: bool = True


class PutUser(UserSpec, tag="put_user", tag_field="action", kw_only=True):
    """Somebody adds or edits a user in the device's menu; the changes are told as #3-#9."""

    device: str = ""


class DeleteUser(DeviceAction, tag="delete_user", kw_only=True):
    """Somebody deletes a user in the menu: #1."""

    user: str


class EnrolFinger(DeviceAction, tag="enrol_finger", kw_only=True):
    """Somebody puts a finger on the sensor at an open session, or (`user`) enrols one in the menu: #6."""

    user: str | None = None


class DateSpec(Spec, kw_only=True):
    """Body of `POST devices/{stgid}/date`: a reading, a step in seconds, a zone, a drift (silent), or back to true."""

    to: str | Moment | None = None
    by: Step | str | None = None
    timezone: str | None = None
    drift_ppm: Drift | None = None
    true: bool = False
    announce: bool = True


class Resend(DeviceAction, tag="resend", kw_only=True):
    """Punches of the log are told again, as the API Monitor's button asks (V2:31): LogTimes from `start` to `end`.

    Both ends are included; None is the log's own end.
    """

    start: str | Moment | None = None
    end: str | Moment | None = None


class Date(DateSpec, tag="date", tag_field="action", kw_only=True):
    """Somebody changes the date in the menu: #2, and later punches use the new clock (C-02)."""

    device: str = ""


# --- the gateway ------------------------------------------------------------------------------------------------------


class SetKnobs(Action, tag="knobs", kw_only=True):
    """Another profile, other knobs, or both; all or none. Values are checked by the register."""

    profile: str | None = None
    # Any: a knob is a number, a word, a duration or a list of steps, and the register knows which.
    knobs: dict[str, Any] = msgspec.field(default_factory=dict)


class AddFault(Action, tag="add_fault", kw_only=True):
    """Put one fault in force. Its description is checked by the catalogue of faults, which words what is wrong."""

    fault: dict[str, Any]


class ClearFaults(Action, tag="clear_faults", kw_only=True):
    """Take one fault (`id`) or all of them out; those that knobs imply stay."""

    id: FaultNumber | None = None


class Reset(Action, tag="reset", kw_only=True):
    """Forget: `all`, the `journal` with the ledger, the `faults`, or the `devices`.

    `now`: virtual ms at which the new world begins, None to go on.
    """

    scope: str = "all"
    now: VirtualMs | None = None


class ClearJournal(Action, tag="clear_journal", kw_only=True):
    """Forget the journal's entries; the ledger stays."""


AnyAction = (
    AddDevices
    | RemoveDevice
    | PatchDevice
    | Online
    | Offline
    | PowerCycle
    | Uplink
    | Queue
    | Punches
    | PutUser
    | DeleteUser
    | EnrolFinger
    | Date
    | Resend
    | SetKnobs
    | AddFault
    | ClearFaults
    | Reset
    | ClearJournal
)
