"""v3 requests: checked in the register's order, held until the device acknowledges or the window ends, answered."""

from __future__ import annotations

from typing import Any

from camsim.commands import execute, queue
from camsim.kernel.events import Reply, Request
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed
from camsim.protocol.catalogue import Family, Recognition, UnrecognisedError, recognise
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV3
from camsim.protocol.timestamps import TimestampError, parse
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import ATTENDANCE_ONLY
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, Slot

from . import answers
from .parse import check, leniently

V3_LINT_CONTENT_TYPE = "Content-Type is not application/json (A-REST-18)"


def _find_slot(kernel: Kernel, event: Request, lint: list[str]) -> Slot | None:
    """The device that `stgid` names; the first value counts (A-REST-16, A-REST-17)."""
    if not event.stgid:
        return None
    if len(event.stgid) > 1:
        lint.append("stgid occurs more than once, the first one counts (A-REST-17)")
    wanted = event.stgid[0]
    slot = kernel.state.slots.get(wanted)
    if slot is None and kernel.policy.rest.stgid_alias:
        slot = next((other for other in kernel.state.slots.values() if other.config.serial == wanted), None)
        if slot is not None:
            lint.append("stgid is the serial number (A-REST-16)")
    return slot


def receive_v3(kernel: Kernel, event: Request) -> None:
    """Take a v3 request in: refuse it at once or queue it for the device."""
    lint: list[str] = []
    if "json" not in event.content_type:
        lint.append(V3_LINT_CONTENT_TYPE)
    slot = _find_slot(kernel, event, lint)
    if slot is None:
        shown = event.stgid[0][:40] if event.stgid else "missing"
        refusal = Refusal(StatusV3.INVALID_SERVICE_TAG_ID, "stgid", f"{shown!r} is no registered device")
        answers.refuse(kernel, None, event, refusal, event.body, {}, lint)
        return
    code = kernel.policy.rest.licence_code
    if not licensed(slot.config, kernel.now):
        if code == "no_answer":
            kernel.note(
                slot,
                "rest",
                "?",
                plain=event.body,
                verdict="no answer",
                why="the licence does not run",
                real_s=event.real_s,
            )
            kernel.effects.append(Reply(event.id, 0, b"", faults=(("drop", {}),)))
            return
        answers.refuse(
            kernel,
            slot,
            event,
            Refusal(int(code), "stgid", "the licence of the device does not run"),
            event.body,
            {},
            lint,
        )
        return
    _open(kernel, slot, event, lint)


def _open(kernel: Kernel, slot: Slot, event: Request, lint: list[str]) -> None:
    config = slot.config
    if config.protocol != "v3":
        answers.refuse(kernel, slot, event, Refusal(3, "path", "the device speaks v2 (V2-28)"), event.body, {}, lint)
        return
    try:
        opened = envelope.open_v3(event.body, config.security_key)
    except envelope.EnvelopeError as problem:
        code = {"json": 1, "mode": kernel.policy.rest.mode_mismatch_code, "cipher": 4}[problem.fault]
        answers.refuse(kernel, slot, event, Refusal(code, "body", problem.why), event.body, {}, lint)
        return
    strictness = kernel.policy.rest.strictness
    if strictness == "strict" and "json" not in event.content_type:
        why = f"{event.content_type[:60]!r} is not application/json (A-REST-18)"
        answers.refuse(kernel, slot, event, Refusal(1, "Content-Type", why), opened.plain, opened.message, lint)
        return
    lenient = strictness == "lenient"
    message = leniently(opened.message) if lenient else opened.message
    lint.extend(opened.lint)
    recognition, refusal = _read(message, config.auth_token)
    if refusal is None and recognition is not None:
        checked = check(message, recognition, slot.device.clock.offset, kernel.policy.rest)
        refusal = checked if isinstance(checked, Refusal) else _why_impossible(slot, checked)
    if refusal is not None or recognition is None or isinstance(checked, Refusal):
        name = recognition.name if recognition is not None else "?"
        answers.refuse(kernel, slot, event, refusal or Refusal(3, "message", ""), opened.plain, message, lint, name)
        return
    _lint_time(message, lint)
    _accept(kernel, slot, event, checked, message, opened.plain, lint)


def _read(message: dict[str, Any], token: str) -> tuple[Recognition | None, Refusal | None]:
    """Token 7, OperationID missing 3, shape 3 (A-REST-10, A-REST-12)."""
    if message.get("AuthToken") != token:
        why = "does not match the device's token" if "AuthToken" in message else "missing"
        return None, Refusal(StatusV3.INVALID_AUTH_TOKEN, "AuthToken", why)
    if "OperationID" not in message:
        return None, Refusal(StatusV3.INVALID_REQUEST, "OperationID", "required")
    try:
        recognition = recognise(message)
    except UnrecognisedError as problem:
        return None, Refusal(StatusV3.INVALID_REQUEST, problem.field, problem.why)
    if recognition.direction == "callback":
        return None, Refusal(
            StatusV3.INVALID_REQUEST, "RealTime", "a callback is no request; the gateway sends it to you"
        )
    return recognition, None


def _lint_time(message: dict[str, Any], lint: list[str]) -> None:
    try:
        parse(message.get("Time"))
    except TimestampError as problem:
        lint.append(f"Time: {problem} (A-REST-12)" if "Time" in message else "Time is missing (A-REST-12)")


