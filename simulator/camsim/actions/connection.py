"""The two links: a device to the gateway, the gateway to its customers; and what an operator does with a queue."""

from __future__ import annotations

from camsim.callbacks import delivery, upload
from camsim.commands import queue
from camsim.control.actions import Offline, Online, PowerCycle, Queue, Uplink
from camsim.control.answers import Connection
from camsim.control.answers import Uplink as UplinkState
from camsim.control.records import QueueDone
from camsim.kernel.events import usage
from camsim.kernel.kernel import Kernel
from camsim.state.gateway import RegisteredDevice
from camsim.state.ledger_pages import Cause

from .values import milliseconds_of

ORDERS = ("fifo", "lifo", "shuffle", "shuffled", "interleave")
QUEUE_ORDERS = ("hold", "resume", "retry-now", "reset")


def offline(kernel: Kernel, action: Offline) -> Connection:
    """The device loses its connection: it goes on recording, commands wait."""
    registered = kernel.device(action.device)
    _disconnect(kernel, registered)
    return Connection(action.device, False, len(registered.device.pending))


def online(kernel: Kernel, action: Online) -> Connection:
    """The device is back: cached records flow, waiting commands begin."""
    registered = kernel.device(action.device)
    order = action.order or kernel.policy.flush_order
    if order not in ORDERS:
        raise usage("order", order, ", ".join(ORDERS))
    pace_ms = milliseconds_of("pace", action.pace)
    announces = action.announce_users
    if announces is None:
        announces = kernel.policy.announce_users
    cached = len(registered.device.pending)
    _connect(kernel, registered, order, pace_ms, announces=announces)
    return Connection(action.device, True, cached)


def power_cycle(kernel: Kernel, action: PowerCycle) -> Connection:
    """Off and on: the log survives, an open enrolment session does not; the device reconnects at once."""
    registered = kernel.device(action.device)
    registered.device.enrolment = None
    cached = len(registered.device.pending)
    if not registered.online:
        return Connection(action.device, False, cached)
    _disconnect(kernel, registered)
    _connect(kernel, registered, kernel.policy.flush_order, 0, announces=kernel.policy.announce_users)
    return Connection(action.device, True, cached)


def _disconnect(kernel: Kernel, registered: RegisteredDevice) -> None:
    if registered.online:
        registered.online, registered.last_connected = False, kernel.now
        queue.connection_lost(kernel, registered)


def _connect(kernel: Kernel, registered: RegisteredDevice, order: str, pace_ms: int, *, announces: bool) -> None:
    was_online = registered.online
    registered.online, registered.last_connected = True, kernel.now
    if was_online:
        return
    # Users before punches, as live devices do: a receiver that knows nobody yet can place what follows (A-DEV-22).
    if announces:
        upload.announce_users(kernel, registered)
    upload.flush(kernel, registered, order, pace_ms)
    queue.begin(kernel, registered)


def uplink(kernel: Kernel, action: Uplink) -> UplinkState:
    """Take the line down that callbacks leave by, or up again. RESTful commands need another line and are answered."""
    kernel.state.uplink = action.up
    if action.up:
        for registered in kernel.state.devices.values():
            delivery.send_next(kernel, registered)
    return UplinkState(action.up)


def operate_queue(kernel: Kernel, action: Queue) -> QueueDone:
    """What an operator can do with a device's callback queue: hold, resume, retry-now, reset."""
    registered, what = kernel.device(action.device), action.what
    if what not in QUEUE_ORDERS:
        raise usage("queue", what, ", ".join(QUEUE_ORDERS))
    dropped = None
    if what in ("hold", "resume"):
        registered.outbox.held = what == "hold"
    elif what == "reset":
        dropped = delivery.drop_queue(kernel, registered, Cause.RESET)
    if what in ("retry-now", "resume"):
        registered.outbox.retry_now(kernel.now)
    delivery.send_next(kernel, registered)
    kernel.note(registered, "control", f"queue {what}", verdict="done")
    return QueueDone(action.device, what, dropped)
