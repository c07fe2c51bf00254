"""Accepted v2 commands: answered at once, carried out by the device, told to the callback URL later."""

from __future__ import annotations

from camsim import chance
from camsim.commands import queue
from camsim.kernel.kernel import Kernel
from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v3.messages import Message
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, RegisteredDevice
from camsim.state.outcome import Outcome, Rows

from . import answers
from .execute import HANDLERS, page
from .incoming import Incoming
from .parse import reference

LAZY_MS = (30_000, 60_000)  # V2-10
_MERGE = "merge"  # V2-14: a user who is there already is no error
# A device whose services are not told has these two; without a licence to end them, from 1970 to 2100.
_UNTOLD = ("AttendanceAPI", "ManagementAPI")
_ALWAYS = (0, 4_102_444_800)
_MOST_CURSORS = 64


def accept(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming, command: Command) -> None:
    """Answer a checked command (V2-10); what does not end with that is queued for the device."""
    registered.command_ids += 1
    pending = PendingCommand(
        id=registered.command_ids,
        request=incoming.event.id,
        plain=incoming.shown(),
        command=command,
        operation_id=reference(incoming.info),
        received_at=kernel.now,
    )

    def force(code: int, faults: tuple[Fault, ...]) -> None:
        answers.answer(kernel, registered, pending, answers.forced(pending, code), "answered", why="forced by a fault")

    if queue.apply_faults(kernel, registered, pending, force):
        return
    if command.family is Family.LOAD_LOG:
        pending.lint = tuple(incoming.lint)
        _load(kernel, registered, pending)
    elif command.family is Family.LOAD_DEVICE_INFORMATION:
        message = messages_v2.info_answer(_device_info(registered), pending.operation_id)
        _answer_now(kernel, registered, pending, message, "answered", incoming.lint)
    else:
        message = messages_v2.answer(command.name, StatusV2.DONE, pending.operation_id)
        _answer_now(kernel, registered, pending, message, "accepted", incoming.lint)
        if pending.state != "lost":
            take(kernel, registered, pending)


