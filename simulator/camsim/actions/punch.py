"""A person at the device punches: recorded, denied, directed, detected again."""

from __future__ import annotations

from base64 import b64decode

import msgspec

from camsim import chance
from camsim.callbacks import upload
from camsim.control.actions import Punches, PunchSpec
from camsim.control.on_device import Punched
from camsim.control.on_device import Punches as Answers
from camsim.control.ranges import MOST_PUNCHES
from camsim.kernel.events import usage
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import Punch
from camsim.protocol.timestamps import gmt
from camsim.protocol.vocabulary import ATTENDANCE_ONLY, InputType
from camsim.state.device import Device
from camsim.state.gateway import RegisteredDevice
from camsim.state.ledger_pages import Cause, Record
from camsim.state.log_blocks import rows_a_block
from camsim.synthetic import people

from .values import instant_of, milliseconds_of, writable

_MOST_REDETECTIONS = 10


def punches(kernel: Kernel, action: Punches) -> Answers:
    """People punch; what is answered as recorded is never lost."""
    registered = kernel.device(action.device)
    total = sum(spec.count * (1 + spec.redetect) for spec in action.punches)
    if total > MOST_PUNCHES:
        raise usage("count", total, f"{MOST_PUNCHES} punches in one call")
    # Every object is checked before the first one punches: all or none.
    prepared = [_prepare(kernel, registered, spec) for spec in action.punches]
    answers: list[Punched] = []
    for spec, (every_ms, at) in zip(action.punches, prepared, strict=True):
        for turn in range(spec.count):
            back_s = (spec.count - 1 - turn) * every_ms // 1000
            answers.append(_punch(kernel, registered, spec, at, back_s))
    return Answers(answers)


