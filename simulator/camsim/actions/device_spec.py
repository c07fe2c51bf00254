"""Devices made from a description: identity, people, history."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence

from camsim import chance
from camsim.control.devices import DeviceSpec, PersonSpec
from camsim.control.ranges import MOST_DEVICES, MOST_REVERIFY_S, MOST_USERS
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.kernel.zones import follow_zone
from camsim.protocol import cipher
from camsim.protocol.catalogue import COMMANDS, V2_COMMANDS
from camsim.protocol.facts import Punch, Template
from camsim.protocol.live import SYNC_WORDS, USER_INFO
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.state.device import Device, DeviceClock, LogRow, User
from camsim.state.gateway import DeviceConfig, RegisteredDevice
from camsim.state.models import Model, UnknownModelError, find
from camsim.synthetic import people as population

from .values import instant_of, is_address, is_url, offset_of, user_id_of, user_type_of

DEFAULT_TEMPLATES = (TemplateType.CARD, TemplateType.PASSWORD, TemplateType.FINGERPRINT)
# The id goes on the wire as `?stgid=`, and live gateways escape nothing (A-CB-10); a plus sign would be a blank there.
_NOT_IN_A_QUERY = frozenset(" ?&#/%+")
_PATTERN = re.compile(r"([^{}]*)\{0?(?::((?:[0-9A-Za-z._-]?[<>=^])?[0-9]{0,2}[dxX]?))?\}([^{}]*)")
_LONGEST_ID = 64
DIRECTIONS = ("actual", "first_in_rest_out", "zigzag", "always_in", "always_out")


def identifiers(spec: DeviceSpec) -> list[str]:
    """The ids a description stands for: `SIM{:05d}` counts from 1; a plain id stands for one device."""
    if not 1 <= spec.count <= MOST_DEVICES:
        raise usage("count", spec.count, f"1 to {MOST_DEVICES}")
    if len(spec.id) > 2 * _LONGEST_ID:
        raise usage("id", spec.id, f"1 to {_LONGEST_ID} characters")
    if "{" not in spec.id and "}" not in spec.id:
        if spec.count > 1:
            raise usage("id", spec.id, f"a pattern such as {spec.id}{{:05d}}, because count is {spec.count}")
        return [spec.id]
    # By hand and not by `str.format`, whose formats reach into attributes and make texts of any length.
    found = _PATTERN.fullmatch(spec.id)
    if found is None:
        raise usage("id", spec.id, "one number format in braces with a width below 100, such as SIM{:05d}")
    before, form, after = found[1], found[2] or "d", found[3]
    return [f"{before}{number:{form}}{after}" for number in range(1, spec.count + 1)]


def check_config(
    callback_url: str | None, direction: str | None, auth_token: str | None = None, reverify: int | None = None
) -> None:
    """Callback URL, direction rule, token and re-verification of a device; None is not given. Raises: ControlError."""
    if callback_url is not None and not is_url(callback_url):
        raise usage("callback_url", callback_url, "http://host[:port]/path or https://…")
    if direction is not None and direction not in DIRECTIONS:
        raise usage("direction", direction, ", ".join(DIRECTIONS))
    if reverify is not None and not 0 <= reverify <= MOST_REVERIFY_S:
        raise usage("reverify", reverify, f"seconds, 0 to {MOST_REVERIFY_S}")
    if auth_token is not None and not auth_token.strip():  # an empty one would let everybody in who sends an empty one
        raise usage("auth_token", auth_token, "a text that is not empty; the vendor's have 32 characters (V3:146)")


def check_spec(spec: DeviceSpec) -> None:
    """What can be wrong with a description whatever the site. Raises: ControlError."""
    identifiers(spec)
    check_config(spec.callback_url, spec.direction, spec.auth_token, spec.reverify)
    offset = offset_of(spec.timezone, 0)
    for key in ("licence_start", "licence_end"):
        instant_of(key, getattr(spec, key), offset)
    if isinstance(spec.users, int) and not 0 <= spec.users <= MOST_USERS:
        raise usage("users", spec.users, f"0 to {MOST_USERS}")
    if isinstance(spec.users, list):
        check_people(spec.users)
    check_origins(spec.origin_ips)
    check_operations(spec.without_operations, spec.protocol)


def check_people(people: Sequence[PersonSpec]) -> None:
    """Ids and kinds that a device can have, nobody twice (A-DEV-01, A-DEV-03). Raises: ControlError."""
    known: set[str] = set()
    for number, person in enumerate(people):
        where = f"users[{number}]"
        user_id_of(f"{where}.id", person.id)
        user_type_of(person.user_type, f"{where}.user_type")
        if person.id in known:
            raise usage(f"{where}.id", person.id, "each person once")
        known.add(person.id)


def check_origins(addresses: Sequence[str]) -> None:
    """Who may send commands (A-REST-34). Raises: ControlError."""
    for address in addresses:
        if not is_address(address):
            raise usage("origin_ips", address, "addresses such as 127.0.0.1 or ::1, in their short form")


def check_operations(names: Sequence[str], protocol: str) -> None:
    """Operations that a plan may lack: commands of the device's protocol by their names. Raises: ControlError."""
    known = {*V2_COMMANDS}
    if protocol == Protocol.V3:
        known = {*(row.name for row in COMMANDS), *SYNC_WORDS, USER_INFO}
    for name in names:
        if name not in known and not (protocol == Protocol.V3 and name.startswith("AddUser[")):
            raise usage("without_operations", name, ", ".join(sorted(known)))


