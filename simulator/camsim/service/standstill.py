"""Why virtual time stands: a callback is out. Who holds it, since when, and whether waiting can end."""

from __future__ import annotations

import time

from camsim.control.answers import Out
from camsim.kernel.events import ControlError, Send
from camsim.kernel.kernel import Kernel

from .courier import Courier

# A command that is held while a callback is out may be answered in the next moment; after this part of the patience
# both wait for each other.
_OF_PATIENCE = 0.2
_REAL_DELAYS = frozenset(["delay", "slow", "late"])  # faults that take real time, because somebody asked for it
_SHOWN = 5


def out_now(kernel: Kernel, courier: Courier) -> list[Out]:
    """The callbacks that are out, the oldest of them first, five at most."""
    now, shown = time.perf_counter(), []
    for began, send in sorted(courier.out.values(), key=_began)[:_SHOWN]:
        registered = kernel.state.devices.get(send.device)
        head = None if registered is None else registered.outbox.head()
        name, user = ("callback", "") if head is None else (head.name, head.user)
        shown.append(Out(send.device, name, user, send.attempt, round(now - began, 3)))
    return shown


def silent_s(courier: Courier) -> float:
    """Real seconds since a callback was answered or the oldest one left, beyond what faults delay on purpose."""
    if not courier.out:
        return 0.0
    oldest = min(map(_began, courier.out.values()))
    on_purpose = max(_asked_for(send) for _, send in courier.out.values())
    return max(0.0, time.perf_counter() - max(oldest, courier.heard) - on_purpose)


def _held(kernel: Kernel) -> list[str]:
    """The RESTful calls that wait for virtual time: operation and device."""
    return [
        f"{pending.command.name} to {registered.config.stgid}"
        for registered in kernel.state.devices.values()
        for pending in registered.commands
        if pending.request is not None
    ]


def problem(kernel: Kernel, courier: Courier, patience_s: float, *, holding: bool) -> ControlError | None:
    """What is wrong when nothing has been answered for so long; None while waiting may help.

    `holding`: somebody waits for the answer of a RESTful call.
    """
    silent = silent_s(courier)
    if not courier.out or silent < patience_s * _OF_PATIENCE:
        return None
    text, calls = _told(kernel, courier), _held(kernel)
    if holding and calls:
        hint = (
            "answer the callback first and call from a thread or task beside it; "
            "or let devices answer at once (knob rest.latency = 0)"
        )
        why = f"and RESTful call {calls[0]} waits for time, which stands until it is"
        return ControlError(409, "deadlock", f"deadlock: {text} is not answered, {why}", hint)
    if silent < patience_s:
        return None
    hint = "does the application hang, or is its event loop blocked? who is slow on purpose waits longer (patience)"
    return ControlError(409, "unanswered", f"{text} is not answered; time stands until it is", hint)


def _told(kernel: Kernel, courier: Courier) -> str:
    """The oldest callback that is out, in words."""
    first = out_now(kernel, courier)[0]
    about = f"user {first.user}, " if first.user else ""
    more = f", and {len(courier.out) - 1} more" if len(courier.out) > 1 else ""
    since = f"attempt {first.attempt}, out for {first.real_s:.1f} s"
    return f"callback {first.operation} of {first.device} ({about}{since}{more})"


def _asked_for(send: Send) -> float:
    return sum(options.get("ms", 1000) / 1000 for do, options in send.faults if do in _REAL_DELAYS)


def _began(entry: tuple[float, Send]) -> float:
    return entry[0]
