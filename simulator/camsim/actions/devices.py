"""Devices are added, configured anew and removed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, overload

import msgspec

from camsim.callbacks import delivery
from camsim.commands import queue, stopping
from camsim.control.actions import AddDevices, PatchDevice, RemoveDevice
from camsim.control.answers import Added, Changed, Identity, Removed
from camsim.control.devices import DeviceSpec
from camsim.control.ranges import MOST_DEVICES_IN_ALL, MOST_LOGS, MOST_USERS_AT_ONCE
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.kernel.zones import await_change, follow_zone
from camsim.protocol import cipher
from camsim.state.founding import Founding
from camsim.state.gateway import RegisteredDevice
from camsim.state.ledger_pages import Cause
from camsim.state.models import UnknownModelError, find

from .device_spec import check_config, check_id, check_operations, check_origins, identifiers, set_licence_timers
from .mould import Mould, founded
from .values import instant_of, offset_of

SLEEP_FROM = 1000  # a description of so many devices makes each when somebody takes it
_DRAW_FROM = 1000  # the tokens of so many are drawn when somebody reads them


def add_devices(kernel: Kernel, action: AddDevices) -> Added:
    """Add the devices of one or more descriptions; all or none."""
    _check_extent(kernel, action.devices)
    described: list[tuple[Mould, list[str]]] = []
    taken: set[str] = set()
    made = kernel.state.devices_made
    for spec in action.devices:
        names = identifiers(spec)
        mould: Mould | None = None
        for stgid in names:
            if stgid in kernel.state.devices or stgid in taken:
                raise ControlError(
                    409, "device_exists", f"device {stgid!r} exists already", "choose another id or DELETE it first"
                )
            check_id(stgid)
            mould = mould or Mould(founded(kernel, spec, made + len(taken) + 1, len(names)))
            taken.add(stgid)
        if mould is not None:
            described.append((mould, names))
    made_now: list[RegisteredDevice] = []
    for mould, names in described:
        made_now += _add(kernel, mould, names)
    for registered in made_now:
        set_licence_timers(kernel, registered)
    kernel.state.devices_made += len(taken)
    identities = Identities([(mould.founding, names) for mould, names in described])
    return Added(identities if len(taken) >= _DRAW_FROM else list(identities))


def _add(kernel: Kernel, mould: Mould, names: list[str]) -> list[RegisteredDevice]:
    """Put the devices of a description in; returns those that something will happen at by itself."""
    devices, founding = kernel.state.devices, mould.founding
    if mould.may_sleep and len(names) >= SLEEP_FROM:
        devices.lay(founding, names, mould.cast)
        return []
    for number, stgid in enumerate(names, founding.first):
        devices[stgid] = registered = mould.cast(stgid, number)
        await_change(kernel, registered, mould.zone_change)
    return list(map(devices.__getitem__, names))


class Identities(Sequence[Identity]):
    """Who was made, in the order of the descriptions. Tokens are drawn when somebody reads them."""

    def __init__(self, described: list[tuple[Founding, list[str]]]) -> None:
        self._described = described
        self._ends = list(accumulate(len(names) for _, names in described))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, place: int) -> Identity: ...
    @overload
    def __getitem__(self, place: slice) -> list[Identity]: ...
    def __getitem__(self, place: int | slice) -> Identity | list[Identity]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        which = bisect_right(self._ends, place)
        founding, names = self._described[which]
        stgid = names[place - self._ends[which]]  # from the end: what came before does not matter
        return Identity(stgid, founding.token(stgid))


def _check_extent(kernel: Kernel, specs: Sequence[DeviceSpec]) -> None:
    """One small call could ask for more people than any memory holds. Raises: ControlError."""
    devices = len(kernel.state.devices) + sum(spec.count for spec in specs)
    if devices > MOST_DEVICES_IN_ALL:
        raise usage("count", devices, f"{MOST_DEVICES_IN_ALL} devices in all")
    for key, most in (("users", MOST_USERS_AT_ONCE), ("logs", MOST_LOGS)):
        total = sum(spec.count * _number(getattr(spec, key)) for spec in specs)
        if total > most:
            raise usage(key, total, f"{most} on all devices of one call")


def _number(value: int | Sequence[object]) -> int:
    return value if isinstance(value, int) else len(value)


def remove_device(kernel: Kernel, action: RemoveDevice) -> Removed:
    """Take a device away with its queue; what waited is lost by a named cause."""
    stgid, ledger = action.device, kernel.state.ledger
    registered = kernel.device(stgid)
    delivery.drop_queue(kernel, registered, Cause.REMOVED)
    for row in registered.device.not_uploaded():
        ledger.lost(stgid, row.number, Cause.REMOVED)
    head = registered.outbox.head()  # under way: drop_queue leaves it
    if head is not None and head.punch is not None:
        ledger.lost(stgid, head.punch, Cause.REMOVED)
    queue.withdraw(kernel, registered, "the device was removed")
    kernel.state.in_flight.pop(stgid, None)
    kernel.state.devices.pop(stgid)
    return Removed(stgid)


def patch_device(kernel: Kernel, action: PatchDevice) -> Changed:
    """Change a device's configuration; tokens and keys remember their predecessor for the rotation faults."""
    registered, given = kernel.device(action.device), _given(action)
    config, changed = registered.config, set(given)
    _check_patch(kernel, given, config.protocol)
    zone, model = given.pop("timezone", None), given.pop("model", None)
    offset = registered.device.clock.offset
    if zone is not None:
        offset = offset_of(zone, kernel.now)
    for key in ("licence_start", "licence_end"):
        if key in given:
            given[key] = instant_of(key, given[key], offset)
    if given.get("auth_token", config.auth_token) != config.auth_token:
        config.old_token = config.auth_token
    if given.get("security_key", config.security_key) != config.security_key:
        config.old_key = config.security_key
    for key, value in given.items():
        setattr(config, key, value)
    if zone is not None:
        follow_zone(kernel, registered, zone)
    if model is not None:
        registered.device.model = find(model, kernel.models)
    set_licence_timers(kernel, registered)
    stopping.licence_changes(kernel, registered)  # a URL or a licence may be what callbacks and commands waited for
    apart = [key for key in ("timezone", "model") if key in changed]
    return Changed(action.device, [*sorted(given), *apart])


def _given(action: PatchDevice) -> dict[str, Any]:
    given = {key: value for key, value in msgspec.structs.asdict(action).items() if value is not msgspec.UNSET}
    del given["device"]
    return given


def _check_patch(kernel: Kernel, given: dict[str, Any], protocol: str) -> None:
    check_config(given.get("callback_url"), given.get("direction"), given.get("auth_token"), given.get("reverify_s"))
    key = given.get("security_key")
    if key is not None:
        try:
            cipher.check_key(key)
        except ValueError as problem:
            raise usage("security_key", "…", str(problem)) from None
    check_origins(given.get("origin_ips", ()))
    check_operations(given.get("without_operations", ()), protocol)
    if "model" in given:
        try:
            find(given["model"], kernel.models)
        except UnknownModelError as problem:
            raise ControlError(422, "unknown_model", str(problem)) from None
