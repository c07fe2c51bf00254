"""One device as the driver sees it: how much it still has to tell, and its outbox. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.chance import fraction
from camsim.state.outbox import Delivery, Outbox
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Device, Item

DUPLICATE = "duplicate"


class DrivenDevice:
    """Items are made when it is their turn, so that a device with a long backlog costs no more than an idle one."""

    __slots__ = (
        "acknowledged",
        "backlog",
        "busy",
        "device",
        "item",
        "items",
        "latest_log_time",
        "outbox",
        "request_head",
        "scheduled_ms",
    )

    def __init__(self, device: Device, items: Iterator[Item], request_head: bytes) -> None:
        self.device = device
        self.items = items
        self.request_head = request_head
        self.outbox = Outbox()
        self.backlog = 0  # arrived, not yet in the outbox
        self.item: Item | None = None
        self.acknowledged = False  # the item had its first acknowledgement
        self.latest_log_time = 0  # of the last item acknowledged
        self.busy = False  # waits for a connection, is being delivered, or waits for its retry
        self.scheduled_ms: float | None = None  # of an arrival whose lag is measured when its delivery begins


def load_next(driven: DrivenDevice, writer: Writer, now_ms: int) -> list[Delivery]:
    """Put the next item into the outbox, its copies behind it; returns the copies that go out at the same time."""
    item = next(driven.items)
    driven.backlog -= 1
    driven.item, driven.acknowledged = item, False
    bodies = writer.bodies(item, driven.device)
    for part, body in enumerate(bodies):
        driven.outbox.push(Delivery(part, item.operation.name, body, now_ms, punch=item.seq, user=item.user_id))
    return _copies(driven, writer, item, bodies, now_ms)


def _copies(driven: DrivenDevice, writer: Writer, item: Item, bodies: list[bytes], now_ms: int) -> list[Delivery]:
    settings = writer.plan.settings
    share = settings.duplicate_share
    if not share or fraction(settings.seed, "", "storm-duplicate", item.seq) >= share:
        return []
    at_once = []
    for number in range(1, settings.profile_row.copies + 1):
        # Odd copies are the same bytes, even ones the same punch told anew.
        again = bodies
        if number % 2 == 0:
            again = writer.bodies(item, driven.device, anew=number)
        copies = [
            Delivery(part, item.operation.name, body, now_ms, anomaly=DUPLICATE) for part, body in enumerate(again)
        ]
        # A bit of the item's own: the same copies go out at once whatever the number of workers.
        if item.bits >> (20 + number) & 1:
            at_once += copies
        else:
            for copy in copies:
                driven.outbox.push(copy)
    return at_once


def loses_ack(writer: Writer, delivery: Delivery) -> bool:
    """True when this first acknowledgement is to be treated as never received."""
    share = writer.plan.settings.lost_ack
    if not share or delivery.punch is None or delivery.attempts > 1:
        return False
    return fraction(writer.plan.settings.seed, "", "storm-lost-ack", delivery.punch) < share
