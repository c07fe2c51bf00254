"""Commands on their way to a device: queued, begun, carried out, given up. How a protocol words it is its Course."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from camsim import chance
from camsim.callbacks import formats, upload
from camsim.kernel.events import Reply, Request
from camsim.kernel.kernel import Kernel, fires, handles
from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command, Refusal
from camsim.state.device import User
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, Slot
from camsim.state.journal import Entry
from camsim.state.ledger import Cause

from . import enrolment, execute

_MEDIAN_MS = 15_000  # A-REST-04: lognormal, sigma 0.25, clipped to 2-28 s around a median of 15 s
Lint = tuple[str, ...]
Told = Callable[[Kernel, Slot, PendingCommand, Command, execute.Outcome, Lint], bool]


@dataclass(frozen=True, slots=True)
class Course:
    """What a protocol makes of a command.

    `begin` hands waiting commands to an online device; `run` is called when the device is through with one; `expire`
    when its window ends; `reread` gives the command of the frozen bytes; `told` answers an outcome, False when the
    device keeps silent; `handlers` are the device's side.
    """

    receive: Callable[[Kernel, Request], None]
    begin: Callable[[Kernel, Slot], None]
    run: Callable[[Kernel, Slot, PendingCommand], None]
    expire: Callable[[Kernel, Slot, PendingCommand], None]
    reread: Callable[[Kernel, Slot, PendingCommand], Command | Refusal]
    told: Told
    handlers: Mapping[Family, execute.Handler]


COURSES: dict[str, Course] = {}


@handles(Request)
def _request(kernel: Kernel, event: Request) -> None:
    COURSES[event.protocol].receive(kernel, event)


def begin(kernel: Kernel, slot: Slot) -> None:
    """Hand what waits to the device, if it is online."""
    if slot.online:
        COURSES[slot.config.protocol].begin(kernel, slot)


# --- time -------------------------------------------------------------------------------------------------------------


def open_window(kernel: Kernel, slot: Slot, pending: PendingCommand) -> None:
    """From now on the command has `rest.timeout` to be answered; a window that is open stays as it is (A-REST-05)."""
    if pending.window_ends is None:
        pending.window_ends = kernel.now + kernel.policy.rest.window_ms
        pending.window_timer = kernel.state.timers.set(pending.window_ends, "window", slot.config.stgid, pending.id)


def close_window(kernel: Kernel, pending: PendingCommand) -> None:
    """The command is answered or done: time does not jump to the end of its window."""
    kernel.state.timers.cancel(pending.window_timer)
    pending.window_timer = None


def connection_lost(kernel: Kernel, slot: Slot) -> None:
    """Calls that waited behind another command wait for an offline device from now on (A-REST-05)."""
    for pending in slot.commands:
        if pending.request is not None:
            open_window(kernel, slot, pending)


def withdraw(kernel: Kernel, slot: Slot, why: str) -> None:
    """The device is no longer registered: whoever waits for it is told so with 2."""
    gone = execute.Outcome.refused(2, "stgid", why)
    course = COURSES[slot.config.protocol]
    for pending in [pending for pending in slot.commands if pending.request is not None]:
        course.told(kernel, slot, pending, Command(Family.DELETE_USER, pending.operation), gone, ())


def start(kernel: Kernel, slot: Slot, pending: PendingCommand, at: int, timer: str = "execute") -> None:
    """The device has the command and is through with it at virtual ms `at`."""
    pending.state, pending.connected, pending.execute_at = "running", True, at
    kernel.state.timers.set(at, timer, slot.config.stgid, pending.id)


def scale(kernel: Kernel) -> float:
    """How much slower than documented devices are: `rest.latency` against its 15 s."""
    return kernel.policy.rest.latency_ms / _MEDIAN_MS


def latency(kernel: Kernel, slot: Slot) -> int:
    """Virtual ms a device takes for a command (A-REST-04)."""
    factor = scale(kernel)
    if factor == 0:
        return 0
    drawn = chance.lognormal(
        _MEDIAN_MS * factor,
        0.25,
        2000 * factor,
        28_000 * factor,
        seed=kernel.state.seed,
        device=slot.config.stgid,
        purpose="latency",
        n=kernel.count(slot, "latency"),
    )
    return int(drawn)


def _find(slot: Slot, number: int) -> PendingCommand | None:
    return next((pending for pending in slot.commands if pending.id == number), None)


def _through(kernel: Kernel, slot: Slot, reference: int) -> None:
    pending = _find(slot, reference)
    if pending is not None and pending.state == "running" and (pending.execute_at or 0) <= kernel.now:
        COURSES[slot.config.protocol].run(kernel, slot, pending)


fires("execute")(_through)
fires("lazy")(_through)


@fires("window")
def _window(kernel: Kernel, slot: Slot, reference: int) -> None:
    pending = _find(slot, reference)
    if pending is not None:
        pending.window_timer = None
        COURSES[slot.config.protocol].expire(kernel, slot, pending)


# --- a command is carried out -----------------------------------------------------------------------------------------


def context(kernel: Kernel, slot: Slot, existing: int | str) -> execute.Context:
    """What the gateway knows and the device does not; `existing` says what an added user who is there means."""
    config = slot.config
    return execute.Context(
        kernel.now,
        config.label,
        (config.licence_start, config.licence_end),
        slot.last_connected // 1000,
        kernel.policy.rest.loadlog_paging == "offset",
        existing,
    )


def run(kernel: Kernel, slot: Slot, pending: PendingCommand, existing: int | str) -> None:
    """The device carries out a command whose bytes have waited."""
    command = COURSES[slot.config.protocol].reread(kernel, slot, pending)
    if isinstance(command, Refusal):  # the rules became stricter while it waited
        stale = Command(Family.DELETE_USER, pending.operation)
        COURSES[slot.config.protocol].told(kernel, slot, pending, stale, execute.Outcome.refused(*command), ())
        return
    carry_out(kernel, slot, pending, command, existing, [])


def carry_out(
    kernel: Kernel, slot: Slot, pending: PendingCommand, command: Command, existing: int | str, lint: list[str]
) -> None:
    """The device executes; the answer leaves before the callbacks that follow from it (R-33, R-34, V2-22)."""
    course = COURSES[slot.config.protocol]
    known = slot.device.users.get(command.user_id)
    outcome = course.handlers[command.family](slot.device, command, context(kernel, slot, existing))
    if course.told(kernel, slot, pending, command, outcome, (*lint, *command.lint, *outcome.lint)):
        _aftermath(kernel, slot, command, outcome, known)


def _aftermath(kernel: Kernel, slot: Slot, command: Command, outcome: execute.Outcome, known: User | None) -> None:
    for row in outcome.lost:
        kernel.state.ledger.lost(slot.config.stgid, row.number, Cause.DELETED)
    if outcome.lost:
        why = f"{len(outcome.lost)} punches deleted before upload (R-31)"
        kernel.note(slot, "rest", command.name, verdict="lost", why=why)
    if outcome.opens_session:
        enrolment.open_session(kernel, slot, command.user_id)
    for user in outcome.users:
        _announce(kernel, slot, user)
    for fact in outcome.facts:
        upload.upload(kernel, slot, fact)
    upload.resend(kernel, slot, outcome.resend)
    added = slot.device.users.get(command.user_id) if known is None else None
    if kernel.policy.rest.echo_changes and outcome.code == 0 and added is not None:
        _announce(kernel, slot, added)  # A-REST-23


def _announce(kernel: Kernel, slot: Slot, user: User) -> None:
    clock = slot.device.clock
    for fact in formats.of(slot).introduce(user, clock.now_s(kernel.now), clock.offset, "per_template", True):
        upload.upload(kernel, slot, fact)


# --- answers ----------------------------------------------------------------------------------------------------------


def struck(
    kernel: Kernel,
    slot: Slot,
    pending: PendingCommand,
    command: Command,
    force: Callable[[int, tuple[Fault, ...]], None],
) -> bool:
    """Let the faults of `rest.request` strike; True when the command goes no further. `force` answers a forced code."""
    faults = kernel.striking("rest.request", slot.config.stgid, command.name, command.user_id)
    for fault in faults:
        if fault.do == "drop":
            journal(kernel, slot, pending, None, "dropped before execution", faults=faults)
            reply(kernel, pending, Reply(pending.request or 0, 0, b"", faults=(("drop", {}),)))
            return True
        if fault.do == "code":
            force(int(fault.options.get("code", 999)), faults)
            return True
        if fault.do == "delay":
            pending.delay_ms = int(fault.options.get("ms", 1000))
        elif fault.do == "lose_command":
            pending.state = "lost"
    return False


def reply(kernel: Kernel, pending: PendingCommand, answer: Reply) -> None:
    """Answer the held request; nobody is answered twice."""
    if pending.request is None:
        return
    if pending.delay_ms:
        answer.faults = (*answer.faults, ("delay", {"ms": pending.delay_ms}))
    kernel.effects.append(answer)
    pending.request = None
    close_window(kernel, pending)


def journal(
    kernel: Kernel,
    slot: Slot,
    pending: PendingCommand,
    code: int | None,
    verdict: str,
    *,
    faults: tuple[Fault, ...] = (),
    **members: Any,
) -> Entry:
    """A journal line about a command. `members` as of Entry: lint, field, why, answer, http, user."""
    return kernel.note(
        slot,
        "rest",
        pending.operation,
        plain=pending.plain,
        delivery=pending.id,
        verdict=verdict,
        code=None if code is None else int(code),
        faults=tuple(fault.label for fault in faults),
        **members,
    )