def build(kernel: Kernel, spec: DeviceSpec, stgid: str, models: Mapping[str, Model]) -> RegisteredDevice:
    """One device as described. Raises: ControlError."""
    if not 0 < len(stgid) <= _LONGEST_ID or not stgid.isprintable() or not _NOT_IN_A_QUERY.isdisjoint(stgid):
        raise usage("id", stgid, "1 to 64 characters without blanks and ? & # / % +")
    check_config(spec.callback_url, spec.direction, spec.auth_token, spec.reverify)
    try:
        model = find(spec.model, models)
        if spec.security_key is not None:
            cipher.check_key(spec.security_key)
    except UnknownModelError as problem:
        raise ControlError(422, "unknown_model", str(problem)) from None
    except ValueError as problem:
        raise usage("security_key", "…", str(problem)) from None
    check_origins(spec.origin_ips)
    check_operations(spec.without_operations, spec.protocol)
    # One draw makes serial and MAC, so that both stay those of the id, whatever else a site describes.
    number = chance.draw(kernel.state.seed, stgid, "serial", 0)
    config = _config(kernel, spec, stgid, spec.serial or f"ZHM{number % 10**10:010d}")
    mac = "-".join(f"{number >> shift & 255:02X}" for shift in (40, 32, 24, 16, 8, 0))
    clock = DeviceClock(
        offset=offset_of(spec.timezone, kernel.now),
        skew_ms=int(kernel.policy.clock_offset_s * 1000),
        drift_ppm=kernel.policy.clock_drift_ppm,
        drift_since=kernel.now,
    )
    device = Device(stgid, model, config.serial, mac, clock)
    registered = RegisteredDevice(config, device, online=spec.online, last_connected=kernel.now)
    follow_zone(kernel, registered, spec.timezone)
    _populate(kernel, registered, spec)
    _recall(kernel, registered, spec.logs)
    return registered


def _config(kernel: Kernel, spec: DeviceSpec, stgid: str, serial: str) -> DeviceConfig:
    offset = offset_of(spec.timezone, kernel.now)
    return DeviceConfig(
        stgid=stgid,
        auth_token=spec.auth_token or chance.token(kernel.state.seed, stgid),
        label=f"Device {stgid}" if spec.label is None else spec.label,
        serial=serial,
        protocol=str(spec.protocol),
        mode=str(spec.mode),
        security_key=spec.security_key,
        callback_url=spec.callback_url,
        licence_start=instant_of("licence_start", spec.licence_start, offset),
        licence_end=instant_of("licence_end", spec.licence_end, offset),
        restful_api=spec.restful_api,
        push_user_data=spec.push_user_data,
        push_photo=spec.push_photo,
        handle_response=spec.handle_response,
        direction=spec.direction,
        reverify_s=spec.reverify,
        without_operations=spec.without_operations,
        origin_ips=spec.origin_ips,
        services={str(name): dates for name, dates in spec.services.items()},
        x_level=spec.x_level,
        load_punch_log=spec.load_punch_log,
        load_user_data=spec.load_user_data,
        group=spec.group,
    )


def set_licence_timers(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Wake the queue when the licence or a service begins or ends."""
    services = [moment for service in registered.config.services.values() for moment in service]
    for moment in (registered.config.licence_start, registered.config.licence_end, *services):
        if moment is not None and moment * 1000 > kernel.now:
            kernel.state.timers.set(moment * 1000, "licence", registered.config.stgid)


def _populate(kernel: Kernel, registered: RegisteredDevice, spec: DeviceSpec) -> None:
    """Enrol the people of a description; templates are those of the person, else of the device, else the usual."""
    people = spec.users
    if isinstance(people, int):
        people = _synthetic(kernel, people)
    else:
        check_people(people)
    usual = spec.templates
    if usual is None:
        usual = list(DEFAULT_TEMPLATES)
    for person in people:
        enrol(kernel, registered, person, usual if person.templates is None else person.templates)


def _synthetic(kernel: Kernel, count: int) -> list[PersonSpec]:
    if not 0 <= count <= MOST_USERS:
        raise usage("users", count, f"0 to {MOST_USERS}")
    people = population.people(kernel.state.seed, count)
    return [PersonSpec(one.user_id, one.first_name, one.last_name, str(one.user_type)) for one in people]


def enrol(kernel: Kernel, registered: RegisteredDevice, person: PersonSpec, kinds: list[TemplateType]) -> User:
    """Put a person on the device with synthetic templates of those kinds that the model stores."""
    device = registered.device
    if device.why_no_room({}) is not None:
        allowed = f"at most {device.model.capacity.users} on model {device.model.name}"
        raise usage("users", len(device.users) + 1, allowed)
    user = User(person.id, person.first_name, person.last_name, user_type_of(person.user_type))
    for kind in kinds:
        # What the model cannot store or has no room for is left out: one description serves devices of many models.
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


def _recall(kernel: Kernel, registered: RegisteredDevice, count: int) -> None:
    """Give a device a past: `count` uploaded punches, half a minute apart, the last one a minute ago."""
    device, users = registered.device, list(registered.device.users) or ["1"]
    if not 0 <= count <= device.model.capacity.logs:
        raise usage("logs", count, f"0 to {device.model.capacity.logs} on model {device.model.name}")
    offset, last = device.clock.offset, device.clock.now_s(kernel.now) - 60
    kind = str(device.model.first_input)
    words = ("CheckIn", "CheckOut")
    for number in range(count):
        moment = last - 30 * (count - 1 - number)
        punch = Punch(users[number % len(users)], moment, offset, words[number // len(users) % 2], kind)
        device.logs.append(LogRow(device.next_number, punch, True))
        device.next_number += 1  # not by `record`: directions and re-verification look back on punches of today alone
