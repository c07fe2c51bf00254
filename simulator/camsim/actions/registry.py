"""Control actions: what the management API, the CLI, fixtures and scenarios can do to the gateway and its devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from camsim.kernel.events import Control, ControlError
from camsim.kernel.kernel import Kernel, handles
from camsim.state.gateway import Slot

Action = Callable[[Kernel, str, dict[str, Any]], Any]


ACTIONS: dict[str, Action] = {}


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
