"""The checks of a v2 command that need the gateway, in the order of V2-12."""

from __future__ import annotations

from collections.abc import Mapping

from camsim.commands import execute
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed, subscribed
from camsim.protocol.catalogue import V2_CALLBACKS, V2_COMMANDS, Family
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV2
from camsim.protocol.vocabulary import ATTENDANCE_ONLY, Service
from camsim.state.gateway import RegisteredDevice

from .parse import SYNCHRONOUS, read

_TELLS_SUBSCRIPTIONS = "SendDeviceInfo"
_X_LEVEL = frozenset({Family.ENABLE_MESSAGE, Family.DISABLE_MESSAGE})
_CALLBACKS = frozenset({*V2_CALLBACKS, "PunchLog"})  # V2-03: the short form of the page's list


def check(kernel: Kernel, registered: RegisteredDevice, info: Mapping[str, object]) -> Command | Refusal:
    """Every check after the envelope, in the order of V2-12."""
    name = info.get("Operation")
    refusal = unsubscribed(kernel, registered, name) or _unknown(name) or _wrong_token(registered, info)
    if refusal is not None:
        return refusal
    operation = V2_COMMANDS.get(str(name))
    if operation is None:  # a known name that is no command: whoever has no token is not told so, 7 goes before 8
        return Refusal(8, "Operation", f"{name} is a callback; the gateway sends it to you")
    refusal = _not_in_plan(registered, operation.family, operation.name)
    if refusal is not None:
        return refusal
    reading = read(info, operation, registered.device.model, kernel.policy.rest)
    if operation.family not in SYNCHRONOUS and registered.config.callback_url is None:
        why = "none is configured, so no lazy reply can be"
        reading.refuse(StatusV2.INVALID_API_CONFIGURATION, "callback_url", why)
    return reading.first() or reading.command


def unsubscribed(kernel: Kernel, registered: RegisteredDevice, name: object) -> Refusal | None:
    """5 while the licence or ManagementAPI does not run, to which all commands belong (V2:12-25, 237; V2-29).

    SendDeviceInfo tells the "subscription status" (V2:23), so it asks for none.
    """
    config = registered.config
    if name == _TELLS_SUBSCRIPTIONS:
        return None
    if not licensed(config, kernel.now):
        return Refusal(5, "subscription", "the licence of the device does not run")
    # A service that the plan never had is no expired one: that is 8 (see `_not_in_plan`).
    if Service.MANAGEMENT in config.services and not subscribed(config, Service.MANAGEMENT, kernel.now):
        return Refusal(5, "subscription", "ManagementAPI of the device does not run (V2-29)")
    return None


def _unknown(name: object) -> Refusal | None:
    """6 for a name that the page lists neither as a command nor as a callback."""
    known = ", ".join(V2_COMMANDS)
    if not isinstance(name, str):
        return Refusal(6, "Operation", f"a text is required; known are {known}")
    if name in V2_COMMANDS or name in _CALLBACKS:
        return None
    for command in V2_COMMANDS:
        if command.lower() == name.lower():
            return Refusal(6, "Operation", f"{name[:40]!r} is unknown; the spelling is exact: {command}")
    return Refusal(6, "Operation", f"{name[:40]!r} is unknown; known are {known}")


def _wrong_token(registered: RegisteredDevice, info: Mapping[str, object]) -> Refusal | None:
    if info.get("AuthToken") == registered.config.auth_token:
        return None
    why = "does not match the device's token" if "AuthToken" in info else "missing"
    return Refusal(7, "AuthToken", why)


def _not_in_plan(registered: RegisteredDevice, family: Family, name: str) -> Refusal | None:
    """8: known, but not for this device (V2-12, V2-17)."""
    why = _why_not_in_plan(registered, family, name)
    return Refusal(8, "Operation", why) if why else None


def _why_not_in_plan(registered: RegisteredDevice, family: Family, name: str) -> str:
    """The mode, a switch, the plan or the model, in this order; the empty text where nothing stands against it."""
    config = registered.config
    if config.mode in ATTENDANCE_ONLY:
        return f"connection mode {config.mode} has no RESTful API"
    if not config.restful_api:
        return "RESTful API is switched off for the device"
    if config.services and Service.MANAGEMENT not in config.services and name != _TELLS_SUBSCRIPTIONS:
        return "the plan has no ManagementAPI"
    if family is Family.LOAD_LOG and not config.load_punch_log:
        return "LoadPunchLog is switched off for the device (load_punch_log, A-REST-30)"
    if name in config.without_operations:
        return f"{name} is not in the plan"
    # "Please inform CAMS for availing this API, before purchasing" (V2:123): it is in no plan by itself.
    if family in _X_LEVEL and not config.x_level:
        return f"{name} belongs to the X-level API, which is not in the plan (V2-17)"
    impossible = execute.why_unsupported(registered.device, Command(family, name))
    return "" if impossible is None else impossible.why
