"""What an operator does with the gateway itself: knobs, faults, forgetting."""

from __future__ import annotations

from camsim.control.actions import AddFault, ClearFaults, ClearJournal, Reset, SetKnobs
from camsim.control.answers import Applied
from camsim.control.answers import Reset as Forgotten
from camsim.control.ranges import MOST_FAULTS
from camsim.control.records import Cleared, Fault, FaultsRemoved
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import KnobError, resolve
from camsim.state import faults
from camsim.state.timers import Timers

SCOPES = ("all", "journal", "faults", "devices")


def set_knobs(kernel: Kernel, action: SetKnobs) -> Applied:
    """Change the profile, knobs, or both; all or none."""
    state = kernel.state
    try:
        if action.profile is not None:
            resolved = resolve(action.profile)
        else:  # the same profile: what was turned before stays turned
            resolved = resolve(state.profile)
            resolved.values.update(state.knobs)
        resolved.update(action.knobs)
    except KnobError as problem:
        raise ControlError(422, "invalid_knob", str(problem), "GET register lists every knob") from None
    state.profile = str(resolved.profile)
    kernel.use_knobs(resolved.values)
    return Applied(state.profile, resolved.shown())


def add_fault(kernel: Kernel, action: AddFault) -> Fault:
    """Put one fault in force."""
    state = kernel.state
    if len(state.faults) >= MOST_FAULTS:  # each of them is asked at every callback
        raise usage("faults", len(state.faults) + 1, f"{MOST_FAULTS} in force; DELETE faults takes them out")
    try:
        fault = faults.make(state.fault_ids + 1, action.fault, state.faults)
    except faults.FaultError as problem:
        raise ControlError(422, "invalid_fault", str(problem), "GET faults/catalogue lists where and do") from None
    state.fault_ids += 1
    state.faults.append(fault)
    return faults.present(fault)


def clear_faults(kernel: Kernel, action: ClearFaults) -> FaultsRemoved:
    """Take one fault (`id`) or all of them out; those that knobs imply stay."""
    before = kernel.state.faults
    kept = [fault for fault in before if fault.implied]
    if action.id is not None:
        kept = [fault for fault in before if fault.implied or fault.id != action.id]
    kernel.state.faults = kept
    return FaultsRemoved(len(before) - len(kernel.state.faults))


def reset(kernel: Kernel, action: Reset) -> Forgotten:
    """Forget: everything, the journal with the ledger, the faults, or the devices."""
    scope, state = action.scope, kernel.state
    if scope not in SCOPES:
        raise usage("scope", scope, ", ".join(SCOPES))
    if scope in ("all", "journal"):
        state.journal = state.journal.anew()
        state.ledger.clear()
        for registered in state.devices.awake_values():
            registered.entries = 0
        state.control_entries = 0
    if scope in ("all", "faults"):
        state.faults, state.fault_ids = [], 0
        kernel.use_knobs(state.knobs)
    if scope in ("all", "devices"):
        state.devices.clear()
        state.timers = Timers()
        state.in_flight.clear()
        state.uplink = True
    if action.now is not None:
        state.now = action.now  # a new world may begin earlier: invariant 10 holds within one
    return Forgotten(scope)


def clear_journal(kernel: Kernel, action: ClearJournal) -> Cleared:
    """Forget the journal's entries; the ledger stays."""
    kernel.state.journal.clear()
    return Cleared(True)
