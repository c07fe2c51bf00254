"""Devices made from a description: identity, people, history."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from camsim import chance
from camsim.kernel.events import ControlError
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed
from camsim.kernel.zones import follow_zone
from camsim.protocol import cipher, timestamps
from camsim.protocol.facts import Punch, Template
from camsim.protocol.vocabulary import ConnectionMode, InputType, Protocol, Service, TemplateType
from camsim.state import zones
from camsim.state.device import Device, DeviceClock, LogRow, User
from camsim.state.gateway import DeviceConfig, Slot
from camsim.state.models import Model, UnknownModelError, find
from camsim.synthetic import people as population

DEFAULT_TEMPLATES = (TemplateType.CARD, TemplateType.PASSWORD, TemplateType.FINGERPRINT)
DEFAULT_OFFSET = "+0530"
MOST_USERS = 100_000
DIRECTIONS = ("actual", "first_in_rest_out", "zigzag", "always_in", "always_out")
_URL = re.compile(r"https?://[^\s/?#]+\S*")
FIRST_S, LAST_S = 86_400, 4_105_123_200  # 1970-01-02 to 2100-02-01: at any offset the wire can write it


class DeviceSpec(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`[[devices]]` of a site file and the body of `POST /api/devices`."""

    id: str = "SIM{:05d}"
    count: int = 1
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
    reverify: int = 0
    without_operations: list[str] = msgspec.field(default_factory=list)
    origin_ips: list[str] = msgspec.field(default_factory=list)
    services: dict[Service, tuple[int, int]] = msgspec.field(default_factory=dict)
    x_level: bool = False
    users: int | list[PersonSpec] = 0
    templates: list[TemplateType] | None = None
    logs: int = 0
    online: bool = True


class PersonSpec(msgspec.Struct, forbid_unknown_fields=True):
    """`[[people]]` of a site file."""

    id: str
    first_name: str = ""
    last_name: str = ""
    user_type: str = "User"
    templates: list[TemplateType] | None = None


def usage(key: str, value: Any, allowed: str) -> ControlError:
    """The error for a value that cannot be: names the key, the value and what is allowed."""
    return ControlError(422, "invalid_value", f"{key} = {value!r} is not allowed", f"allowed: {allowed}")


def identifiers(spec: DeviceSpec) -> list[str]:
    """The ids a description stands for: `SIM{:05d}` counts from 1; a plain id stands for one device."""
    if not 1 <= spec.count <= 100_000:
        raise usage("count", spec.count, "1 to 100000")
    if "{" not in spec.id:
        if spec.count > 1:
            raise usage("id", spec.id, f"a pattern such as {spec.id}{{:05d}}, because count is {spec.count}")
        return [spec.id]
    try:
        return [spec.id.format(number) for number in range(1, spec.count + 1)]
    except (ValueError, IndexError, KeyError, AttributeError):
        raise usage("id", spec.id, "one number format in braces, such as SIM{:05d}") from None


def offset_of(zone: str, now_ms: int) -> int:
    """Minutes east of UTC of `+0530` or an IANA zone name at a moment. Raises: ControlError."""
    try:
        return zones.offset_at(zone, now_ms)
    except ValueError:
        raise usage("timezone", zone, "an offset such as +0530 or a zone such as Asia/Kolkata") from None


def instant_of(key: str, text: str | int | float | None, offset: int) -> int | None:
    """UTC seconds of the vendor's text, ISO 8601, or a number of seconds. Raises: ControlError."""
    if text is None:
        return None
    return writable(key, text, int(text) if isinstance(text, (int, float)) else _parsed(key, text, offset))


def _parsed(key: str, text: str, offset: int) -> int:
    try:
        return timestamps.parse(text).instant(offset)
    except timestamps.TimestampError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise usage(key, text, f"a time such as {timestamps.EXAMPLE} or 2020-09-17T07:48:22+05:30") from None
    if moment.tzinfo is None:
        return int(moment.replace(tzinfo=UTC).timestamp()) - offset * 60
    return int(moment.timestamp())


def writable(key: str, value: Any, epoch_s: int) -> int:
    """The moment, if a device can show it. Raises: ControlError."""
    if not FIRST_S <= epoch_s < LAST_S:
        raise usage(key, value, "a moment from 1970-01-02 to January 2100")
    return epoch_s


def is_url(text: str) -> bool:
    """Whether a callback URL can be called at all: http or https, with a host and a port that can exist."""
    try:
        parts = urlsplit(text)
        (parts.hostname or "").encode("idna")
        return _URL.fullmatch(text) is not None and parts.port != 0
    except ValueError:
        return False


def check_config(given: Mapping[str, Any]) -> None:
    """Callback URL and direction rule of a device. Raises: ControlError."""
    url, direction = given.get("callback_url"), given.get("direction")
    if url is not None and not is_url(url):
        raise usage("callback_url", url, "http://host[:port]/path or https://…")
    if direction is not None and direction not in DIRECTIONS:
        raise usage("direction", direction, ", ".join(DIRECTIONS))


def check_spec(spec: DeviceSpec) -> None:
    """What can be wrong with a description whatever the site. Raises: ControlError."""
    identifiers(spec)
    check_config({"callback_url": spec.callback_url, "direction": spec.direction})
    offset = offset_of(spec.timezone, 0)
    for key in ("licence_start", "licence_end"):
        instant_of(key, getattr(spec, key), offset)
    if isinstance(spec.users, int) and not 0 <= spec.users <= MOST_USERS:
        raise usage("users", spec.users, f"0 to {MOST_USERS}")


