"""Devices made from a description: identity, people, history. A pure function of its founding, at once or later."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy

import msgspec

from camsim import chance
from camsim.control.devices import DeviceSpec, PersonSpec
from camsim.control.ranges import MOST_USERS
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.protocol import cipher
from camsim.protocol.facts import Punch, Template
from camsim.protocol.vocabulary import TemplateType
from camsim.state.device import Device, DeviceClock, User
from camsim.state.founding import Founding
from camsim.state.gateway import DeviceConfig, RegisteredDevice
from camsim.state.models import UnknownModelError, find
from camsim.state.outbox import Outbox
from camsim.state.sleepers import Press
from camsim.state.zones import next_change
from camsim.synthetic import people as population

from .device_spec import check_config, check_operations, check_origins, check_people
from .values import instant_of, offset_of, user_type_of

DEFAULT_TEMPLATES = (TemplateType.CARD, TemplateType.PASSWORD, TemplateType.FINGERPRINT)
_MAC_BITS = (1 << 48) - 1
_BLOCK_NUMBERS = 1 << 32  # of one device: those of another one that had the same id are never met again


def founded(kernel: Kernel, spec: DeviceSpec, first: int, count: int) -> Founding:
    """A description with what is in force now. Raises: ControlError."""
    check_config(spec.callback_url, spec.direction, spec.auth_token, spec.reverify)
    try:
        model = find(spec.model, kernel.models)
        if spec.security_key is not None:
            cipher.check_key(spec.security_key)
    except UnknownModelError as problem:
        raise ControlError(422, "unknown_model", str(problem)) from None
    except ValueError as problem:
        raise usage("security_key", "…", str(problem)) from None
    check_origins(spec.origin_ips)
    check_operations(spec.without_operations, spec.protocol)
    policy = kernel.policy
    return Founding(
        spec=deepcopy(spec),
        first=first,
        count=count,
        seed=kernel.state.seed,
        now=kernel.now,
        model=model,
        skew_ms=int(policy.clock_offset_s * 1000),
        drift_ppm=policy.clock_drift_ppm,
        face_format=policy.face_format,
    )


class Mould:
    """Makes the devices of a founding, which differ in identity alone. Raises: ControlError for what none can be."""

    def __init__(self, founding: Founding) -> None:
        self.founding, spec = founding, founding.spec
        self._offset = offset_of(spec.timezone, founding.now)
        self._config = _config(spec, self._offset)
        self.zone_change = next_change(spec.timezone, founding.now)
        self._pattern = Device("", founding.model, "", "", self._clock())
        self._populate(spec)
        _check_past(self._pattern, spec.logs)

    @property
    def may_sleep(self) -> bool:
        """Whether nothing happens at its devices by itself, and they are quickly made."""
        config = self._config
        dated = config.services or config.licence_start is not None or config.licence_end is not None
        return not dated and self.zone_change is None and not self.founding.spec.logs

    def cast(self, stgid: str, number: int) -> RegisteredDevice:
        """The device with this id, the `number`th that was ever made."""
        founding, pattern, replace = self.founding, self._pattern, msgspec.structs.replace
        drawn = founding.number(stgid)
        serial = founding.serial(stgid, drawn)
        mac = (drawn & _MAC_BITS).to_bytes(6, "big").hex("-").upper()
        token = founding.token(stgid)
        config = replace(self._config, stgid=stgid, auth_token=token, label=founding.label(stgid), serial=serial)
        device = Device(stgid, founding.model, serial, mac, self._clock())
        device.users = {name: replace(user, templates=dict(user.templates)) for name, user in pattern.users.items()}
        device.counts = dict(pattern.counts)
        device.log.next_block = number * _BLOCK_NUMBERS + 1
        _recall(device, founding.spec.logs, founding.now)
        outbox = Outbox(next_block=number * _BLOCK_NUMBERS + _BLOCK_NUMBERS // 2)
        registered = RegisteredDevice(config, device, outbox, online=founding.spec.online, last_connected=founding.now)
        registered.draws["zone"] = 1  # it follows its zone: see `follow_zone`
        return registered

    def _clock(self) -> DeviceClock:
        founding = self.founding
        return DeviceClock(self._offset, founding.skew_ms, founding.drift_ppm, founding.now)

    def _populate(self, spec: DeviceSpec) -> None:
        """Enrol the people; templates are those of the person, else of the device, else the usual."""
        people = spec.users
        if isinstance(people, int):
            people = _synthetic(self.founding.seed, people)
        else:
            check_people(people)
        usual = list(DEFAULT_TEMPLATES) if spec.templates is None else spec.templates
        for person in people:
            self._enrol(person, usual if person.templates is None else person.templates)

    def _enrol(self, person: PersonSpec, kinds: list[TemplateType]) -> None:
        """Put a person on the device with synthetic templates of those kinds that the model stores."""
        device, founding = self._pattern, self.founding
        if device.why_no_room({}) is not None:
            allowed = f"at most {device.model.capacity.users} on model {device.model.name}"
            raise usage("users", len(device.users) + 1, allowed)
        user = User(person.id, person.first_name, person.last_name, user_type_of(person.user_type))
        for kind in kinds:
            # What the model cannot store or has no room for is left out: one description serves devices of many models.
            if device.model.stores(kind) and device.why_no_room({kind: 1}, users=0) is None:
                template = make_template(founding.seed, founding.face_format, person.id, kind)
                user.templates[template.key] = template
        device.put_user(user)


def press(founding: Founding) -> Press[RegisteredDevice]:
    """What makes the devices of a founding."""
    return Mould(founding).cast


def _config(spec: DeviceSpec, offset: int) -> DeviceConfig:
    """Of any device of a description: without what is its own."""
    return DeviceConfig(
        stgid="",
        auth_token="",
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
        timezone=spec.timezone,
        x_level=spec.x_level,
        load_punch_log=spec.load_punch_log,
        load_user_data=spec.load_user_data,
        group=spec.group,
    )


def _synthetic(seed: int, count: int) -> list[PersonSpec]:
    if not 0 <= count <= MOST_USERS:
        raise usage("users", count, f"0 to {MOST_USERS}")
    people = population.people(seed, count)
    return [PersonSpec(one.user_id, one.first_name, one.last_name, str(one.user_type)) for one in people]


def make_template(
    seed: int, face_format: str, user_id: str, kind: TemplateType, index: int = 0, generation: int = 0
) -> Template:
    """A synthetic template; a face is a JPEG or, with `face.format = binary`, the device's own binary (C-07)."""
    if kind is TemplateType.FACE and face_format == "binary":
        data = b"FACE" + chance.blob(seed, user_id, "face-binary", generation * 10 + index, 26_000)
        return Template(kind, b64encode(data).decode(), str(index), str(len(data)))
    return population.template(seed, user_id, kind, index, generation)


def _check_past(device: Device, count: int) -> None:
    if not 0 <= count <= device.model.capacity.logs:
        raise usage("logs", count, f"0 to {device.model.capacity.logs} on model {device.model.name}")


def _recall(device: Device, count: int, now_ms: int) -> None:
    """Give a device a past: `count` uploaded punches, half a minute apart, the last one a minute ago."""
    if not count:
        return
    users, offset, last = list(device.users) or ["1"], device.clock.offset, device.clock.now_s(now_ms) - 60
    kind = str(device.model.first_input)
    words = ("CheckIn", "CheckOut")
    for number in range(count):
        moment = last - 30 * (count - 1 - number)
        punch = Punch(users[number % len(users)], moment, offset, words[number // len(users) % 2], kind)
        device.remember(punch)
