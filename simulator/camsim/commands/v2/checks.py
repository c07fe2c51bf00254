"""The checks of a v2 command that need the gateway, in the order of V2-12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camsim.commands import execute
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed, subscribed
from camsim.protocol.catalogue import V2_CALLBACKS, V2_COMMANDS, Family
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV2
from camsim.protocol.vocabulary import ATTENDANCE_ONLY
from camsim.state.gateway import RegisteredDevice

from .parse import SYNCHRONOUS, read

_X_LEVEL = frozenset({Family.ENABLE_MESSAGE, Family.DISABLE_MESSAGE})
_KNOWN = frozenset({*V2_CALLBACKS, "PunchLog"})  # V2-03: the short form of the page's list


def check(kernel: Kernel, registered: RegisteredDevice, info: Mapping[str, Any]) -> Command | Refusal:
    """Every check after the envelope, in the order of V2-12."""
    name = info.get("Operation")
    refusal = unsubscribed(kernel, registered) or _unknown_operation(name) or _wrong_token(registered, info)
    if refusal is None and name not in V2_COMMANDS:
        refusal = Refusal(8, "Operation", f"{name} is a callback; the gateway sends it to you")
    if refusal is not None:
        return refusal
    operation = V2_COMMANDS[str(name)]
    refusal = _not_in_plan(registered, operation.family, operation.name)
    if refusal is not None:
        return refusal
    reading = read(info, operation, registered.device.model, kernel.policy.rest)
    if operation.family not in SYNCHRONOUS and registered.config.callback_url is None:
        reading.refuse(
            StatusV2.INVALID_API_CONFIGURATION, "callback_url", "none is configured, so no lazy reply can be"
        )
    return reading.first() or reading.command


def unsubscribed(kernel: Kernel, registered: RegisteredDevice) -> Refusal | None:
    if not licensed(registered.config, kernel.now):
        return Refusal(5, "subscription", "the licence or AttendanceAPI of the device does not run")
    if "ManagementAPI" in registered.config.services and not subscribed(registered.config, "ManagementAPI", kernel.now):
        return Refusal(5, "subscription", "ManagementAPI of the device does not run (V2-29)")
    return None


def _unknown_operation(name: Any) -> Refusal | None:
    if isinstance(name, str) and (name in V2_COMMANDS or name in _KNOWN):
        return None
    near = next((known for known in V2_COMMANDS if isinstance(name, str) and known.lower() == name.lower()), None)
    hint = f"; the spelling is exact: {near}" if near else f"; known are {', '.join(V2_COMMANDS)}"
    return Refusal(
        6, "Operation", (f"{name[:40]!r} is unknown" if isinstance(name, str) else "a text is required") + hint
    )


def _wrong_token(registered: RegisteredDevice, info: Mapping[str, Any]) -> Refusal | None:
    if info.get("AuthToken") == registered.config.auth_token:
        return None
    return Refusal(7, "AuthToken", "does not match the device's token" if "AuthToken" in info else "missing")


def _not_in_plan(registered: RegisteredDevice, family: Family, name: str) -> Refusal | None:
    """8: known, but not for this device (V2-12, V2-17)."""
    config = registered.config
    impossible = execute.why_unsupported(registered.device, Command(family, name))
    why = ""
    if config.mode in ATTENDANCE_ONLY:
        why = f"connection mode {config.mode} has no RESTful API"
    elif not config.restful_api:
        why = "RESTful API is switched off for the device"
    elif config.services and "ManagementAPI" not in config.services:
        why = "the plan has no ManagementAPI"
    elif name in config.without_operations:
        why = f"{name} is not in the plan"
    elif family in _X_LEVEL and not config.x_level:
        why = f"{name} belongs to the X-level API, which is not in the plan (V2-17)"
    elif impossible is not None:
        why = impossible.why
    return Refusal(8, "Operation", why) if why else None
