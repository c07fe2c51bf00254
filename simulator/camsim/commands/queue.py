"""Commands on their way to a device: queued, begun, carried out, given up. Each protocol version words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camsim import chance
from camsim.callbacks import upload
from camsim.kernel.events import HttpRefused, Reply, Request
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import why_stopped
from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command
from camsim.protocol.facts import UserDeleted
from camsim.state.device import User
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, RegisteredDevice
from camsim.state.journal import Entry
from camsim.state.ledger_pages import Cause
from camsim.state.outcome import Context, Handler, Outcome

from . import enrolment, live

# A-REST-04, "approximately 15 seconds" (V3:1187): lognormal around 15 s, clipped to 2-28 s. 28 keeps a device that does
# answer inside the window of 30 s (A-REST-05).
_MEDIAN_MS, _SIGMA, _LEAST_MS, _MOST_MS = 15_000, 0.25, 2_000, 28_000


def receive(kernel: Kernel, event: Request) -> None:
    """Take a RESTful request in, in the protocol of the path it came to."""
    kernel.tables.protocols[event.protocol].commands.receive(kernel, event)


def note_refused(kernel: Kernel, event: HttpRefused) -> None:
    """Write a journal line for an HTTP request that never reached a device."""
    kernel.note(
        None,
        "rest",
        event.operation,
        verdict="refused",
        http=event.status,
        field=event.field,
        why=event.why,
    )


def begin(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Hand what waits to the device, if it is online."""
    if registered.online and not why_stopped(registered.config, kernel.now):
        kernel.protocol(registered).commands.begin(kernel, registered)


# --- time -------------------------------------------------------------------------------------------------------------


