"""A person at the device punches: recorded, denied, directed, detected again. Punching is a control action."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim import chance
from camsim.callbacks import formats, upload
from camsim.durations import duration_ms
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import Punch
from camsim.protocol.timestamps import gmt
from camsim.protocol.vocabulary import AttendanceType, InputType
from camsim.state.device import Device
from camsim.state.gateway import Slot
from camsim.state.ledger import Cause, Record
from camsim.synthetic import people

from .device_spec import instant_of, usage, writable
from .registry import action, slot_of


class PunchSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One object of `POST devices/{stgid}/punches`.

    `at`: LogTime to write; with `count`, `every` apart, the last one at `at`. `ago`: so long before the device's
    now, for retroactive punches; `redetect`: so many more detections a second apart.
    """

    user: str
    type: str = AttendanceType.CHECK_IN
    input: InputType | None = None
    at: str | int | None = None
    photo: bool | str = False
    temperature: float | None = None
    mask: bool | None = None
    count: int = 1
    every: str | float = "1s"
    ago: str | float | None = None
    redetect: int = 0


@action("punches")
def punches(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """People punch; what is answered as recorded is never lost."""
    slot = slot_of(kernel, device)
    specs = msgspec.convert(args["punches"], list[PunchSpec])
    prepared = [(spec, *_prepare(kernel, slot, spec)) for spec in specs]
    answers: list[dict[str, Any]] = []
    for spec, every_ms, at in prepared:
        for turn in range(spec.count):
            back = (spec.count - 1 - turn) * every_ms // 1000
            answers.append(_punch(kernel, slot, spec, at, back))
    return {"punches": answers}


def _prepare(kernel: Kernel, slot: Slot, spec: PunchSpec) -> tuple[int, int | None]:
    if not 1 <= spec.count <= 1_000_000:
        raise usage("count", spec.count, "1 to 1000000")
    if spec.type not in (keys := formats.of(slot).keys):
        raise usage("type", spec.type, ", ".join(keys))
    if not 0 <= spec.redetect <= 10:
        raise usage("redetect", spec.redetect, "0 to 10")
    if spec.at is not None and spec.ago is not None:
        raise usage("ago", spec.ago, "at or ago, not both")
    clock = slot.device.clock
    at = instant_of("at", spec.at, clock.offset)
    if spec.ago is not None:
        at = writable("ago", spec.ago, clock.now_s(kernel.now) - _duration("ago", spec.ago) // 1000)
    every, last = _duration("every", spec.every), at if at is not None else clock.now_s(kernel.now)
    writable("count", spec.count, last - (spec.count - 1) * every // 1000)
    return every, at


def _duration(key: str, value: str | float) -> int:
    try:
        return duration_ms(value)
    except ValueError as problem:
        raise usage(key, value, str(problem)) from None


def _punch(kernel: Kernel, slot: Slot, spec: PunchSpec, at: int | None, back_s: int) -> dict[str, Any]:
    device, config = slot.device, slot.config
    offset = device.clock.offset
    log_time = (at if at is not None else device.clock.now_s(kernel.now)) - back_s
    if at is None:
        log_time = _never_twice(device, spec.user, log_time, back_s)
    kind = str(spec.input or (device.model.inputs[0] if device.model.inputs else InputType.CARD))
    answer = {"user": spec.user, "log_time": gmt(log_time, offset), "recorded": False, "why": ""}
    why = device.why_denied(spec.user, kind, log_time, offset)
    if why is None and config.reverify_s and device.repeated(spec.user, log_time, config.reverify_s):
        why = f"user {spec.user} punched less than {config.reverify_s} s ago"
    if why is not None:
        kernel.note(slot, "control", "punch", user=spec.user, verdict="denied", why=why)
        return {**answer, "why": why}
    direction = device.directed(
        spec.user, formats.of(slot).keys[spec.type], log_time, offset, config.direction or kernel.policy.direction
    )
    punch = Punch(
        spec.user, log_time, offset, direction, kind, _temperature(kernel, slot, spec), _mask(kernel, slot, spec)
    )
    number = _record(kernel, slot, punch, spec.photo)
    _redetect(kernel, slot, punch, spec.redetect)
    shown = device.users[spec.user].message  # V2-17
    return {**answer, "recorded": True, "number": number, **({"message": shown} if shown else {})}


def _never_twice(device: Device, user: str, log_time: int, back_s: int) -> int:
    """Nobody punches twice in one second: UserID + LogTime is the key of a punch (v3, FAQ on duplicates).

    A clock that was set back by more than an hour does repeat times.
    """
    last = device.last_punch.get(user)
    return last[0] + 1 if last is not None and 0 <= last[0] - log_time < 3600 + 2 * back_s else log_time


def _temperature(kernel: Kernel, slot: Slot, spec: PunchSpec) -> float | None:
    if not slot.device.model.temperature_sensor:
        return None
    if spec.temperature is not None:
        return spec.temperature
    return (
        36.1 + chance.between(0, 11, kernel.state.seed, slot.config.stgid, "temperature", slot.device.next_number) / 10
    )


def _mask(kernel: Kernel, slot: Slot, spec: PunchSpec) -> bool | None:
    return bool(spec.mask) if slot.device.model.camera else None


def _record(kernel: Kernel, slot: Slot, punch: Punch, photo: bool | str) -> int:
    device, stgid = slot.device, slot.config.stgid
    row, overwritten = device.record(punch)
    kernel.state.ledger.recorded(
        stgid, Record(row.number, punch.user_id, punch.log_time, punch.offset, punch.type, kernel.now)
    )
    if overwritten is not None and not overwritten.uploaded:
        kernel.state.ledger.lost(stgid, overwritten.number, Cause.OVERWRITTEN)
    order = kernel.policy.photo_order
    pictured = device.takes_photo(punch.user_id, bool(photo))
    if pictured:
        picture = photo if isinstance(photo, str) else people.photo(kernel.state.seed, punch.user_id, row.number)
        device.photos[row.number] = picture if isinstance(photo, str) else ""
        fact = device.photo_fact(row, picture)
        if order != "after":
            upload.upload(kernel, slot, fact)
    if pictured and order == "alone":
        kernel.state.ledger.lost(stgid, row.number, Cause.NOT_PUSHED)
        row.uploaded = True
    else:
        upload.upload(kernel, slot, punch, row.number)
    if pictured and order == "after":
        upload.upload(kernel, slot, fact)
    return row.number


def _redetect(kernel: Kernel, slot: Slot, punch: Punch, times: int) -> None:
    """A face camera sees the same person three to five times within seconds (A-DEV-16)."""
    seed, stgid, number = kernel.state.seed, slot.config.stgid, slot.device.next_number
    by_chance = punch.input == InputType.FACE and kernel.policy.redetect
    if by_chance and not times and chance.happens(kernel.policy.redetect, seed, stgid, "redetect", number):
        times = chance.between(2, 4, seed, stgid, "redetections", number)
    for turn in range(times):
        again = msgspec.structs.replace(punch, log_time=punch.log_time + turn + 1)
        _record(kernel, slot, again, False)
