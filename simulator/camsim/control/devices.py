"""What a description of devices and people may say: `[[devices]]` of a site file and `POST devices`."""

from __future__ import annotations

import msgspec

from camsim.protocol.vocabulary import ConnectionMode, Protocol, Service, TemplateType

from .ranges import DeviceCount, LogCount, Reverify, ServiceMoment, UserCount

DEFAULT_OFFSET = "+0530"


class PersonSpec(msgspec.Struct, forbid_unknown_fields=True):
    """`[[people]]` of a site file."""

    id: str
    first_name: str = ""
    last_name: str = ""
    user_type: str = "User"
    templates: list[TemplateType] | None = None


class DeviceSpec(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One description; `id` may be a pattern such as SIM{:05d} for `count` devices.

    `licence_start`, `licence_end`: times in the vendor's or ISO notation; `reverify` in seconds; `users`: so many
    synthetic people, or these; `logs`: a past of so many punches.
    """

    id: str = "SIM{:05d}"
    count: DeviceCount = 1
    model: str = "f38+"
    mode: ConnectionMode = ConnectionMode.NATIVE
    protocol: Protocol = Protocol.V3
    label: str | None = None
    serial: str | None = None
    timezone: str = DEFAULT_OFFSET
    callback_url: str | None = None
    auth_token: str | None = None
    security_key: str | None = None
    licence_start: str | None = None
    licence_end: str | None = None
    restful_api: bool = True
    push_user_data: bool = True
    push_photo: bool = True
    handle_response: bool = True
    direction: str | None = None
    reverify: Reverify = 0
    without_operations: list[str] = msgspec.field(default_factory=list)
    origin_ips: list[str] = msgspec.field(default_factory=list)
    services: dict[Service, tuple[ServiceMoment, ServiceMoment]] = msgspec.field(default_factory=dict)
    x_level: bool = False
    load_punch_log: bool = True
    load_user_data: bool = False
    group: str = ""
    users: UserCount | list[PersonSpec] = 0
    templates: list[TemplateType] | None = None
    logs: LogCount = 0
    online: bool = True