def open_window(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """From now on the command has `rest.timeout` to be answered; a window that is open stays as it is (A-REST-05)."""
    if pending.window_ends is None:
        pending.window_ends = kernel.now + kernel.policy.rest.window_ms
        pending.window_timer = kernel.state.timers.set(
            pending.window_ends, "window", registered.config.stgid, pending.id
        )


def close_window(kernel: Kernel, pending: PendingCommand) -> None:
    """The command is answered or done: time does not jump to the end of its window."""
    kernel.state.timers.cancel(pending.window_timer)
    pending.window_timer = None


def connection_lost(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Calls that waited behind another command wait for an offline device from now on (A-REST-05)."""
    for pending in registered.commands:
        if pending.request is not None:
            open_window(kernel, registered, pending)


def withdraw(kernel: Kernel, registered: RegisteredDevice, why: str) -> None:
    """The device is no longer registered: whoever waits for it is told so with 2."""
    gone = Outcome.refused(2, "stgid", why)
    protocol = kernel.protocol(registered).commands
    for pending in list(registered.commands):  # an answered command leaves the queue
        if pending.request is not None:
            protocol.answer_outcome(kernel, registered, pending, gone)


def start(
    kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, at: int, timer: str = "execute"
) -> None:
    """The device has the command and is through with it at virtual ms `at`."""
    pending.state, pending.connected, pending.execute_at = "running", True, at
    kernel.state.timers.set(at, timer, registered.config.stgid, pending.id)


def scale(kernel: Kernel) -> float:
    """How much slower than documented devices are: `rest.latency` against its 15 s."""
    return kernel.policy.rest.latency_ms / _MEDIAN_MS


def latency(kernel: Kernel, registered: RegisteredDevice) -> int:
    """Virtual ms a device takes for a command (A-REST-04)."""
    factor = scale(kernel)
    if factor == 0:
        return 0
    drawn = chance.lognormal(
        _MEDIAN_MS * factor,
        _SIGMA,
        _LEAST_MS * factor,
        _MOST_MS * factor,
        seed=kernel.state.seed,
        device=registered.config.stgid,
        purpose="latency",
        n=kernel.count(registered, "latency"),
    )
    return int(drawn)


def _find(registered: RegisteredDevice, number: int) -> PendingCommand | None:
    """The command a timer was set for; None when it is done or withdrawn, for its timer fires nevertheless."""
    for pending in registered.commands:
        if pending.id == number:
            return pending
    return None


def device_is_through(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Timers `execute` and `lazy`: the time that the device needs for a command is over."""
    pending = _find(registered, reference)
    # A command that began anew after the device was away has a later timer of its own: the old one says nothing.
    if pending is not None and pending.state == "running" and (pending.execute_at or 0) <= kernel.now:
        kernel.protocol(registered).commands.through(kernel, registered, pending)


def window_ends(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Timer `window`: whoever waits for the command is answered now, whatever the device does (A-REST-05)."""
    pending = _find(registered, reference)
    if pending is not None:
        pending.window_timer = None
        kernel.protocol(registered).commands.expire(kernel, registered, pending)


# --- a command is carried out -----------------------------------------------------------------------------------------


def carry_out(
    kernel: Kernel,
    registered: RegisteredDevice,
    command: Command,
    handlers: Mapping[Family, Handler],
    existing: int | str,
) -> Outcome:
    """What the device makes of a command. `existing` says what an added user who is there already means (R-14).

    Whoever calls answers the outcome first and lets it `follow_up` then: the answer leaves before the callbacks
    that follow from it (R-33, R-34, V2-22).
    """
    users = registered.device.users
    was_known = command.user_id in users
    outcome = handlers[command.family](registered.device, command, _context(kernel, registered, existing))
    if outcome.code == 0 and not was_known:
        outcome.added = users.get(command.user_id)  # by Add, or by Enroll, which creates an unknown user
    return outcome


def _context(kernel: Kernel, registered: RegisteredDevice, existing: int | str) -> Context:
    config = registered.config
    return Context(
        now_ms=kernel.now,
        label=config.label,
        licence=(config.licence_start, config.licence_end),
        last_connected_s=registered.last_connected // 1000,
        paged=kernel.policy.rest.loadlog_paging == "offset",
        existing=existing,
    )


def follow_up(kernel: Kernel, registered: RegisteredDevice, command: Command, outcome: Outcome) -> None:
    """What a command sets off beside its answer: losses in the ledger, a session, callbacks."""
    for row in outcome.lost:
        kernel.state.ledger.lost(registered.config.stgid, row.number, Cause.DELETED)
    if outcome.lost:
        why = f"{len(outcome.lost)} punches deleted before upload (R-31)"
        kernel.note(registered, "rest", command.name, verdict="lost", why=why)
    if outcome.opens_session:
        enrolment.open_session(kernel, registered, command.user_id)
    for user in outcome.users:
        _announce(kernel, registered, user)
    for fact in outcome.facts:
        upload.upload(kernel, registered, fact)
    if outcome.resend is not None:
        upload.resend(kernel, registered, *outcome.resend)
    live.follow_up(kernel, registered, outcome)
    # The callbacks' names say Manually, so a change by REST has no echo but where the knob asks for one (A-REST-23).
    if kernel.policy.rest.echo_changes:
        _echo(kernel, registered, outcome)


def _echo(kernel: Kernel, registered: RegisteredDevice, outcome: Outcome) -> None:
    """Tell every change of a user as if somebody had made it in the menu: #3-#9 of what changed, #1 (A-REST-23)."""
    changed = outcome.added or outcome.edited
    if changed is not None:
        _announce(kernel, registered, changed)
    clock = registered.device.clock
    for user_id in outcome.removed:
        upload.upload(kernel, registered, UserDeleted(user_id, clock.now_s(kernel.now), clock.offset))


def _announce(kernel: Kernel, registered: RegisteredDevice, user: User) -> None:
    clock = registered.device.clock
    introduce = kernel.protocol(registered).callbacks.introduce
    for fact in introduce(user, clock.now_s(kernel.now), clock.offset, "per_template", True):
        upload.upload(kernel, registered, fact)


# --- answers ----------------------------------------------------------------------------------------------------------


def apply_faults(
    kernel: Kernel,
    registered: RegisteredDevice,
    pending: PendingCommand,
    force: Callable[[int, tuple[Fault, ...]], None],
) -> bool:
    """Let the faults of `rest.request` strike; True when the command goes no further. `force` answers a forced code."""
    command = pending.command
    faults = kernel.matching_faults("rest.request", registered.config.stgid, command.name, command.user_id)
    for fault in faults:
        if fault.do == "drop":
            journal(kernel, registered, pending, None, "dropped before execution", faults=faults)
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
    registered: RegisteredDevice,
    pending: PendingCommand,
    code: int | None,
    verdict: str,
    *,
    faults: tuple[Fault, ...] = (),
    lint: tuple[str, ...] = (),
    field: str = "",
    why: str = "",
    answer: bytes = b"",
    http: int | None = None,
    user: str = "",
) -> Entry:
    """A journal line about a command; `code` is None where nobody is answered."""
    return kernel.note(
        registered,
        "rest",
        pending.command.name,
        plain=pending.plain,
        delivery=pending.id,
        verdict=verdict,
        code=None if code is None else int(code),
        faults=tuple(fault.label for fault in faults),
        lint=lint,
        field=field,
        why=why,
        answer=answer,
        http=http,
        user=user,
    )