def build(kernel: Kernel, spec: DeviceSpec, stgid: str, models: Mapping[str, Model]) -> Slot:
    """One device as described. Raises: ControlError."""
    seed = kernel.state.seed
    if not 0 < len(stgid) <= 64 or not stgid.isprintable() or any(c in " ?&#/%" for c in stgid):
        raise usage("id", stgid, "1 to 64 characters without blanks and ? & # / %")
    check_config({"callback_url": spec.callback_url, "direction": spec.direction})
    try:
        model = find(spec.model, models)
        if spec.security_key is not None:
            cipher.check_key(spec.security_key)
    except UnknownModelError as problem:
        raise ControlError(422, "unknown_model", str(problem)) from None
    except ValueError as problem:
        raise usage("security_key", "…", str(problem)) from None
    offset = offset_of(spec.timezone, kernel.now)
    number = chance.draw(seed, stgid, "serial", 0)
    config = DeviceConfig(
        stgid,
        spec.auth_token or chance.token(seed, stgid),
        spec.label if spec.label is not None else f"Device {stgid}",
        spec.serial or f"ZHM{number % 10**10:010d}",
        str(spec.protocol),
        str(spec.mode),
        spec.security_key,
        spec.callback_url,
        instant_of("licence_start", spec.licence_start, offset),
        instant_of("licence_end", spec.licence_end, offset),
        spec.restful_api,
        spec.push_user_data,
        spec.push_photo,
        spec.handle_response,
        spec.direction,
        spec.reverify,
        spec.without_operations,
        origin_ips=spec.origin_ips,
        services={str(name): dates for name, dates in spec.services.items()},
        x_level=spec.x_level,
    )
    mac = "-".join(f"{number >> shift & 255:02X}" for shift in (40, 32, 24, 16, 8, 0))
    skew = int(kernel.policy.clock_offset_s * 1000)
    device = Device(
        stgid, model, config.serial, mac, DeviceClock(offset, skew, kernel.policy.clock_drift_ppm, kernel.now)
    )
    slot = Slot(config, device, online=spec.online, last_connected=kernel.now)
    follow_zone(kernel, slot, spec.timezone)
    _populate(kernel, slot, spec)
    _recall(kernel, slot, spec.logs)
    return slot


def set_licence_timers(kernel: Kernel, slot: Slot) -> None:
    """Wake the queue when the licence or a service begins or ends."""
    services = [moment for service in slot.config.services.values() for moment in service]
    for moment in (slot.config.licence_start, slot.config.licence_end, *services):
        if moment is not None and moment * 1000 > kernel.now:
            kernel.state.timers.set(moment * 1000, "licence", slot.config.stgid)


def is_licensed(slot: Slot, now_ms: int) -> bool:
    """True while the licence of the device runs."""
    return licensed(slot.config, now_ms)


def _populate(kernel: Kernel, slot: Slot, spec: DeviceSpec) -> None:
    wanted = spec.users if isinstance(spec.users, list) else _synthetic(kernel, spec.users)
    for person in wanted:
        kinds = person.templates if person.templates is not None else spec.templates
        enrol(kernel, slot, person, kinds if kinds is not None else list(DEFAULT_TEMPLATES))


def _synthetic(kernel: Kernel, count: int) -> list[PersonSpec]:
    if not 0 <= count <= MOST_USERS:
        raise usage("users", count, f"0 to {MOST_USERS}")
    people = population.people(kernel.state.seed, count)
    return [PersonSpec(p.user_id, p.first_name, p.last_name, str(p.user_type)) for p in people]


def enrol(kernel: Kernel, slot: Slot, person: PersonSpec, kinds: list[TemplateType]) -> User:
    """Put a person on the device with synthetic templates of those kinds that the model stores."""
    device = slot.device
    if device.why_no_room({}) is not None:
        raise usage(
            "users", len(device.users) + 1, f"at most {device.model.capacity.users} on model {device.model.name}"
        )
    user = User(person.id, person.first_name, person.last_name, person.user_type)
    for kind in kinds:
        if device.model.stores(kind) and device.why_no_room({kind: 1}, users=0) is None:
            template = make_template(kernel, person.id, kind)
            user.templates[template.key] = template
    device.put_user(user)
    return user


def make_template(kernel: Kernel, user_id: str, kind: TemplateType, index: int = 0, generation: int = 0) -> Template:
    """A synthetic template; a face is a JPEG or, with `face.format = binary`, the device's own binary (C-07)."""
    if kind is TemplateType.FACE and kernel.policy.face_format == "binary":
        data = b"FACE" + chance.blob(kernel.state.seed, user_id, "face-binary", generation * 10 + index, 26_000)
        return Template(kind, b64encode(data).decode(), str(index), str(len(data)))
    return population.template(kernel.state.seed, user_id, kind, index, generation)


def _recall(kernel: Kernel, slot: Slot, count: int) -> None:
    """Give a device a past: `count` uploaded punches, half a minute apart, the last one a minute ago."""
    device, users = slot.device, list(slot.device.users) or ["1"]
    if not 0 <= count <= device.model.capacity.logs:
        raise usage("logs", count, f"0 to {device.model.capacity.logs} on model {device.model.name}")
    offset, last = device.clock.offset, device.clock.now_s(kernel.now) - 60
    kind = str(device.model.inputs[0] if device.model.inputs else InputType.CARD)
    words = ("CheckIn", "CheckOut")
    for number in range(count):
        moment = last - 30 * (count - 1 - number)
        punch = Punch(users[number % len(users)], moment, offset, words[number // len(users) % 2], kind)
        device.logs.append(LogRow(device.next_number, punch, True))
        device.next_number += 1