def take(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """Give a command that was answered to its device."""
    registered.commands.append(pending)
    queue.begin(kernel, registered)


def _answer_now(
    kernel: Kernel,
    registered: RegisteredDevice,
    pending: PendingCommand,
    message: Message,
    verdict: str,
    lint: list[str],
) -> None:
    faults = _answer_faults(kernel, registered, pending.command)
    notes = (*lint, *pending.command.lint)
    answers.answer(kernel, registered, pending, message, verdict, faults=faults, lint=notes)


def _answer_faults(kernel: Kernel, registered: RegisteredDevice, command: Command) -> tuple[Fault, ...]:
    return kernel.matching_faults("rest.answer", registered.config.stgid, command.name, command.user_id)


def _device_info(registered: RegisteredDevice) -> messages_v2.DeviceInfo:
    config, device = registered.config, registered.device
    return messages_v2.DeviceInfo(
        serial=config.serial,
        last_connected=registered.last_connected // 1000,
        label=config.label,
        model=device.model.name,
        offset=device.clock.offset,
        services=config.services or _services_untold(config.licence_start, config.licence_end),
    )


def _services_untold(start: int | None, end: int | None) -> dict[str, tuple[int, int]]:
    """Services of a device that has none configured: they run as long as its licence does."""
    since = _ALWAYS[0] if start is None else start
    until = _ALWAYS[1] if end is None else end
    return dict.fromkeys(_UNTOLD, (since, until))


def _load(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """LoadPunchLog is held like a v3 command: the device must answer within the window (V2-19, V2-27)."""
    if pending.state != "lost" and registered.online and kernel.policy.rest.latency_ms == 0:
        _carry_out(kernel, registered, pending)
        return
    queue.open_window(kernel, registered, pending)
    registered.commands.append(pending)
    queue.begin(kernel, registered)


def _is_load(pending: PendingCommand) -> bool:
    return pending.command.family is Family.LOAD_LOG


def begin(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Everything that waits begins at once and ends in its order, each 30-60 s after it could begin (V2-10)."""
    last = 0  # when the device is through with what it has: a later command never overtakes an earlier one
    for pending in registered.commands:
        if pending.state == "running":
            last = max(last, pending.execute_at or 0)
    for pending in registered.commands:
        if pending.state != "waiting":
            continue
        if _is_load(pending):
            queue.start(kernel, registered, pending, kernel.now + queue.latency(kernel, registered))
            continue
        number = kernel.count(registered, "lazy")
        wait = chance.between(*LAZY_MS, kernel.state.seed, registered.config.stgid, "lazy", number)
        last = max(last, kernel.now + int(wait * queue.scale(kernel)))
        queue.start(kernel, registered, pending, last, "lazy")


def through(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """The device is through with a command: it is carried out, unless the device or whoever asked is gone."""
    if not registered.online:
        pending.state = "waiting"  # V2-13: it begins again at the reconnect
        return
    if _is_load(pending) and pending.request is None:
        registered.commands.remove(pending)  # whoever asked is gone: nobody is left to answer
        return
    _carry_out(kernel, registered, pending)


def _carry_out(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    outcome = queue.carry_out(kernel, registered, pending.command, HANDLERS, _MERGE)
    if answer_outcome(kernel, registered, pending, outcome):
        queue.follow_up(kernel, registered, pending.command, outcome)


def expire(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand) -> None:
    """The window of a LoadPunchLog ended: 999, and nothing is queued (V2-27)."""
    why = "the device is offline"
    if pending.connected:
        why = "the device did not answer within the window"
    message = messages_v2.answer(pending.command.name, StatusV2.UNKNOWN_ERROR, pending.operation_id)
    registered.commands.remove(pending)
    answers.answer(kernel, registered, pending, message, "answered", why=why)


def unlicensed(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, why: str) -> None:
    """The service ended while a LoadPunchLog is held: 5, as a request that comes now would get (V2-29)."""
    registered.commands.remove(pending)
    message = messages_v2.answer(pending.command.name, StatusV2.INVALID_SUBSCRIPTION, pending.operation_id)
    answers.answer(kernel, registered, pending, message, "answered", why=why)


def answer_outcome(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, outcome: Outcome) -> bool:
    """Answer a LoadPunchLog; of every other command queue the lazy response. Always True: v2 devices always answer."""
    if pending in registered.commands:
        registered.commands.remove(pending)
    command = pending.command
    lint = (*pending.lint, *command.lint, *outcome.lint)
    # The device's codes are v3's until they are told.
    code = messages_v2.device_code(outcome.code)
    if outcome.silent:  # v2 has no code for a device that does not answer (V2-13)
        code = StatusV2.UNKNOWN_ERROR
    if outcome.rows is not None:
        _answer_page(kernel, registered, pending, outcome.rows, lint)
    elif _is_load(pending):
        message = messages_v2.answer(command.name, code, pending.operation_id)
        answers.answer(kernel, registered, pending, message, "answered", why=outcome.why)
    else:
        user = command.user_id
        queue.journal(kernel, registered, pending, code, "executed", user=user, lint=lint, why=outcome.why)
        answers.lazy(kernel, registered, pending, code)
    return True


def _answer_page(
    kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, rows: Rows, lint: tuple[str, ...]
) -> None:
    """50 rows; where the next ones begin is remembered, so that a full log does not shift them (V2-19)."""
    cursors, style = registered.cursors, kernel.policy.style_v2
    known = cursors.get(f"{rows.start}:{rows.end}:{rows.offset_rows}")
    if known is None and rows.offset_rows > 1:
        lint = (*lint, "OperationData.OffSet: was not given out for this range, counted from its first row (V2-19)")
    shown = page(rows, known, style)
    if shown.next_row is not None and shown.next_number is not None:
        cursors[f"{rows.start}:{rows.end}:{shown.next_row}"] = shown.next_number
        while len(cursors) > _MOST_CURSORS:
            del cursors[next(iter(cursors))]  # the oldest: whoever asks for its page again is served by row number
    message = messages_v2.load_page(shown.punches, shown.total, shown.next_row, pending.operation_id, style)
    faults = _answer_faults(kernel, registered, pending.command)
    answers.answer(kernel, registered, pending, message, "answered", faults=faults, lint=lint)