def _why_impossible(slot: Slot, command: Command) -> Refusal | None:
    """Mode, switches, plan and model: 15 (A-REST-22, A-DEV-18, A-DEV-19)."""
    config = slot.config
    if config.mode in ATTENDANCE_ONLY:
        return Refusal(15, "stgid", f"connection mode {config.mode} has no RESTful API")
    if not config.restful_api:
        return Refusal(15, "stgid", "RESTful API is switched off for the device")
    if command.name in config.without_operations:
        return Refusal(15, "message", f"{command.name} is not in the plan")
    return execute.why_unsupported(slot.device, command)


def _accept(
    kernel: Kernel, slot: Slot, event: Request, command: Command, message: dict[str, Any], plain: bytes, lint: list[str]
) -> None:
    slot.command_ids += 1
    operation_id = str(message["OperationID"])
    pending = PendingCommand(slot.command_ids, event.id, plain, command.name, operation_id, kernel.now)

    def force(code: int, faults: tuple[Fault, ...]) -> None:
        answers.answer(kernel, slot, pending, code, {}, faults=faults, noted={"why": "forced by a fault"})

    if queue.struck(kernel, slot, pending, command, force):
        return
    if pending.state == "lost":
        queue.open_window(kernel, slot, pending)
        slot.commands.append(pending)
        return
    policy = kernel.policy.rest
    if policy.mode == "accept":
        answers.answer(kernel, slot, pending, 0, {})
    cached = command.family is Family.LOAD_DEVICE_INFORMATION and policy.devinfo_offline == "cached"
    if (slot.online and not slot.commands and policy.latency_ms == 0) or (cached and not slot.online):
        pending.connected = True
        queue.carry_out(kernel, slot, pending, command, policy.add_existing, lint)
        return
    slot.commands.append(pending)
    if slot.online:
        queue.begin(kernel, slot)
    elif policy.offline_reply == "immediate":
        _give_up(kernel, slot, pending, StatusV3.DEVICE_OFFLINE, "the device is offline")
    else:
        queue.open_window(kernel, slot, pending)


def _begin(kernel: Kernel, slot: Slot) -> None:
    """Hand over the first waiting command; one at a time (A-REST-04)."""
    if any(pending.state == "running" for pending in slot.commands):
        return
    pending = next((pending for pending in slot.commands if pending.state in ("waiting", "parked")), None)
    if pending is not None:
        queue.open_window(kernel, slot, pending)
        queue.start(kernel, slot, pending, kernel.now + queue.latency(kernel, slot))


def _reread(kernel: Kernel, slot: Slot, pending: PendingCommand) -> Command | Refusal:
    message = envelope.decode(pending.plain)
    if kernel.policy.rest.strictness == "lenient":
        message = leniently(message)
    return check(message, recognise(message), slot.device.clock.offset, kernel.policy.rest)


def _run(kernel: Kernel, slot: Slot, pending: PendingCommand) -> None:
    policy = kernel.policy.rest
    if not slot.online:
        pending.executed = True  # A-DEV-21: carried out, the acknowledgement is lost
    late = pending.request is None and pending.window_ends is not None and kernel.now >= pending.window_ends
    if late and policy.after_6 == "dropped" and pending.connected:
        slot.commands.remove(pending)
    else:
        queue.run(kernel, slot, pending, policy.add_existing)
    queue.begin(kernel, slot)


def _expire(kernel: Kernel, slot: Slot, pending: PendingCommand) -> None:
    if pending.connected or slot.online:
        _give_up(kernel, slot, pending, StatusV3.OPERATION_TIMEOUT, "the device did not acknowledge within the window")
    else:
        _give_up(kernel, slot, pending, StatusV3.DEVICE_OFFLINE, "the device was offline for the whole window")


def _give_up(kernel: Kernel, slot: Slot, pending: PendingCommand, code: int, why: str) -> None:
    """Answer 5 or 6; the command itself waits for the device (A-REST-07) or is carried out late (A-REST-08)."""
    if pending.request is not None:
        answers.answer(kernel, slot, pending, code, {}, noted={"why": why})
    dropped = code == StatusV3.DEVICE_OFFLINE and kernel.policy.rest.after_5 == "drop"
    if pending.state == "lost" or pending.executed or dropped:
        slot.commands.remove(pending)
        queue.begin(kernel, slot)
    elif pending.state == "waiting":
        pending.state = "parked"


def _told(
    kernel: Kernel,
    slot: Slot,
    pending: PendingCommand,
    command: Command,
    outcome: execute.Outcome,
    lint: queue.Lint,
) -> bool:
    if outcome.silent:
        if pending.request is None and pending in slot.commands:  # nobody waits for it any more
            slot.commands.remove(pending)
            queue.journal(kernel, slot, pending, None, "not executed", lint=lint, field=outcome.field, why=outcome.why)
            return False
        pending.state = "lost"
        if pending not in slot.commands:
            slot.commands.append(pending)
        queue.open_window(kernel, slot, pending)
        return False
    if pending in slot.commands and (not pending.executed or pending.request is None):
        slot.commands.remove(pending)
        queue.close_window(kernel, pending)
    if pending.executed:  # the device is away: nobody hears of it until the window ends with 6
        queue.journal(kernel, slot, pending, None, "executed, the acknowledgement was lost", lint=lint)
    elif pending.request is None:
        why = outcome.why or "executed late"
        queue.journal(kernel, slot, pending, outcome.code, "executed late", lint=lint, why=why)
    else:
        faults = kernel.striking("rest.answer", slot.config.stgid, command.name, command.user_id)
        noted = {"lint": lint, "field": outcome.field, "why": outcome.why}
        answers.answer(
            kernel, slot, pending, outcome.code, outcome.members, rows=outcome.rows, faults=faults, noted=noted
        )
    return True


queue.COURSES["v3"] = queue.Course(receive_v3, _begin, _run, _expire, _reread, _told, execute.HANDLERS)
