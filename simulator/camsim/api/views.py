"""What the control API shows: the state as plain values, secrets masked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from camsim.actions.device_spec import instant_of
from camsim.kernel.events import ControlError
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed
from camsim.knobs.register import rows as register_rows
from camsim.knobs.register import shown, specs
from camsim.protocol.timestamps import gmt, local
from camsim.service.runtime import Runtime
from camsim.state.device import User
from camsim.state.gateway import Slot
from camsim.state.journal import digest, mask_secret


def slot(kernel: Kernel, stgid: str) -> Slot:
    """The device with this id. Raises: ControlError 404."""
    found = kernel.state.slots.get(stgid)
    if found is None:
        known = ", ".join(list(kernel.state.slots)[:5]) or "none"
        raise ControlError(404, "unknown_device", f"no device {stgid!r}", f"devices: {known}")
    return found


def health(runtime: Runtime, started: float) -> dict[str, Any]:
    """Alive, and how it goes."""
    state = runtime.kernel.state
    return {
        "status": "failed" if runtime.failed else "ok",
        "why": runtime.failed,
        "uptime": round(time.time() - started, 3),
        "seed": state.seed,
        "profile": state.profile,
        "clock": runtime.clock.text,
        "now": runtime.now() / 1000,
        "devices": len(state.slots),
        "uplink": state.uplink,
        "faults": len(state.faults),
        "state_file": str(runtime.store.path) if runtime.store is not None else None,
        "waiting": runtime.waiting(),
    }


def config(runtime: Runtime) -> dict[str, Any]:
    """Profile and every knob in force."""
    state = runtime.kernel.state
    known = specs()
    return {
        "seed": state.seed,
        "profile": state.profile,
        "knobs": {name: shown(known[name], value) for name, value in state.knobs.items()},
    }


def register(knobs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every row of the register; `in_force` has the value of each of its knobs."""
    return [
        {**msgspec.to_builtins(row), "in_force": {spec.knob: shown(spec, knobs[spec.knob]) for spec in row.specs}}
        for row in register_rows()
    ]


