"""Which queued callbacks may leave: those whose licence and service run (V3:1232, V2:237)."""

from __future__ import annotations

from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import ended_s, licensed, runs
from camsim.protocol.vocabulary import Service
from camsim.state.gateway import RegisteredDevice
from camsim.state.ledger_pages import Cause
from camsim.state.outbox import Delivery

# What a v2 device's AttendanceAPI is for (V2:11, 76); everything else is management (V2:12).
_OF_ATTENDANCE = frozenset({"RealTimePunchLog", "SendAttendancePhoto"})


def bring_forward(kernel: Kernel, registered: RegisteredDevice) -> bool:
    """Whether the head may go out; one whose service has ended is dropped, or lets the others pass (A-CB-22, V2-29)."""
    outbox = registered.outbox
    while (head := outbox.head()) is not None and not may_go(kernel, registered, head):
        if kernel.policy.licence_backlog == "drop":
            lose(kernel, registered, outbox.take_head(), Cause.LICENCE)
        elif licensed(registered.config, kernel.now):  # "will not allow to access the respective services" (V2:237)
            outbox.set_aside()
        else:
            return False
    return True


def may_go(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery) -> bool:
    """Whether licence and service of a callback run, or it was there before they ended and is drained (A-CB-22).

    "API communication for that device stops" and "existing data is not affected" (V3:1232): the page leaves it open.
    """
    config, service = registered.config, Service.MANAGEMENT
    if delivery.name in _OF_ATTENDANCE:
        service = Service.ATTENDANCE
    if runs(config, service, kernel.now):
        return True
    end = ended_s(config, service, kernel.now)
    return kernel.policy.licence_backlog == "drain" and end is not None and delivery.queued_at < end * 1000


def lose(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery, cause: Cause) -> None:
    """A callback goes that nobody was told; the ledger names the cause where it tells a punch."""
    if delivery.punch is not None:
        kernel.state.ledger.lost(registered.config.stgid, delivery.punch, cause)
    if delivery.more is not None:
        for first, last in delivery.more.numbers():
            kernel.state.ledger.lost_all(registered.config.stgid, first, last, cause)
