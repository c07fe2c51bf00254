"""Control actions by their names and members, as tests write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from camsim.control.actions import AnyAction
from camsim.kernel.events import ControlError


def action_of(name: str, device: str = "", args: Mapping[str, Any] | None = None) -> AnyAction:
    """The typed action of a name and its members, as the control API takes them. Raises: ControlError."""
    members: dict[str, Any] = dict(args or {})
    if name == "add_fault":
        members = {"fault": members}
    if device:
        members["device"] = device
    try:
        action: AnyAction = msgspec.convert({"action": name, **members}, AnyAction)
    except msgspec.ValidationError as problem:
        hint = f"action {name}: see the documentation of its body"
        raise ControlError(422, "invalid_value", str(problem), hint) from None
    return action