def clock(runtime: Runtime) -> dict[str, Any]:
    """Mode, virtual now, next timer and how far jumps may go."""
    due = runtime.kernel.next_due()
    return {
        "mode": runtime.clock.text,
        "now": runtime.now() / 1000,
        "text": gmt(runtime.now() // 1000, 0),
        "next_timer": None if due is None else due / 1000,
        "horizon": runtime.horizon() / 1000,
    }


def device(found: Slot) -> dict[str, Any]:
    """A device in one row."""
    c = found.config
    return {
        "stgid": c.stgid,
        "label": c.label,
        "serial": c.serial,
        "model": found.device.model.name,
        "protocol": c.protocol,
        "mode": c.mode,
        "online": found.online,
        "encrypted": c.security_key is not None,
        "callback_url": c.callback_url,
        "users": len(found.device.users),
        "logs": found.device.log_count,
        "cached": len(found.device.pending),
        "queue": {"state": str(found.outbox.state), "length": len(found.outbox)},
    }


def device_in_full(found: Slot, *, full: bool) -> dict[str, Any]:
    """A device with configuration, capacity, clock and queue; token and key masked unless `full`."""
    c, d = found.config, found.device
    return {
        **device(found),
        "auth_token": c.auth_token if full else mask_secret(c.auth_token),
        "security_key": c.security_key if full else mask_secret(c.security_key),
        "licence": {"start": c.licence_start, "end": c.licence_end},
        "services": {name: {"activation": start, "expiry": end} for name, (start, end) in c.services.items()},
        "origin_ips": c.origin_ips,
        "switches": {
            "restful_api": c.restful_api,
            "push_user_data": c.push_user_data,
            "push_photo": c.push_photo,
            "handle_response": c.handle_response,
            "direction": c.direction,
            "reverify_s": c.reverify_s,
            "x_level": c.x_level,
        },
        "features": {
            "templates": sorted(d.model.templates),
            "inputs": [str(kind) for kind in d.model.inputs],
            "camera": d.model.camera,
            "access_control": d.model.access_control,
            "temperature_sensor": d.model.temperature_sensor,
        },
        "capacity": msgspec.to_builtins(d.model.capacity),
        "counts": {"users": len(d.users), **{str(kind): number for kind, number in d.counts.items()}},
        "clock": {"offset": d.clock.offset, "skew": d.clock.skew_ms / 1000, "drift_ppm": d.clock.drift_ppm},
        "last_connected": found.last_connected / 1000,
        "enrolment": None if d.enrolment is None else d.enrolment.user_id,
    }


def _user(user: User, full: bool) -> dict[str, Any]:
    return {
        "user": user.user_id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "user_type": user.user_type,
        "enabled": user.enabled,
        "templates": [
            {
                "type": str(t.type),
                "index": t.index,
                **({"data": t.data} if full else {"sha256": digest(t.data.encode()), "size": len(t.data)}),
            }
            for t in user.templates.values()
        ],
    }


def _users(kernel: Kernel, found: Slot, query: Mapping[str, str], full: bool) -> Any:
    return {"users": [_user(user, full) for user in found.device.users.values()]}


def _logs(kernel: Kernel, found: Slot, query: Mapping[str, str], full: bool) -> Any:
    offset = found.device.clock.offset
    start = instant_of("start", query.get("start"), offset)
    end = instant_of("end", query.get("end"), offset)
    kept = [
        {
            "number": row.number,
            "user": row.punch.user_id,
            "log_time": gmt(row.punch.log_time, row.punch.offset),
            "type": row.punch.type,
            "input": row.punch.input,
            "uploaded": row.uploaded,
        }
        for row in found.device.rows()
        if (start is None or row.punch.log_time >= start) and (end is None or row.punch.log_time <= end)
    ]
    return {"count": len(kept), "logs": kept}


def _photos(kernel: Kernel, found: Slot, query: Mapping[str, str], full: bool) -> Any:
    return {"count": len(found.device.photos), "photos": [{"log": number} for number in found.device.photos]}


def _access(kernel: Kernel, found: Slot, query: Mapping[str, str], full: bool) -> Any:
    return {
        "access": [
            {
                "user": user.user_id,
                "enabled": user.enabled,
                "start": local(user.access[0], 0) if user.access else None,
                "end": local(user.access[1], 0) if user.access else None,
            }
            for user in found.device.users.values()
        ]
    }


def device_digest(found: Slot) -> str:
    """A hash over everything a command or a person could change on the device."""
    d = found.device
    clock, photos = (d.clock.offset, d.clock.skew_ms), (sorted(d.photos), sorted(d.photo_switch.items()))
    state = (d.model.key, *clock, list(d.users.values()), list(d.rows()), *photos, d.enrolment)
    return hashlib.sha256(msgspec.msgpack.encode(state)).hexdigest()


def _digest(kernel: Kernel, found: Slot, query: Mapping[str, str], full: bool) -> Any:
    return {"digest": device_digest(found), "users": len(found.device.users), "logs": found.device.log_count}


def _queue(kernel: Kernel, found: Slot, query: Mapping[str, str], full: bool) -> Any:
    box, head = found.outbox, found.outbox.head()
    frozen = not licensed(found.config, kernel.now)
    return {
        "received": box.received,
        "queued": len(box),
        "pushed": box.pushed,
        "state": "held" if box.held else "frozen" if frozen else str(box.state),
        "head": None
        if head is None
        else {"delivery": head.id, "operation": head.name, "user": head.user, "attempts": head.attempts},
        "attempts": head.attempts if head is not None else 0,
        "last_attempt": None if box.last_attempt_at is None else box.last_attempt_at / 1000,
        "next_retry": None if box.next_at is None else box.next_at / 1000,
        "why": box.problem,
        "cached_on_device": len(found.device.pending),
    }


View = Callable[[Kernel, Slot, Mapping[str, str], bool], Any]

DEVICE_VIEWS: Mapping[str, View] = {
    "users": _users,
    "logs": _logs,
    "photos": _photos,
    "access": _access,
    "digest": _digest,
    "queue": _queue,
}


def commands(kernel: Kernel, state: str | None) -> list[dict[str, Any]]:
    """RESTful commands on their way to devices."""
    return [
        {
            "device": found.config.stgid,
            "id": pending.id,
            "operation": pending.operation,
            "operation_id": pending.operation_id,
            "state": pending.state,
            "received": pending.received_at / 1000,
            "answered": pending.request is None,
        }
        for found in kernel.state.slots.values()
        for pending in found.commands
        if state is None or pending.state == state
    ]


def metrics(runtime: Runtime) -> str:
    """Counters in the text format of Prometheus."""
    state = runtime.kernel.state
    waiting, summary = runtime.waiting(), state.ledger.summary()
    values = {
        "camsim_devices": len(state.slots),
        "camsim_devices_online": sum(found.online for found in state.slots.values()),
        "camsim_callbacks_pushed_total": sum(found.outbox.pushed for found in state.slots.values()),
        "camsim_callbacks_waiting": waiting["callbacks"],
        "camsim_commands_waiting": waiting["commands"],
        "camsim_journal_entries_total": state.journal.seq,
        **{f"camsim_ledger_{name}": number for name, number in summary.items()},
    }
    return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items())
