"""What the control API shows: the state as its answers, secrets masked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from camsim.control import answers, on_device, records
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import runs
from camsim.knobs import register as readings
from camsim.protocol.facts import Template
from camsim.protocol.timestamps import gmt, local
from camsim.protocol.vocabulary import Service
from camsim.secrecy import SHORT, Secrets, digest, mask_secret
from camsim.service import standstill
from camsim.service.runtime import Runtime
from camsim.state.device import User
from camsim.state.gateway import PendingCommand, RegisteredDevice

from . import log_views


def _seconds(at_ms: int | None) -> float | None:
    """The kernel counts virtual milliseconds, the control API seconds."""
    return None if at_ms is None else at_ms / 1000


# --- the simulator ----------------------------------------------------------------------------------------------------


def health(runtime: Runtime, started: float, gateway_url: str = "") -> answers.Health:
    """Alive, and how it goes."""
    state = runtime.kernel.state
    return answers.Health(
        status="failed" if runtime.failed else "ok",
        why=runtime.failed,
        uptime=round(time.time() - started, 3),
        seed=state.seed,
        profile=state.profile,
        clock=runtime.clock.text,
        now=runtime.now() / 1000,
        devices=len(state.devices),
        uplink=state.uplink,
        faults=len(state.faults),
        state_file=None if runtime.durable is None else str(runtime.durable.store.path),
        waiting=runtime.waiting(),
        gateway_url=gateway_url,
    )


def config(runtime: Runtime) -> answers.Config:
    """Profile and every knob in force."""
    state, specs = runtime.kernel.state, readings.specs()
    knobs = {name: readings.shown(specs[name], value) for name, value in state.knobs.items()}
    return answers.Config(state.seed, state.profile, knobs)


def register(knobs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every row of the register; `in_force` has the value of each of its knobs."""
    shown = []
    for row in readings.rows():
        in_force = {spec.knob: readings.shown(spec, knobs[spec.knob]) for spec in row.specs}
        shown.append({**msgspec.to_builtins(row), "in_force": in_force})
    return shown


