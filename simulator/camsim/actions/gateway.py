"""Control actions: what the management API, the CLI, fixtures and scenarios can do to the gateway and its devices."""

from __future__ import annotations

from typing import Any

from camsim.kernel.events import ControlError
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import KnobError, resolve
from camsim.state import faults
from camsim.state.journal import Journal
from camsim.state.ledger import Ledger
from camsim.state.timers import Timers

from .device_spec import usage
from .registry import action


@action("knobs")
def knobs(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Change the profile, knobs, or both; all or none."""
    try:
        profile, wanted = args.get("profile", kernel.state.profile), args.get("knobs", {})
        if not isinstance(wanted, dict):
            raise usage("knobs", wanted, "an object of knob names and values")
        base = resolve(profile)
        if "profile" not in args:
            base.values.update(kernel.state.knobs)
        base.update(wanted)
    except KnobError as problem:
        raise ControlError(422, "invalid_knob", str(problem), "GET register lists every knob") from None
    kernel.state.profile = str(base.profile)
    kernel.use_knobs(base.values)
    return {"profile": kernel.state.profile, "knobs": base.shown()}


@action("add_fault")
def add_fault(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Put one fault in force."""
    try:
        fault = faults.make(kernel.state.fault_ids + 1, args, kernel.state.faults)
    except faults.FaultError as problem:
        raise ControlError(422, "invalid_fault", str(problem), "GET faults/catalogue lists where and do") from None
    kernel.state.fault_ids += 1
    kernel.state.faults.append(fault)
    return faults.present(fault)


@action("clear_faults")
def clear_faults(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Take one fault (`id`) or all of them out; those that knobs imply stay."""
    wanted = args.get("id")
    before = len(kernel.state.faults)
    kernel.state.faults = [f for f in kernel.state.faults if f.implied or (wanted is not None and f.id != wanted)]
    return {"removed": before - len(kernel.state.faults)}


@action("reset")
def reset(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Forget: everything, the journal with the ledger, the faults, or the devices."""
    scope = args.get("scope", "all")
    if scope not in ("all", "journal", "faults", "devices"):
        raise usage("scope", scope, "all, journal, faults, devices")
    state = kernel.state
    if scope in ("all", "journal"):
        state.journal, state.ledger = Journal(), Ledger()
        for slot in state.slots.values():
            slot.entries = 0
        state.control_entries = 0
    if scope in ("all", "faults"):
        state.faults, state.fault_ids = [], 0
        kernel.use_knobs(state.knobs)
    if scope in ("all", "devices"):
        state.slots, state.timers = {}, Timers()
        kernel.state.in_flight.clear()
        state.uplink = True
    state.now = (
        state.now if args.get("now") is None else args["now"]
    )  # a new world may begin earlier (invariant 10 holds within one)
    return {"reset": scope}


@action("clear_journal")
def clear_journal(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Forget the journal's entries; the ledger stays."""
    kernel.state.journal.clear()
    return {"cleared": True}


@action("note_http")
def note_http(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """A journal line for an HTTP request that never reached a device."""
    kernel.note(
        None, "rest", args["operation"], verdict="refused", http=args["status"], field=args["field"], why=args["why"]
    )
    return {}
