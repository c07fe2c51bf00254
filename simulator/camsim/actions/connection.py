"""Control actions: what the management API, the CLI, fixtures and scenarios can do to the gateway and its devices."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.callbacks import delivery, upload
from camsim.commands import queue as queueing
from camsim.durations import duration_ms
from camsim.kernel.kernel import Kernel
from camsim.state.ledger import Cause

from .device_spec import usage
from .registry import action, slot_of

ORDERS = ("fifo", "lifo", "shuffle", "shuffled", "interleave")


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
            upload.announce_users(kernel, slot)
        upload.flush(kernel, slot, order, pace)
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
            delivery.kick(kernel, slot)
    return {"up": kernel.state.uplink}


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
        answer["dropped"] = delivery.drop_queue(kernel, slot, Cause.RESET)
    if what in ("retry-now", "resume"):
        slot.outbox.retry_now(kernel.now)
    delivery.kick(kernel, slot)
    kernel.note(slot, "control", f"queue {what}", verdict="done")
    return answer