def _prepare(kernel: Kernel, registered: RegisteredDevice, spec: PunchSpec) -> tuple[int, int | None]:
    """Milliseconds between the punches of a spec, and the LogTime of its last one where it names one."""
    keys = kernel.protocol(registered).callbacks.keys
    if not 1 <= spec.count <= MOST_PUNCHES:
        raise usage("count", spec.count, f"1 to {MOST_PUNCHES}")
    if spec.type not in keys:
        raise usage("type", spec.type, ", ".join(keys))
    if not 0 <= spec.redetect <= _MOST_REDETECTIONS:
        raise usage("redetect", spec.redetect, f"0 to {_MOST_REDETECTIONS}")
    if isinstance(spec.photo, str) and not _is_jpeg(spec.photo):
        raise usage("photo", spec.photo[:40], "true, false, or a JPEG in Base64 (V3:426)")
    if spec.at is not None and spec.ago is not None:
        raise usage("ago", spec.ago, "at or ago, not both")
    clock = registered.device.clock
    now_s = clock.now_s(kernel.now)
    at = instant_of("at", spec.at, clock.offset)
    if spec.ago is not None:
        at = writable("ago", spec.ago, now_s - milliseconds_of("ago", spec.ago) // 1000)
    every_ms = milliseconds_of("every", spec.every)
    last = now_s if at is None else at
    writable("count", spec.count, last - (spec.count - 1) * every_ms // 1000)  # the earliest of them
    return every_ms, at


def _is_jpeg(photo: str) -> bool:
    """Whether a text is Base64, without line breaks, of what begins as a JPEG does."""
    try:
        return b64decode(photo, validate=True).startswith(b"\xff\xd8\xff")
    except ValueError:
        return False


def _punch(kernel: Kernel, registered: RegisteredDevice, spec: PunchSpec, at: int | None, back_s: int) -> Punched:
    device, config, user = registered.device, registered.config, spec.user
    offset = device.clock.offset
    if at is None:
        log_time = _never_twice(device, user, device.clock.now_s(kernel.now) - back_s, back_s)
    else:
        log_time = at - back_s
    input_type = str(spec.input or device.model.first_input)
    why = _why_denied(registered, user, input_type, log_time)
    if why is not None:
        kernel.note(registered, "control", "punch", user=user, verdict="denied", why=why)
        return Punched(user, gmt(log_time, offset), False, why)
    pressed = kernel.protocol(registered).callbacks.keys[spec.type]
    rule = config.direction or kernel.policy.direction
    punch = Punch(
        user_id=user,
        log_time=log_time,
        offset=offset,
        type=device.directed(user, pressed, log_time, offset, rule),
        input=input_type,
        temperature=_temperature(kernel, registered, spec),
        mask=_mask(registered, spec),
    )
    number = _record(kernel, registered, punch, spec.photo)
    _redetect(kernel, registered, punch, spec.redetect)
    shown = device.users[user].message  # V2-17
    return Punched(user, gmt(log_time, offset), True, "", number, shown)


def _why_denied(registered: RegisteredDevice, user: str, input_type: str, log_time: int) -> str | None:
    device, within_s = registered.device, registered.config.reverify_s
    why = device.why_denied(user, input_type, log_time, device.clock.offset)
    if why is None and within_s and device.repeated(user, log_time, within_s):
        return f"user {user} punched less than {within_s} s ago"
    return why


def _never_twice(device: Device, user: str, log_time: int, back_s: int) -> int:
    """Nobody punches twice in one second: UserID + LogTime is the key of a punch (v3, FAQ on duplicates).

    A clock that was set back by more than an hour does repeat times.
    """
    last = device.last_punch.get(user)
    if last is not None and 0 <= last[0] - log_time < 3600 + 2 * back_s:
        return last[0] + 1
    return log_time


def _temperature(kernel: Kernel, registered: RegisteredDevice, spec: PunchSpec) -> float | None:
    """Degrees Celsius with one decimal, as the page prints them (V3:504); None without a sensor (C-11)."""
    device = registered.device
    if not device.model.temperature_sensor or registered.config.mode in ATTENDANCE_ONLY:
        return None
    if spec.temperature is not None:
        return round(spec.temperature, 1)
    tenths = chance.between(0, 11, kernel.state.seed, device.stgid, "temperature", device.next_number)
    return round(36.1 + tenths / 10, 1)  # a sum of floats has more decimals than the page prints (V3:504)


def _mask(registered: RegisteredDevice, spec: PunchSpec) -> bool | None:
    """Told only where there is a camera (C-11), and not in modes that are attendance only (M-ATTENDANCE)."""
    if not registered.device.model.camera or registered.config.mode in ATTENDANCE_ONLY:
        return None
    return bool(spec.mask)


def _record(kernel: Kernel, registered: RegisteredDevice, punch: Punch, photo: bool | str) -> int:
    """Write a punch into the log and tell it, with its photo before or behind it (C-10). Returns its log number."""
    device, ledger, stgid = registered.device, kernel.state.ledger, registered.config.stgid
    block_rows = rows_a_block(len(kernel.state.devices))
    row, overwritten = device.record(punch, block_rows)
    record = Record(row.number, punch.user_id, punch.log_time, punch.offset, punch.type, kernel.now)
    ledger.recorded(stgid, record, block_rows)
    if overwritten is not None:
        ledger.lost(stgid, overwritten.number, Cause.OVERWRITTEN)
    if not device.takes_photo(punch.user_id, bool(photo)):
        upload.upload(kernel, registered, punch, row.number)
        return row.number
    picture = photo if isinstance(photo, str) else people.photo(kernel.state.seed, punch.user_id, row.number)
    device.photos.add(row.number)
    pictured, order = device.photo_fact(row, picture), kernel.policy.photo_order
    if order != "after":
        upload.upload(kernel, registered, pictured)
    if order == "alone":  # seen in the field: the photo comes and its punch never does (C-10)
        ledger.lost(stgid, row.number, Cause.NOT_PUSHED)
        row.uploaded = True
    else:
        upload.upload(kernel, registered, punch, row.number)
    if order == "after":
        upload.upload(kernel, registered, pictured)
    return row.number


def _redetect(kernel: Kernel, registered: RegisteredDevice, punch: Punch, times: int) -> None:
    """A face camera sees the same person three to five times within seconds (A-DEV-16)."""
    seed, stgid, number = kernel.state.seed, registered.config.stgid, registered.device.next_number
    by_chance = punch.input == InputType.FACE and kernel.policy.redetect
    if by_chance and not times and chance.happens(kernel.policy.redetect, seed, stgid, "redetect", number):
        times = chance.between(2, 4, seed, stgid, "redetections", number)
    for turn in range(times):
        again = msgspec.structs.replace(punch, log_time=punch.log_time + turn + 1)
        _record(kernel, registered, again, False)
