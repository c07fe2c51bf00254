"""From a device to the gateway: live records, cached ones in an order and at a pace, users told again."""

from __future__ import annotations

from camsim import chance
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import Fact
from camsim.protocol.vocabulary import ConnectionMode
from camsim.state.device import Pending
from camsim.state.gateway import RegisteredDevice
from camsim.state.log_blocks import Range, Snapshot

from . import delivery, telling

_INTERLEAVE_MS = 1000  # between two cached records while live ones go between them


def upload(kernel: Kernel, registered: RegisteredDevice, fact: Fact, number: int | None = None) -> None:
    """A device has something to tell: at once when it is online, else when it is back."""
    polled = registered.config.mode in (ConnectionMode.DB_DIRECT, ConnectionMode.DB_INDIRECT)
    # A live punch goes behind the backlog (A-CB-13), but where the order of the flush lets it pass.
    behind = bool(registered.device.pending) and not registered.interleave
    if not registered.online or behind or polled:
        # A punch waits as its number: the log has it, and a command may delete it there before it is told.
        registered.device.pending.append(Pending(fact=fact) if number is None else Pending(number))
        if polled and registered.online and len(registered.device.pending) == 1:
            _set_poll(kernel, registered)
        return
    delivery.receive(kernel, registered, fact, number)


def flush(kernel: Kernel, registered: RegisteredDevice, order: str, pace_ms: int = 0) -> None:
    """Give the gateway what the device recorded while it was away, in the order this device is given to (A-CB-12)."""
    registered.device.pending = _ordered(kernel, registered, registered.device.pending, order)
    registered.interleave = order == "interleave"
    if registered.interleave and not pace_ms:
        pace_ms = _INTERLEAVE_MS
    registered.pace_ms = pace_ms
    if pace_ms == 0:
        items, registered.device.pending = registered.device.pending, []
        for item in items:
            _upload(kernel, registered, item)
    elif registered.device.pending:
        kernel.state.timers.set(kernel.now, "flush", registered.config.stgid, kernel.count(registered, "flush"))


def _ordered(kernel: Kernel, registered: RegisteredDevice, pending: list[Pending], order: str) -> list[Pending]:
    """The records in their order: "the order of the data shall be varying from device to device" (V2:136)."""
    if order == "lifo":
        return pending[::-1]
    if order in ("shuffle", "shuffled"):
        number = kernel.count(registered, "flush-order")
        return chance.shuffled(pending, kernel.state.seed, registered.config.stgid, "flush-order", number)
    return pending  # fifo; and interleave, where live records go between the cached ones


def _set_poll(kernel: Kernel, registered: RegisteredDevice) -> None:
    """A row is found at the next poll, up to one interval later; when a device is polled is its own (M-DB)."""
    number, interval, stgid = kernel.count(registered, "poll"), kernel.policy.poll_ms, registered.config.stgid
    wait = 0
    if interval:
        wait = (chance.draw(kernel.state.seed, stgid, "poll", 0) - kernel.now) % interval
    kernel.state.timers.set(kernel.now + wait, "poll", stgid, number)


def poll(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """The gateway reads the rows that the site's software has written since (register, section 9)."""
    if registered.online:
        flush(kernel, registered, "fifo")


def flush_next(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Timer `flush`: one more record of a paced upload; the timer of an older flush has another number."""
    if not registered.online or reference != registered.draws.get("flush") or not registered.device.pending:
        return
    _upload(kernel, registered, registered.device.pending.pop(0))
    if registered.device.pending:
        kernel.state.timers.set(kernel.now + registered.pace_ms, "flush", registered.config.stgid, reference)


def _upload(kernel: Kernel, registered: RegisteredDevice, item: Pending) -> None:
    if item.number is None:
        if item.fact is not None:
            delivery.receive(kernel, registered, item.fact)
        return
    row = registered.device.row(item.number)
    if row is None:  # overwritten by the ring, and lost by that name already
        return
    delivery.receive(kernel, registered, row.punch, item.number)
    if _is_rewritten(kernel, registered, item.number):
        delivery.receive(kernel, registered, row.punch, item.number, "rewritten file")


def _is_rewritten(kernel: Kernel, registered: RegisteredDevice, number: int) -> bool:
    """Whether the site's software wrote its file anew: what has been read is then read again (M-FILE)."""
    if registered.config.mode not in (ConnectionMode.FILE_DIRECT, ConnectionMode.FILE_INDIRECT):
        return False
    return chance.happens(kernel.policy.rewrite_dup, kernel.state.seed, registered.config.stgid, "rewrite", number)


def resend(kernel: Kernel, registered: RegisteredDevice, snapshot: Snapshot, wanted: Range) -> int:
    """Tell punches again with new OperationIDs, behind whatever is queued (R-33); returns how many."""
    count = snapshot.count(wanted)
    first = snapshot.some(0, 1, wanted)
    if not first:
        return 0
    if delivery.why_not_pushed(kernel, registered, first[0].punch):
        for rows in snapshot.portions(wanted):  # each one is noted
            for row in rows:
                delivery.receive(kernel, registered, row.punch, row.number, "resend")
        return count
    telling.push(kernel, registered, snapshot, wanted, count)
    delivery.send_next(kernel, registered)
    return count


def announce_users(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Tell every enrolled user again, as live devices do after a reconnect (A-DEV-22)."""
    clock, introduce = registered.device.clock, kernel.protocol(registered).callbacks.introduce
    for user in list(registered.device.users.values()):
        for fact in introduce(user, clock.now_s(kernel.now), clock.offset, "per_template", True):
            delivery.receive(kernel, registered, fact)
