"""The licence or a service of a device ends: commands are processed no more; or it runs again (V3:1232, V2:237)."""

from __future__ import annotations

from camsim.callbacks import delivery
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import why_stopped
from camsim.state.gateway import PendingCommand, RegisteredDevice

from . import queue


def licence_changes(kernel: Kernel, registered: RegisteredDevice, reference: int = 0) -> None:
    """Timer `licence`: licence or a service begins or ends; callbacks and commands go on or stop."""
    delivery.licence_changes(kernel, registered)
    why = why_stopped(registered.config, kernel.now)
    if why:
        _stop(kernel, registered, why)
        return
    for pending in registered.commands:
        pending.stopped = False
    queue.begin(kernel, registered)


def _stop(kernel: Kernel, registered: RegisteredDevice, why: str) -> None:
    """Nothing runs and nothing is told after the end; whoever waits for an answer is told that, the journal too."""
    protocol = kernel.protocol(registered).commands
    for pending in list(registered.commands):
        if pending.request is not None:
            protocol.unlicensed(kernel, registered, pending, why)
        elif kernel.policy.licence_backlog == "drop":
            registered.commands.remove(pending)
            queue.journal(kernel, registered, pending, None, "dropped", why=why)
        elif not pending.stopped:
            _put_off(kernel, registered, pending, why)


def _put_off(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, why: str) -> None:
    """The command waits, as queued callbacks do, until licence and service run again (A-CB-22)."""
    pending.stopped = True
    if pending.state == "running":
        pending.state = "waiting"
    queue.journal(kernel, registered, pending, None, "not executed", why=f"{why}; it waits until that runs again")
