"""Control actions: what the management API, the CLI, fixtures and scenarios can do to the gateway and its devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from . import dispatch, faults, queueing, uploading, zones
from .fleet import DeviceSpec, build, check_config, identifiers, instant_of, offset_of, set_licence_timers, usage
from .gateway import Control, ControlError, Kernel, Slot, handles
from .journal import Journal
from .ledger import Cause, Ledger
from .models import UnknownModelError, find
from .profiles import KnobError, duration_ms, resolve
from .protocol import cipher
from .protocol.vocabulary import Service
from .timers import Timers

Action = Callable[[Kernel, str, dict[str, Any]], Any]
ACTIONS: dict[str, Action] = {}
ORDERS = ("fifo", "lifo", "shuffle", "shuffled", "interleave")


def action(name: str) -> Callable[[Action], Action]:
    """Register a control action."""

    def register(function: Action) -> Action:
        ACTIONS[name] = function
        return function

    return register


@handles(Control)
def _control(kernel: Kernel, event: Control) -> None:
    try:
        kernel.result = ACTIONS[event.action](kernel, event.device, event.args)
    except msgspec.ValidationError as problem:
        raise ControlError(
            422, "invalid_value", str(problem), f"action {event.action}: see the documentation of its body"
        ) from None


def slot_of(kernel: Kernel, stgid: str) -> Slot:
    """The device with this id. Raises: ControlError 404."""
    slot = kernel.state.slots.get(stgid)
    if slot is None:
        known = ", ".join(list(kernel.state.slots)[:5]) or "none"
        raise ControlError(404, "unknown_device", f"no device {stgid!r}", f"devices: {known}")
    return slot


# --- devices ----------------------------------------------------------------------------------------------------------


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
    dispatch.drop_queue(kernel, slot, Cause.REMOVED)
    for row in slot.device.rows():
        if not row.uploaded:
            kernel.state.ledger.lost(device, row.number, Cause.REMOVED)
    head = slot.outbox.head()
    if head is not None and head.punch is not None:
        kernel.state.ledger.lost(device, head.punch, Cause.REMOVED)
    queueing.withdraw(kernel, slot, "the device was removed")
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
        zones.follow(kernel, slot, zone)
    if model is not None:
        slot.device.model = find(model, kernel.models)
    set_licence_timers(kernel, slot)
    dispatch.kick(kernel, slot)
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


@action("offline")
def offline(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """The device loses its connection: it goes on recording, commands wait."""
    slot = slot_of(kernel, device)
    if slot.online:
        slot.online, slot.last_connected = False, kernel.now
        queueing.connection_lost(kernel, slot)
    return {"stgid": device, "online": False}


class OnlineSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST devices/{stgid}/online`: in which order and at what pace the cached records flow."""

    order: str | None = None
    pace: str | float = 0
    announce_users: bool | None = None  # None: as reconnect.announce_users says


