"""Devices are added, configured anew and removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from camsim.callbacks import delivery
from camsim.commands import queue, stopping
from camsim.control.actions import AddDevices, PatchDevice, RemoveDevice
from camsim.control.answers import Added, Changed, Identity, Removed
from camsim.control.devices import DeviceSpec
from camsim.control.ranges import MOST_DEVICES_IN_ALL, MOST_LOGS, MOST_USERS_AT_ONCE
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.kernel.zones import follow_zone
from camsim.protocol import cipher
from camsim.state.gateway import RegisteredDevice
from camsim.state.ledger import Cause
from camsim.state.models import UnknownModelError, find

from .device_spec import build, check_config, check_operations, check_origins, identifiers, set_licence_timers
from .values import instant_of, offset_of


def add_devices(kernel: Kernel, action: AddDevices) -> Added:
    """Add the devices of one or more descriptions; all or none."""
    _check_extent(kernel, action.devices)
    made: dict[str, RegisteredDevice] = {}
    for spec in action.devices:
        for stgid in identifiers(spec):
            if stgid in kernel.state.devices or stgid in made:
                raise ControlError(
                    409, "device_exists", f"device {stgid!r} exists already", "choose another id or DELETE it first"
                )
            made[stgid] = build(kernel, spec, stgid, kernel.models)
    kernel.state.devices.update(made)
    for registered in made.values():
        set_licence_timers(kernel, registered)
    return Added([Identity(one.config.stgid, one.config.auth_token) for one in made.values()])


def _check_extent(kernel: Kernel, specs: Sequence[DeviceSpec]) -> None:
    """One small call could ask for more people than any memory holds. Raises: ControlError."""
    devices = len(kernel.state.devices) + sum(spec.count for spec in specs)
    if devices > MOST_DEVICES_IN_ALL:
        raise usage("count", devices, f"{MOST_DEVICES_IN_ALL} devices in all")
    for key, most in (("users", MOST_USERS_AT_ONCE), ("logs", MOST_LOGS)):
        total = sum(spec.count * _number(getattr(spec, key)) for spec in specs)
        if total > most:
            raise usage(key, total, f"{most} on all devices of one call")


def _number(value: int | Sequence[object]) -> int:
    return value if isinstance(value, int) else len(value)


def remove_device(kernel: Kernel, action: RemoveDevice) -> Removed:
    """Take a device away with its queue; what waited is lost by a named cause."""
    stgid, ledger = action.device, kernel.state.ledger
    registered = kernel.device(stgid)
    delivery.drop_queue(kernel, registered, Cause.REMOVED)
    for row in registered.device.rows():
        if not row.uploaded:
            ledger.lost(stgid, row.number, Cause.REMOVED)
    head = registered.outbox.head()  # under way: drop_queue leaves it
    if head is not None and head.punch is not None:
        ledger.lost(stgid, head.punch, Cause.REMOVED)
    queue.withdraw(kernel, registered, "the device was removed")
    kernel.state.in_flight.pop(stgid, None)
    del kernel.state.devices[stgid]
    return Removed(stgid)


def patch_device(kernel: Kernel, action: PatchDevice) -> Changed:
    """Change a device's configuration; tokens and keys remember their predecessor for the rotation faults."""
    registered, given = kernel.device(action.device), _given(action)
    config, changed = registered.config, set(given)
    _check_patch(kernel, given, config.protocol)
    zone, model = given.pop("timezone", None), given.pop("model", None)
    offset = registered.device.clock.offset
    if zone is not None:
        offset = offset_of(zone, kernel.now)
    for key in ("licence_start", "licence_end"):
        if key in given:
            given[key] = instant_of(key, given[key], offset)
    if given.get("auth_token", config.auth_token) != config.auth_token:
        config.old_token = config.auth_token
    if given.get("security_key", config.security_key) != config.security_key:
        config.old_key = config.security_key
    for key, value in given.items():
        setattr(config, key, value)
    if zone is not None:
        follow_zone(kernel, registered, zone)
    if model is not None:
        registered.device.model = find(model, kernel.models)
    set_licence_timers(kernel, registered)
    stopping.licence_changes(kernel, registered)  # a URL or a licence may be what callbacks and commands waited for
    apart = [key for key in ("timezone", "model") if key in changed]
    return Changed(action.device, [*sorted(given), *apart])


def _given(action: PatchDevice) -> dict[str, Any]:
    given = {key: value for key, value in msgspec.structs.asdict(action).items() if value is not msgspec.UNSET}
    del given["device"]
    return given


def _check_patch(kernel: Kernel, given: dict[str, Any], protocol: str) -> None:
    check_config(given.get("callback_url"), given.get("direction"), given.get("auth_token"), given.get("reverify_s"))
    key = given.get("security_key")
    if key is not None:
        try:
            cipher.check_key(key)
        except ValueError as problem:
            raise usage("security_key", "…", str(problem)) from None
    check_origins(given.get("origin_ips", ()))
    check_operations(given.get("without_operations", ()), protocol)
    if "model" in given:
        try:
            find(given["model"], kernel.models)
        except UnknownModelError as problem:
            raise ControlError(422, "unknown_model", str(problem)) from None
