"""From a device to the gateway: live records, cached ones in an order and at a pace, users told again."""

from __future__ import annotations

from camsim import chance
from camsim.kernel.kernel import Kernel, fires
from camsim.protocol.facts import Fact
from camsim.protocol.vocabulary import ConnectionMode
from camsim.state.device import LogRow, Pending
from camsim.state.gateway import Slot

from . import delivery, formats

_INTERLEAVE_MS = 1000  # between two cached records while live ones go between them


def upload(kernel: Kernel, slot: Slot, fact: Fact, number: int | None = None) -> None:
    """A device has something to tell: at once when it is online, else when it is back."""
    polled = slot.config.mode in (ConnectionMode.DB_DIRECT, ConnectionMode.DB_INDIRECT)
    behind = bool(slot.device.pending) and not slot.interleave
    if not slot.online or behind or polled:
        slot.device.pending.append(Pending(number, None if number is not None else fact))
        if polled and slot.online and len(slot.device.pending) == 1:
            _set_poll(kernel, slot)
        return
    delivery.receive(kernel, slot, fact, number)


def flush(kernel: Kernel, slot: Slot, order: str, pace_ms: int = 0) -> None:
    """Give the gateway what the device recorded while it was away, in the order this device is given to (A-CB-12)."""
    slot.device.pending = _ordered(kernel, slot, slot.device.pending, order)
    slot.interleave = order == "interleave"
    slot.pace_ms = pace_ms = pace_ms or (_INTERLEAVE_MS if slot.interleave else 0)
    if pace_ms == 0:
        items, slot.device.pending = slot.device.pending, []
        for item in items:
            _upload(kernel, slot, item)
    elif slot.device.pending:
        kernel.state.timers.set(kernel.now, "flush", slot.config.stgid, kernel.count(slot, "flush"))


def _ordered(kernel: Kernel, slot: Slot, pending: list[Pending], order: str) -> list[Pending]:
    if order == "lifo":
        return pending[::-1]
    if order in ("shuffle", "shuffled"):
        number = kernel.count(slot, "flush-order")
        return chance.shuffled(pending, kernel.state.seed, slot.config.stgid, "flush-order", number)
    return pending  # fifo; and interleave, where live records go between the cached ones


def _set_poll(kernel: Kernel, slot: Slot) -> None:
    number = kernel.count(slot, "poll")
    wait = chance.between(0, kernel.policy.poll_ms * 2, kernel.state.seed, slot.config.stgid, "poll", number)
    kernel.state.timers.set(kernel.now + wait, "poll", slot.config.stgid, number)


@fires("poll")
def _polled(kernel: Kernel, slot: Slot, reference: int) -> None:
    """The gateway reads the rows that the site's software has written since (register, section 9)."""
    if slot.online:
        flush(kernel, slot, "fifo")


@fires("flush")
def _paced(kernel: Kernel, slot: Slot, reference: int) -> None:
    if not slot.online or reference != slot.draws.get("flush") or not slot.device.pending:
        return
    _upload(kernel, slot, slot.device.pending.pop(0))
    if slot.device.pending:
        kernel.state.timers.set(kernel.now + slot.pace_ms, "flush", slot.config.stgid, reference)


def _upload(kernel: Kernel, slot: Slot, item: Pending) -> None:
    if item.number is None:
        if item.fact is not None:
            delivery.receive(kernel, slot, item.fact)
        return
    row = slot.device.row(item.number)
    if row is not None:
        delivery.receive(kernel, slot, row.punch, item.number)
        rewritten = slot.config.mode in (ConnectionMode.FILE_DIRECT, ConnectionMode.FILE_INDIRECT)
        if rewritten and chance.happens(
            kernel.policy.rewrite_dup, kernel.state.seed, slot.config.stgid, "rewrite", item.number
        ):
            delivery.receive(kernel, slot, row.punch, item.number, "rewritten file")


def resend(kernel: Kernel, slot: Slot, rows: list[LogRow]) -> None:
    """Tell punches again with new OperationIDs, behind whatever is queued (R-33)."""
    for row in rows:
        delivery.receive(kernel, slot, row.punch, row.number, "resend")


def announce_users(kernel: Kernel, slot: Slot) -> None:
    """Tell every enrolled user again, as live devices do after a reconnect (A-DEV-22)."""
    clock = slot.device.clock
    for user in list(slot.device.users.values()):
        for fact in formats.of(slot).introduce(user, clock.now_s(kernel.now), clock.offset, "per_template", True):
            delivery.receive(kernel, slot, fact)
