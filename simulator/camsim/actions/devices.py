"""Control actions: what the management API, the CLI, fixtures and scenarios can do to the gateway and its devices."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.callbacks import delivery
from camsim.commands import queue
from camsim.kernel.events import ControlError
from camsim.kernel.kernel import Kernel
from camsim.kernel.zones import follow_zone
from camsim.protocol import cipher
from camsim.protocol.vocabulary import Service
from camsim.state.gateway import Slot
from camsim.state.ledger import Cause
from camsim.state.models import UnknownModelError, find

from .device_spec import DeviceSpec, build, check_config, identifiers, instant_of, offset_of, set_licence_timers, usage
from .registry import action, slot_of


@action("add_devices")
def add_devices(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Add the devices of one or more descriptions; all or none."""
    specs = msgspec.convert(args["devices"], list[DeviceSpec])
    slots: dict[str, Slot] = {}
    for spec in specs:
        for stgid in identifiers(spec):
            if stgid in kernel.state.slots or stgid in slots:
                raise ControlError(
                    409, "device_exists", f"device {stgid!r} exists already", "choose another id or DELETE it first"
                )
            slots[stgid] = build(kernel, spec, stgid, kernel.models)
    kernel.state.slots.update(slots)
    for slot in slots.values():
        set_licence_timers(kernel, slot)
    return {"devices": [{"stgid": s.config.stgid, "auth_token": s.config.auth_token} for s in slots.values()]}


@action("remove_device")
def remove_device(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Take a device away with its queue; what waited is lost by a named cause."""
    slot = slot_of(kernel, device)
    delivery.drop_queue(kernel, slot, Cause.REMOVED)
    for row in slot.device.rows():
        if not row.uploaded:
            kernel.state.ledger.lost(device, row.number, Cause.REMOVED)
    head = slot.outbox.head()
    if head is not None and head.punch is not None:
        kernel.state.ledger.lost(device, head.punch, Cause.REMOVED)
    queue.withdraw(kernel, slot, "the device was removed")
    kernel.state.in_flight.pop(device, None)
    del kernel.state.slots[device]
    return {"removed": device}


class DevicePatch(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `PATCH devices/{stgid}`; only what is given changes."""

    label: str | msgspec.UnsetType = msgspec.UNSET
    callback_url: str | msgspec.UnsetType | None = msgspec.UNSET
    auth_token: str | msgspec.UnsetType = msgspec.UNSET
    security_key: str | msgspec.UnsetType | None = msgspec.UNSET
    licence_start: str | msgspec.UnsetType | None = msgspec.UNSET
    licence_end: str | msgspec.UnsetType | None = msgspec.UNSET
    restful_api: bool | msgspec.UnsetType = msgspec.UNSET
    push_user_data: bool | msgspec.UnsetType = msgspec.UNSET
    push_photo: bool | msgspec.UnsetType = msgspec.UNSET
    handle_response: bool | msgspec.UnsetType = msgspec.UNSET
    direction: str | msgspec.UnsetType | None = msgspec.UNSET
    reverify_s: int | msgspec.UnsetType = msgspec.UNSET
    without_operations: list[str] | msgspec.UnsetType = msgspec.UNSET
    origin_ips: list[str] | msgspec.UnsetType = msgspec.UNSET
    services: dict[Service, tuple[int, int]] | msgspec.UnsetType = msgspec.UNSET
    x_level: bool | msgspec.UnsetType = msgspec.UNSET
    timezone: str | msgspec.UnsetType = msgspec.UNSET
    model: str | msgspec.UnsetType = msgspec.UNSET


@action("patch_device")
def patch_device(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Change a device's configuration; tokens and keys remember their predecessor for the rotation faults."""
    slot, patch = slot_of(kernel, device), msgspec.convert(args, DevicePatch)
    given = {key: value for key, value in msgspec.structs.asdict(patch).items() if value is not msgspec.UNSET}
    config, clock = slot.config, slot.device.clock
    _check_patch(kernel, given)
    zone, model = given.pop("timezone", None), given.pop("model", None)
    offset = offset_of(zone, kernel.now) if zone is not None else clock.offset
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
        follow_zone(kernel, slot, zone)
    if model is not None:
        slot.device.model = find(model, kernel.models)
    set_licence_timers(kernel, slot)
    delivery.kick(kernel, slot)
    return {
        "stgid": device,
        "changed": sorted(given) + ["timezone"] * (zone is not None) + ["model"] * (model is not None),
    }


def _check_patch(kernel: Kernel, given: dict[str, Any]) -> None:
    check_config(given)
    key = given.get("security_key")
    if key is not None:
        try:
            cipher.check_key(key)
        except ValueError as problem:
            raise usage("security_key", "…", str(problem)) from None
    if "model" in given:
        try:
            find(given["model"], kernel.models)
        except UnknownModelError as problem:
            raise ControlError(422, "unknown_model", str(problem)) from None
