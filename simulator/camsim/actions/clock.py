"""The menus of a device: users, date, enrolment. Every act is a control action."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.callbacks import upload
from camsim.durations import duration_ms
from camsim.kernel.kernel import Kernel
from camsim.kernel.zones import follow_zone
from camsim.protocol.facts import DateModified
from camsim.protocol.timestamps import gmt

from .device_spec import instant_of, offset_of, usage, writable
from .registry import action, slot_of

MOST_DRIFT_PPM = 100_000  # a tenth: 8,640 seconds a day


class DateSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST devices/{stgid}/date`: a reading, a step in seconds, a zone, a drift (silent), or back to true."""

    to: str | int | None = None
    by: float | str | None = None
    timezone: str | None = None
    drift_ppm: float | None = None
    true: bool = False
    announce: bool = True


@action("date")
def date(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Somebody changes the date in the menu: #2, and later punches use the new clock (C-02)."""
    slot, spec = slot_of(kernel, device), msgspec.convert(args, DateSpec)
    clock = slot.device.clock
    before, offset_before = clock.now_s(kernel.now), clock.offset
    offset = offset_of(spec.timezone, kernel.now) if spec.timezone is not None else clock.offset
    to = kernel.now // 1000 if spec.true else instant_of("to", spec.to, offset)
    to = writable("by", spec.by, before + _step(spec.by)) if spec.by is not None else to
    if spec.drift_ppm is not None and abs(spec.drift_ppm) > MOST_DRIFT_PPM:
        raise usage("drift_ppm", spec.drift_ppm, f"{-MOST_DRIFT_PPM} to {MOST_DRIFT_PPM}")
    if spec.timezone is not None:
        follow_zone(kernel, slot, spec.timezone)
    if to is not None:
        clock.set_to(to, kernel.now)
    if spec.drift_ppm is not None:
        clock.set_to(clock.now_s(kernel.now), kernel.now)
        clock.drift_ppm = spec.drift_ppm
    after = clock.now_s(kernel.now)
    changed = to is not None or spec.timezone is not None
    if spec.announce and changed:
        upload.upload(kernel, slot, DateModified(after, clock.offset, before, offset_before))
    kernel.note(
        slot,
        "control",
        "date",
        verdict="changed",
        why=f"{gmt(before, offset_before)} became {gmt(after, clock.offset)}",
    )
    return {"before": gmt(before, offset_before), "now": gmt(after, clock.offset), "told": spec.announce and changed}


def _step(by: float | str) -> int:
    text, sign = str(by), 1
    if text[:1] in ("+", "-"):
        text, sign = text[1:], -1 if text[0] == "-" else 1
    try:
        return sign * duration_ms(text) // 1000
    except ValueError as problem:
        raise usage("by", by, str(problem)) from None