@action("online")
def online(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """The device is back: cached records flow, waiting commands begin."""
    slot, spec = slot_of(kernel, device), msgspec.convert(args, OnlineSpec)
    order = spec.order or kernel.policy.flush_order
    if order not in ORDERS:
        raise usage("order", order, ", ".join(ORDERS))
    try:
        pace = duration_ms(spec.pace)
    except ValueError as problem:
        raise usage("pace", spec.pace, str(problem)) from None
    was, cached = slot.online, len(slot.device.pending)
    slot.online, slot.last_connected = True, kernel.now
    if not was:
        if kernel.policy.announce_users if spec.announce_users is None else spec.announce_users:
            uploading.announce_users(kernel, slot)
        uploading.flush(kernel, slot, order, pace)
        queueing.begin(kernel, slot)
    return {"stgid": device, "online": True, "cached": cached}


@action("power_cycle")
def power_cycle(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Off and on: the log survives, an open enrolment session does not; the device reconnects at once."""
    slot = slot_of(kernel, device)
    slot.device.enrolment = None
    was_online = slot.online
    offline(kernel, device, {})
    return online(kernel, device, {}) if was_online else {"stgid": device, "online": False}


@action("uplink")
def uplink(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Cut the gateway off from the customers, or connect it again: callbacks queue meanwhile."""
    kernel.state.uplink = bool(args["up"])
    if kernel.state.uplink:
        for slot in kernel.state.slots.values():
            dispatch.kick(kernel, slot)
    return {"up": kernel.state.uplink}


# --- queue ------------------------------------------------------------------------------------------------------------


@action("queue")
def queue(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """What an operator can do with a device's callback queue: hold, resume, retry-now, reset."""
    slot, what = slot_of(kernel, device), args["what"]
    if what not in ("hold", "resume", "retry-now", "reset"):
        raise usage("queue", what, "hold, resume, retry-now, reset")
    answer: dict[str, Any] = {"stgid": device, "did": what}
    if what in ("hold", "resume"):
        slot.outbox.held = what == "hold"
    elif what == "reset":
        answer["dropped"] = dispatch.drop_queue(kernel, slot, Cause.RESET)
    if what in ("retry-now", "resume"):
        slot.outbox.retry_now(kernel.now)
    dispatch.kick(kernel, slot)
    kernel.note(slot, "control", f"queue {what}", verdict="done")
    return answer


# --- knobs, faults, reset ---------------------------------------------------------------------------------------------


@action("knobs")
def knobs(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Change the profile, knobs, or both; all or none."""
    try:
        profile, wanted = args.get("profile", kernel.state.profile), args.get("knobs", {})
        if not isinstance(wanted, dict):
            raise usage("knobs", wanted, "an object of knob names and values")
        base = resolve(profile)
        if "profile" not in args:
            base.values.update(kernel.state.knobs)
        base.update(wanted)
    except KnobError as problem:
        raise ControlError(422, "invalid_knob", str(problem), "GET register lists every knob") from None
    kernel.state.profile = str(base.profile)
    kernel.use_knobs(base.values)
    return {"profile": kernel.state.profile, "knobs": base.shown()}


@action("add_fault")
def add_fault(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Put one fault in force."""
    try:
        fault = faults.make(kernel.state.fault_ids + 1, args, kernel.state.faults)
    except faults.FaultError as problem:
        raise ControlError(422, "invalid_fault", str(problem), "GET faults/catalogue lists where and do") from None
    kernel.state.fault_ids += 1
    kernel.state.faults.append(fault)
    return faults.present(fault)


@action("clear_faults")
def clear_faults(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Take one fault (`id`) or all of them out; those that knobs imply stay."""
    wanted = args.get("id")
    before = len(kernel.state.faults)
    kernel.state.faults = [f for f in kernel.state.faults if f.implied or (wanted is not None and f.id != wanted)]
    return {"removed": before - len(kernel.state.faults)}


@action("reset")
def reset(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Forget: everything, the journal with the ledger, the faults, or the devices."""
    scope = args.get("scope", "all")
    if scope not in ("all", "journal", "faults", "devices"):
        raise usage("scope", scope, "all, journal, faults, devices")
    state = kernel.state
    if scope in ("all", "journal"):
        state.journal, state.ledger = Journal(), Ledger()
        for slot in state.slots.values():
            slot.entries = 0
        state.control_entries = 0
    if scope in ("all", "faults"):
        state.faults, state.fault_ids = [], 0
        kernel.use_knobs(state.knobs)
    if scope in ("all", "devices"):
        state.slots, state.timers = {}, Timers()
        kernel.state.in_flight.clear()
        state.uplink = True
    state.now = (
        state.now if args.get("now") is None else args["now"]
    )  # a new world may begin earlier (invariant 10 holds within one)
    return {"reset": scope}


@action("clear_journal")
def clear_journal(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Forget the journal's entries; the ledger stays."""
    kernel.state.journal.clear()
    return {"cleared": True}


@action("note_http")
def note_http(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """A journal line for an HTTP request that never reached a device."""
    kernel.note(
        None, "rest", args["operation"], verdict="refused", http=args["status"], field=args["field"], why=args["why"]
    )
    return {}