def clock(runtime: Runtime) -> answers.ClockView:
    """Mode, virtual now, next timer and how far jumps may go."""
    now = runtime.now()
    return answers.ClockView(
        mode=runtime.clock.text,
        now=now / 1000,
        text=gmt(now // 1000, 0),
        next_timer=_seconds(runtime.kernel.next_due()),
        horizon=runtime.horizon() / 1000,
        out=standstill.out_now(runtime.kernel, runtime.courier),
        silent=round(standstill.silent_s(runtime.courier), 3),
        held=runtime.holding,
        moving=runtime.moving,
    )


# --- devices ----------------------------------------------------------------------------------------------------------


def _shown(text: str, secrets: Secrets | None) -> str:
    return text if secrets is None else secrets.text(text)


def device(registered: RegisteredDevice, secrets: Secrets | None) -> answers.Device:
    """A device in one row; its callback URL as it is where `secrets` is None."""
    config, terminal, outbox = registered.config, registered.device, registered.outbox
    return answers.Device(
        stgid=config.stgid,
        label=config.label,
        serial=config.serial,
        model=terminal.model.name,
        protocol=config.protocol,
        mode=config.mode,
        online=registered.online,
        encrypted=config.security_key is not None,
        callback_url=None if config.callback_url is None else _shown(config.callback_url, secrets),
        users=len(terminal.users),
        logs=terminal.log_count,
        cached=len(terminal.pending),
        queue=answers.QueueState(str(outbox.state), len(outbox)),
    )


def device_in_full(registered: RegisteredDevice, secrets: Secrets | None) -> answers.DeviceDetails:
    """A device with configuration, capacity, clock and queue; token and key as they are where `secrets` is None."""
    config, terminal = registered.config, registered.device
    model, device_clock = terminal.model, terminal.clock
    services = config.services.items()
    return answers.DeviceDetails(
        **msgspec.structs.asdict(device(registered, secrets)),
        auth_token=config.auth_token if secrets is None else str(mask_secret(config.auth_token)),
        security_key=config.security_key if secrets is None else mask_secret(config.security_key),
        licence={"start": config.licence_start, "end": config.licence_end},
        services={name: {"activation": start, "expiry": end} for name, (start, end) in services},
        origin_ips=config.origin_ips,
        switches={
            "restful_api": config.restful_api,
            "push_user_data": config.push_user_data,
            "push_photo": config.push_photo,
            "handle_response": config.handle_response,
            "direction": config.direction,
            "reverify_s": config.reverify_s,
            "x_level": config.x_level,
            "load_punch_log": config.load_punch_log,
            "load_user_data": config.load_user_data,
            "group": config.group,
        },
        features={
            "templates": sorted(model.templates),
            "inputs": [str(kind) for kind in model.inputs],
            "camera": model.camera,
            "access_control": model.access_control,
            "temperature_sensor": model.temperature_sensor,
        },
        capacity=msgspec.to_builtins(model.capacity),
        counts={"users": len(terminal.users), **{str(kind): number for kind, number in terminal.counts.items()}},
        clock={
            "offset": device_clock.offset,
            "skew": device_clock.skew_ms / 1000,
            "drift_ppm": device_clock.drift_ppm,
        },
        last_connected=registered.last_connected / 1000,
        enrolment=None if terminal.enrolment is None else terminal.enrolment.user_id,
    )


def users(registered: RegisteredDevice, *, full: bool) -> on_device.Users:
    """Users on a device; template data hashed, cards and PINs hidden, unless `full`."""
    return on_device.Users([_user(user, full=full) for user in registered.device.users.values()])


def _user(user: User, *, full: bool) -> on_device.User:
    return on_device.User(
        user=user.user_id,
        first_name=user.first_name,
        last_name=user.last_name,
        user_type=user.user_type,
        enabled=user.enabled,
        templates=tuple(_template(template, full=full) for template in user.templates.values()),
    )


def _template(template: Template, *, full: bool) -> on_device.StoredTemplate:
    kind, data = str(template.type), template.data
    if full:
        return on_device.StoredTemplate(kind, template.index, data=data)
    # A hash of so few characters as a card or a PIN has would tell it.
    sha256 = digest(data.encode()) if len(data) > SHORT else ""
    return on_device.StoredTemplate(kind, template.index, sha256=sha256, size=len(data))


def photos(registered: RegisteredDevice) -> on_device.Photos:
    """Photos that a device still has, by log number."""
    kept = registered.device.photos
    return on_device.Photos(len(kept), [on_device.Photo(number) for number in kept])


def access(registered: RegisteredDevice) -> on_device.AccessWindows:
    """Access windows in wall-clock time."""
    return on_device.AccessWindows([_window(user) for user in registered.device.users.values()])


def _window(user: User) -> on_device.Access:
    if user.access is None:
        return on_device.Access(user.user_id, user.enabled, None, None)
    start, end = user.access
    return on_device.Access(user.user_id, user.enabled, local(start, 0), local(end, 0))


def device_digest(registered: RegisteredDevice) -> str:
    """A hash over everything a command or a person could change on the device."""
    return next(text for text in log_views.digest_steps(registered) if text)


# --- queues and commands ----------------------------------------------------------------------------------------------


def queue(registered: RegisteredDevice, now_ms: int, secrets: Secrets | None) -> records.Queue:
    """The callback queue of a device: what it does, and why it waits."""
    box, waiting = registered.outbox, registered.outbox.head()
    state = str(box.state)
    if box.held:
        state = "held"
    elif _is_frozen(registered, now_ms):
        state = "frozen"  # A-CB-22, V2-29
    head, attempts = None, 0
    if waiting is not None:
        head, attempts = records.Head(waiting.id, waiting.name, waiting.user, waiting.attempts), waiting.attempts
    return records.Queue(
        received=box.received,
        queued=len(box),
        pushed=box.pushed,
        state=state,
        head=head,
        attempts=attempts,
        last_attempt=_seconds(box.last_attempt_at),
        next_retry=_seconds(box.next_at),
        why=None if box.problem is None else _shown(box.problem, secrets),
        cached_on_device=len(registered.device.pending),
    )


def _is_frozen(registered: RegisteredDevice, now_ms: int) -> bool:
    """The licence does not run, or AttendanceAPI, the service of punches, or nothing but set-aside callbacks waits."""
    box, config = registered.outbox, registered.config
    return not runs(config, Service.ATTENDANCE, now_ms) or bool(box.aside and len(box) == len(box.aside))


def commands(kernel: Kernel, secrets: Secrets | None, state: str | None = None) -> list[records.Command]:
    """RESTful commands on their way to devices, of one state or of any."""
    shown = []
    for registered in kernel.state.devices.awake_look():
        for pending in registered.commands:
            if state is None or pending.state == state:
                shown.append(_command(registered, pending, secrets))
    return shown


def _command(registered: RegisteredDevice, pending: PendingCommand, secrets: Secrets | None) -> records.Command:
    return records.Command(
        device=registered.config.stgid,
        id=pending.id,
        operation=pending.command.name,
        operation_id=_shown(pending.operation_id, secrets),
        state=pending.state,
        received=pending.received_at / 1000,
        answered=pending.request is None,
    )
