"""Accepted v3 commands: held until the device acknowledges or the window ends, carried out, answered."""

from __future__ import annotations

from camsim import chance
from camsim.commands import execute, live, queue
from camsim.kernel.events import Reply
from camsim.kernel.kernel import Kernel
from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command
from camsim.protocol.statuses import StatusV3
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, RegisteredDevice
from camsim.state.outcome import Outcome

from . import answers
from .incoming import Incoming

_HANDLERS = {**execute.HANDLERS, **live.HANDLERS}


def accept(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming, command: Command) -> None:
    """Carry a checked command out at once, or queue it until the device is there and free."""
    registered.command_ids += 1
    pending = PendingCommand(
        id=registered.command_ids,
        request=incoming.event.id,
        plain=incoming.plain,
        command=command,
        operation_id=str(incoming.message.get("OperationID") or ""),  # A-REST-27: empty where there is none
        received_at=kernel.now,
        lint=tuple(incoming.lint),
    )

    def force(code: int, faults: tuple[Fault, ...]) -> None:
        answers.answer(kernel, registered, pending, code, {}, faults=faults, why="forced by a fault")

    if queue.apply_faults(kernel, registered, pending, force):
        return
    if pending.state == "lost":  # by a fault: it never reaches the device, and 6 is answered when the window ends
        queue.open_window(kernel, registered, pending)
        registered.commands.append(pending)
        return
    if kernel.policy.rest.mode == "accept":  # A-REST-03: what becomes of it stands in the journal alone
        answers.answer(kernel, registered, pending, StatusV3.SUCCESS, {})
    take(kernel, registered, pending)


def take(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """Give a command to its device, at once or when the device is there and free."""
    if _answers_at_once(kernel, registered, pending.command):
        pending.connected = True
        _carry_out(kernel, registered, pending)
    else:
        _wait(kernel, registered, pending)


def _answers_at_once(kernel: Kernel, registered: RegisteredDevice, command: Command) -> bool:
    """Nothing is in the way, or the gateway knows the answer: device information from its cache (R-13)."""
    rest = kernel.policy.rest
    if registered.online:
        return not registered.commands and rest.latency_ms == 0
    return command.family is Family.LOAD_DEVICE_INFORMATION and rest.devinfo_offline == "cached"


def _wait(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    registered.commands.append(pending)
    if registered.online:
        queue.begin(kernel, registered)
    elif kernel.policy.rest.offline_reply == "immediate":
        _give_up(kernel, registered, pending, StatusV3.DEVICE_OFFLINE, "the device is offline")
    else:
        queue.open_window(kernel, registered, pending)


def begin(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Hand the first waiting command to an online device; one at a time (A-REST-04)."""
    if any(pending.state == "running" for pending in registered.commands):
        return
    for pending in registered.commands:
        if pending.state in ("waiting", "parked"):
            queue.open_window(kernel, registered, pending)
            queue.start(kernel, registered, pending, kernel.now + queue.latency(kernel, registered))
            return


def through(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """The device is through with a command: it is carried out, unless it came too late for that (A-REST-08)."""
    if not registered.online:
        pending.executed = True  # A-DEV-21: carried out, the acknowledgement is lost
    late = pending.request is None and pending.window_ends is not None and kernel.now >= pending.window_ends
    if late and pending.connected and _drops_late(kernel, registered, pending):
        registered.commands.remove(pending)
        queue.journal(kernel, registered, pending, None, "dropped", why="the command came too late (rest.after_6)")
    else:
        _carry_out(kernel, registered, pending)
    queue.begin(kernel, registered)


def _drops_late(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> bool:
    """Whether a command is lost of which 6 was answered: never, always, or every other time by chance (A-REST-08)."""
    if kernel.policy.rest.after_6 == "seeded":
        return chance.happens(0.5, kernel.state.seed, registered.config.stgid, "after-6", pending.id)
    return kernel.policy.rest.after_6 == "dropped"


def _carry_out(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    command, existing = pending.command, kernel.policy.rest.add_existing
    outcome = queue.carry_out(kernel, registered, command, _HANDLERS, existing)
    if outcome.rows is not None:
        outcome.rows = live.narrowed(kernel, registered, outcome.rows)
    if answer_outcome(kernel, registered, pending, outcome):
        queue.follow_up(kernel, registered, command, outcome)


def expire(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """The window of a command ends: 6 where the device was there, 5 where it was not (A-REST-06)."""
    if pending.connected or registered.online:
        why = "the device did not acknowledge within the window"
        _give_up(kernel, registered, pending, StatusV3.OPERATION_TIMEOUT, why)
    else:
        why = "the device was offline for the whole window"
        _give_up(kernel, registered, pending, StatusV3.DEVICE_OFFLINE, why)


def unlicensed(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, why: str) -> None:
    """The licence ended while somebody waits: the code of a request that comes now, and nothing runs (A-REST-21)."""
    registered.commands.remove(pending)
    code = kernel.policy.rest.licence_code
    if code == "no_answer":
        queue.journal(kernel, registered, pending, None, "no answer", why=why)
        queue.reply(kernel, pending, Reply(pending.request or 0, 0, b"", faults=(("drop", {}),)))
        return
    answers.answer(kernel, registered, pending, int(code), {}, why=why)


def _give_up(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, code: int, why: str) -> None:
    """Answer 5 or 6; the command itself waits for the device (A-REST-07) or is carried out late (A-REST-08)."""
    if pending.request is not None:
        answers.answer(kernel, registered, pending, code, {}, why=why)
    dropped = code == StatusV3.DEVICE_OFFLINE and kernel.policy.rest.after_5 == "drop"
    if pending.state == "lost" or pending.executed or dropped:
        registered.commands.remove(pending)
        queue.begin(kernel, registered)
    elif pending.state == "waiting":
        pending.state = (
            "parked"  # "queues the command and delivers it automatically when the device reconnects" (V3:1193)
        )


def answer_outcome(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, outcome: Outcome) -> bool:
    """Answer what became of a command, or note it where nobody waits any more; False when the device keeps silent."""
    lint = (*pending.lint, *pending.command.lint, *outcome.lint)
    if outcome.silent:
        _keep_silent(kernel, registered, pending, outcome, lint)
        return False
    if pending in registered.commands and (not pending.executed or pending.request is None):
        registered.commands.remove(pending)
        queue.close_window(kernel, pending)
    if pending.executed:  # the device is away: nobody hears of it until the window ends with 6
        queue.journal(kernel, registered, pending, None, "executed, the acknowledgement was lost", lint=lint)
    elif pending.request is None:
        why = outcome.why or "executed late"
        queue.journal(kernel, registered, pending, outcome.code, "executed late", lint=lint, why=why)
    else:
        command = pending.command
        faults = kernel.matching_faults("rest.answer", registered.config.stgid, command.name, command.user_id)
        answers.answer(
            kernel,
            registered,
            pending,
            outcome.code,
            outcome.members,
            rows=outcome.rows,
            faults=faults,
            lint=lint,
            field=outcome.field,
            why=outcome.why,
        )
    return True


def _keep_silent(
    kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, outcome: Outcome, lint: tuple[str, ...]
) -> None:
    """The device does not answer: 6 at the end of the window; where nobody waits, the journal says why."""
    if pending.request is None and pending in registered.commands:
        registered.commands.remove(pending)
        queue.journal(
            kernel, registered, pending, None, "not executed", lint=lint, field=outcome.field, why=outcome.why
        )
        return
    pending.state = "lost"
    if pending not in registered.commands:
        registered.commands.append(pending)
    queue.open_window(kernel, registered, pending)
