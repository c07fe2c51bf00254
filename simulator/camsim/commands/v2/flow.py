"""v2 requests: checked in the order of V2-12, answered at once, carried out and told to the callback URL later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camsim import chance
from camsim.commands import execute, queue
from camsim.kernel.events import Request
from camsim.kernel.kernel import Kernel
from camsim.protocol.catalogue import V2_COMMANDS, Family
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v3 import envelope
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, Slot

from . import answers
from . import checks as checks_v2
from . import execute as commands_v2
from .parse import read, reference

LAZY_MS = (30_000, 60_000)  # V2-10
_MERGE = "merge"  # V2-14: a user who is there already is no error
# A device whose services are not told has these two from 1970 to 2100.
_UNTOLD: Mapping[str, tuple[int, int]] = {"AttendanceAPI": (0, 4_102_444_800), "ManagementAPI": (0, 4_102_444_800)}
_OPENING = {"json": 1, "form": 1, "mode": 13, "cipher": 4, "info": 12}
_MOST_CURSORS = 64


def receive_v2(kernel: Kernel, event: Request) -> None:
    """Take a v2 request in: refuse it at once, or answer done and queue it for the device."""
    lint: list[str] = []
    if "form" not in event.content_type:
        lint.append("Content-Type is no form (A-REST-18)")
    try:
        form = envelope_v2.read_form(event.body)
    except envelope.EnvelopeError as problem:
        answers.refuse(kernel, None, event, Refusal(1, envelope_v2.FIELD, problem.why), event.body, None, lint)
        return
    lint.extend(form.lint)
    slot = _find(kernel, form.tag, lint)
    if slot is None:
        answers.refuse(kernel, None, event, _unknown(form.tag), _shown(form, event), form.info, lint)
        return
    refusal = _not_for(slot, event)
    if refusal is None:
        _open(kernel, slot, event, form, lint)
    else:
        answers.refuse(kernel, slot, event, refusal, _shown(form, event), form.info, lint)


def _shown(form: envelope_v2.Form, event: Request) -> bytes:
    """What the journal shows of a form that goes no further: its JSON text, if that is readable."""
    try:
        return envelope.encode(form.message) if isinstance(form.info, dict) else event.body
    except (OverflowError, RecursionError):
        return event.body


def _find(kernel: Kernel, tag: str, lint: list[str]) -> Slot | None:
    slot = kernel.state.slots.get(tag)
    if slot is None and kernel.policy.rest.stgid_alias:
        slot = next((other for other in kernel.state.slots.values() if other.config.serial == tag), None)
        if slot is not None:
            lint.append("ServiceTagId is the serial number (A-REST-16)")
    return slot


def _unknown(tag: str) -> Refusal:
    return Refusal(2, "ServiceTagId", f"{tag[:40]!r} is no registered device" if tag else "missing")


def _not_for(slot: Slot, event: Request) -> Refusal | None:
    if slot.config.protocol != "v2":
        return Refusal(8, "path", "the device speaks v3 (V2-28)")
    allowed = slot.config.origin_ips
    if allowed and event.remote not in allowed:
        return Refusal(3, "origin", f"{event.remote} is not in the device's list of {len(allowed)}")
    return None


def _open(kernel: Kernel, slot: Slot, event: Request, form: envelope_v2.Form, lint: list[str]) -> None:
    try:
        opened = envelope_v2.open_v2(form, slot.config.security_key)
    except envelope.EnvelopeError as problem:
        refusal = Refusal(_OPENING[problem.fault], "ApiRequestInfo", problem.why)
        if refusal.code == StatusV2.INVALID_API_REQUEST_INFO:
            refusal = checks_v2.unsubscribed(kernel, slot) or refusal
        answers.refuse(kernel, slot, event, refusal, _shown(form, event), form.info, lint)
        return
    except (OverflowError, RecursionError) as problem:  # a number or a depth that JSON allows and nobody can write
        refusal = Refusal(1, envelope_v2.FIELD, f"cannot be kept: {problem}")
        answers.refuse(kernel, slot, event, refusal, event.body, form.info, lint)
        return
    lint.extend(opened.lint)
    info = opened.message["ApiRequestInfo"]
    checked = checks_v2.check(kernel, slot, info)
    if isinstance(checked, Refusal):
        answers.refuse(kernel, slot, event, checked, opened.plain, info, lint)
        return
    _accept(kernel, slot, event, checked, opened.plain, info, lint)


# --- accepted ---------------------------------------------------------------------------------------------------------


def _accept(
    kernel: Kernel,
    slot: Slot,
    event: Request,
    command: Command,
    plain: bytes,
    info: Mapping[str, Any],
    lint: list[str],
) -> None:
    slot.command_ids += 1
    echo = reference(info)
    pending = PendingCommand(slot.command_ids, event.id, plain, command.name, echo, kernel.now, user=command.user_id)

    def force(code: int, faults: tuple[Fault, ...]) -> None:
        answers.answer(kernel, slot, pending, answers.forced(pending, code), "answered", why="forced by a fault")

    if queue.struck(kernel, slot, pending, command, force):
        return
    notes = (*lint, *command.lint)
    if command.family is Family.LOAD_DEVICE_INFORMATION:
        message = messages_v2.info_answer(_device_info(slot), echo)
        answers.answer(kernel, slot, pending, message, "answered", faults=_faults(kernel, slot, command), lint=notes)
    elif command.family is Family.LOAD_LOG:
        _load(kernel, slot, pending, command, lint)
    else:
        message = messages_v2.answer(command.name, StatusV2.DONE, echo)
        answers.answer(kernel, slot, pending, message, "accepted", faults=_faults(kernel, slot, command), lint=notes)
        if pending.state != "lost":
            slot.commands.append(pending)
            queue.begin(kernel, slot)


def _faults(kernel: Kernel, slot: Slot, command: Command) -> tuple[Fault, ...]:
    return kernel.striking("rest.answer", slot.config.stgid, command.name, command.user_id)


def _device_info(slot: Slot) -> messages_v2.DeviceInfo:
    config, device = slot.config, slot.device
    start, end = config.licence_start, config.licence_end
    untold = {
        name: (since if start is None else start, until if end is None else end)
        for name, (since, until) in _UNTOLD.items()
    }
    return messages_v2.DeviceInfo(
        config.serial,
        slot.last_connected // 1000,
        config.label,
        device.model.name,
        device.clock.offset,
        config.services or untold,
    )


def _load(kernel: Kernel, slot: Slot, pending: PendingCommand, command: Command, lint: list[str]) -> None:
    """LoadPunchLog is held like a v3 command: the device must answer within the window (V2-19, V2-27)."""
    if pending.state != "lost" and slot.online and kernel.policy.rest.latency_ms == 0:
        queue.carry_out(kernel, slot, pending, command, _MERGE, lint)
        return
    queue.open_window(kernel, slot, pending)
    slot.commands.append(pending)
    queue.begin(kernel, slot)


# --- the course of a command ------------------------------------------------------------------------------------------


def _is_load(pending: PendingCommand) -> bool:
    return V2_COMMANDS[pending.operation].family is Family.LOAD_LOG


def _begin(kernel: Kernel, slot: Slot) -> None:
    """Everything that waits begins at once and ends in its order, each 30-60 s after it could begin (V2-10)."""
    last = max((pending.execute_at or 0 for pending in slot.commands if pending.state == "running"), default=0)
    for pending in slot.commands:
        if pending.state != "waiting":
            continue
        if _is_load(pending):
            queue.start(kernel, slot, pending, kernel.now + queue.latency(kernel, slot))
            continue
        number = kernel.count(slot, "lazy")
        wait = chance.between(*LAZY_MS, kernel.state.seed, slot.config.stgid, "lazy", number)
        last = max(last, kernel.now + int(wait * queue.scale(kernel)))
        queue.start(kernel, slot, pending, last, "lazy")


def _run(kernel: Kernel, slot: Slot, pending: PendingCommand) -> None:
    if not slot.online:
        pending.state = "waiting"  # V2-13: it begins again at the reconnect
        return
    if _is_load(pending) and pending.request is None:
        slot.commands.remove(pending)  # whoever asked is gone: nobody is left to answer
        return
    queue.run(kernel, slot, pending, _MERGE)


def _expire(kernel: Kernel, slot: Slot, pending: PendingCommand) -> None:
    """The window of a LoadPunchLog ended: 999, and nothing is queued (V2-27)."""
    why = "the device did not answer within the window" if pending.connected else "the device is offline"
    message = messages_v2.answer(pending.operation, StatusV2.UNKNOWN_ERROR, pending.operation_id)
    slot.commands.remove(pending)
    answers.answer(kernel, slot, pending, message, "answered", why=why)


def _reread(kernel: Kernel, slot: Slot, pending: PendingCommand) -> Command | Refusal:
    info = envelope.decode(pending.plain)["ApiRequestInfo"]
    reading = read(info, V2_COMMANDS[pending.operation], slot.device.model, kernel.policy.rest)
    problem = reading.first()
    # The device's codes are v3's until they are told; 999 is the same in both.
    return Refusal(StatusV2.UNKNOWN_ERROR, problem.field, problem.why) if problem else reading.command


def _told(
    kernel: Kernel,
    slot: Slot,
    pending: PendingCommand,
    command: Command,
    outcome: execute.Outcome,
    lint: queue.Lint,
) -> bool:
    if pending in slot.commands:
        slot.commands.remove(pending)
    code = StatusV2.UNKNOWN_ERROR if outcome.silent else messages_v2.device_code(outcome.code)
    if outcome.rows is not None:
        _answer_page(kernel, slot, pending, command, outcome.rows, lint)
    elif _is_load(pending):
        message = messages_v2.answer(pending.operation, code, pending.operation_id)
        answers.answer(kernel, slot, pending, message, "answered", why=outcome.why)
    else:
        queue.journal(kernel, slot, pending, code, "executed", user=pending.user, lint=lint, why=outcome.why)
        answers.lazy(kernel, slot, pending, code)
    return True


def _answer_page(
    kernel: Kernel, slot: Slot, pending: PendingCommand, command: Command, rows: execute.Rows, lint: queue.Lint
) -> None:
    """50 rows; where the next ones begin is remembered, so that a full log does not shift them (V2-19)."""
    known = slot.cursors.get(f"{rows.start}:{rows.end}:{rows.offset_rows}")
    if known is None and rows.offset_rows > 1:
        lint = (*lint, "OperationData.OffSet: was not given out for this range, counted from its first row (V2-19)")
    page = commands_v2.page(rows, known, kernel.policy.style_v2)
    if page.next_row is not None and page.next_number is not None:
        slot.cursors[f"{rows.start}:{rows.end}:{page.next_row}"] = page.next_number
        while len(slot.cursors) > _MOST_CURSORS:
            del slot.cursors[next(iter(slot.cursors))]
    message = messages_v2.load_page(
        page.punches, page.total, page.next_row, pending.operation_id, kernel.policy.style_v2
    )
    answers.answer(kernel, slot, pending, message, "answered", faults=_faults(kernel, slot, command), lint=lint)


queue.COURSES["v2"] = queue.Course(receive_v2, _begin, _run, _expire, _reread, _told, commands_v2.HANDLERS)
