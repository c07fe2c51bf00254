"""What a command line says to a state that is there already: applied where that can be, refused by name where not.

A word that was said at the last start too is no news: what was changed since by the control API stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from camsim.control.actions import PatchDevice, SetKnobs
from camsim.kernel.events import ControlError
from camsim.service.runtime import Runtime
from camsim.service.state_file import StoreError
from camsim.service.store import Store
from camsim.settings import Settings

KEY = "said"
OF_DEVICES = frozenset({"callback_url", "auth_token", "security_key"})


async def apply(runtime: Runtime, store: Store, settings: Settings, *, restored: bool) -> None:
    """Let the words of this start have their effect and keep them. Raises: StoreError, ControlError."""
    before: dict[str, str] = json.loads(store.word(KEY) or "{}")
    if restored:
        await _news(runtime, store, settings, before)
    store.keep_word(KEY, json.dumps({**before, **settings.said}))


async def _news(runtime: Runtime, store: Store, settings: Settings, before: Mapping[str, str]) -> None:
    news = [name for name, value in settings.said.items() if before.get(name) != value]
    refused = [name for name in news if not _can_change(name)]
    if refused:
        told = "; ".join(f"{name} {settings.said[name]}, it was {before.get(name, 'not given')}" for name in refused)
        raise StoreError(
            f"the state in {store.path} cannot be made anew by {told}. Leave that out, change it by the control API, "
            "or start with another --state"
        )
    if "--profile" in news:
        await runtime.control(SetKnobs(profile=settings.profile))
    names = [name.removeprefix("--set ") for name in news if _is_knob(name)]
    knobs = {name: settings.knobs[name] for name in names}
    if knobs:
        await runtime.control(SetKnobs(knobs=knobs))
        await runtime.configure_courier()
    await _change_devices(runtime, settings, news)
    if "--clock" in news:
        await runtime.set_clock(settings.clock)


async def _change_devices(runtime: Runtime, settings: Settings, news: list[str]) -> None:
    changed = {name: value for name, value in settings.for_devices.items() if _flag(name) in news}
    if not changed:
        return
    for stgid in list(runtime.kernel.state.devices):
        try:
            await runtime.control(PatchDevice(device=stgid, **changed))  # type: ignore[arg-type]
        except ControlError as problem:
            raise ControlError(problem.http, problem.code, f"device {stgid}: {problem.message}", problem.hint) from None


def _can_change(name: str) -> bool:
    return name in ("--clock", "--profile") or _is_knob(name) or name.startswith("--switch ") or name in _DEVICE_FLAGS


def _is_knob(name: str) -> bool:
    return name.startswith("--set ")


def _flag(name: str) -> str:
    """The flag that sets this member of a device."""
    flag = f"--{name.replace('_', '-')}"
    return flag if name in OF_DEVICES else f"--switch {name}"


_DEVICE_FLAGS = frozenset(_flag(name) for name in OF_DEVICES)
