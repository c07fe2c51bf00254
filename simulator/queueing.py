"""RESTful requests: checked in the register's order, queued for the device, held until it acknowledges or the window ends."""

from __future__ import annotations

from typing import Any

from . import chance, commands, dispatch
from .device import EnrolSession, User
from .faults import Fault
from .gateway import Kernel, PendingCommand, Reply, Request, Slot, fires, handles, licensed
from .intake import MAX_OPERATION_ID, Command, Refusal, check, leniently
from .ledger import Cause
from .protocol import envelope
from .protocol.catalogue import Recognition, UnrecognisedError, recognise
from .protocol.facts import UserUpdated
from .protocol.statuses import StatusV3, status_text
from .protocol.timestamps import TimestampError, parse
from .protocol.vocabulary import ATTENDANCE_ONLY, TemplateType
from .population import template as synthetic_template

HTTP_MAPPED = {0: 200, 1: 400, 3: 400, 4: 400, 2: 404, 9: 404, 7: 401, 13: 401, 8: 409, 10: 422, 11: 507, 15: 501, 5: 503, 6: 504}
_MEDIAN_MS = 15_000  # A-REST-04: lognormal, sigma 0.25, clipped to 2-28 s around a median of 15 s
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
        _refuse(kernel, None, event, refusal, event.body, {}, lint)
        return
    code = kernel.policy.rest.licence_code
    if not licensed(slot.config, kernel.now):
        if code == "no_answer":
            kernel.note(slot, "rest", "?", plain=event.body, verdict="no answer", why="the licence does not run", real_s=event.real_s)
            kernel.effects.append(Reply(event.id, 0, b"", faults=(("drop", {}),)))
            return
        _refuse(kernel, slot, event, Refusal(int(code), "stgid", "the licence of the device does not run"), event.body, {}, lint)
        return
    _open(kernel, slot, event, lint)


def _open(kernel: Kernel, slot: Slot, event: Request, lint: list[str]) -> None:
    config = slot.config
    if config.protocol != "v3":
        _refuse(kernel, slot, event, Refusal(3, "path", "the device speaks v2 (V2-28)"), event.body, {}, lint)
        return
    try:
        opened = envelope.open_v3(event.body, config.security_key)
    except envelope.EnvelopeError as problem:
        code = {"json": 1, "mode": kernel.policy.rest.mode_mismatch_code, "cipher": 4}[problem.fault]
        _refuse(kernel, slot, event, Refusal(code, "body", problem.why), event.body, {}, lint)
        return
    lenient = kernel.policy.rest.strictness == "lenient"
    message = leniently(opened.message) if lenient else opened.message
    lint.extend(opened.lint)
    recognition, refusal = _read(message, config.auth_token)
    if refusal is None and recognition is not None:
        checked = check(message, recognition, slot.device.clock.offset, kernel.policy.rest)
        refusal = checked if isinstance(checked, Refusal) else _why_impossible(slot, checked)
    if refusal is not None or recognition is None or isinstance(checked, Refusal):
        _refuse(kernel, slot, event, refusal or Refusal(3, "message", ""), opened.plain, message, lint)
        return
    _lint_time(message, lint)
    _accept(kernel, slot, event, checked, message, opened.plain, lint)


def _read(message: dict[str, Any], token: str) -> tuple[Recognition | None, Refusal | None]:
    """Token 7, OperationID 3 or 1, shape 3 (A-REST-10, A-REST-12, A-REST-13)."""
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
        return None, Refusal(StatusV3.INVALID_REQUEST, "RealTime", "a callback is no request; the gateway sends it to you")
    number = message["OperationID"]
    if not isinstance(number, str) or not 0 < len(number) <= MAX_OPERATION_ID:
        return None, Refusal(
            StatusV3.INVALID_REQUEST_DATA, "OperationID", f"a text of 1-{MAX_OPERATION_ID} characters is expected"
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
    return commands.why_unsupported(slot.device, command)


def _accept(
    kernel: Kernel, slot: Slot, event: Request, command: Command, message: dict[str, Any], plain: bytes, lint: list[str]
) -> None:
    slot.command_ids += 1
    operation_id = str(message["OperationID"])
    pending = PendingCommand(slot.command_ids, event.id, plain, command.name, operation_id, kernel.now)
    faults = kernel.striking("rest.request", slot.config.stgid, command.name, command.user_id)
    if any(fault.do in ("drop", "code", "delay") for fault in faults):
        _faulted(kernel, slot, pending, faults, command)
        if any(fault.do != "delay" for fault in faults):
            return
    if any(fault.do == "lose_command" for fault in faults):
        pending.state = "lost"
        _open_window(kernel, slot, pending)
        slot.commands.append(pending)
        return
    if kernel.policy.rest.mode == "accept":
        _answer(kernel, slot, pending, 0, {})
    if slot.online and not slot.commands and kernel.policy.rest.latency_ms == 0:
        pending.connected = True
        _carry_out(kernel, slot, pending, command, lint)
        return
    slot.commands.append(pending)
    if slot.online:
        begin(kernel, slot)
    elif kernel.policy.rest.offline_reply == "immediate":
        _give_up(kernel, slot, pending, StatusV3.DEVICE_OFFLINE, "the device is offline")
    else:
        _open_window(kernel, slot, pending)


def _faulted(kernel: Kernel, slot: Slot, pending: PendingCommand, faults: tuple[Fault, ...], command: Command) -> None:
    for fault in faults:
        if fault.do == "drop":
            _journal(kernel, slot, pending, None, "dropped before execution", faults=faults)
            assert pending.request is not None
            kernel.effects.append(Reply(pending.request, 0, b"", faults=(("drop", {}),)))
            pending.request = None
            return
        if fault.do == "code":
            _answer(kernel, slot, pending, int(fault.options.get("code", 999)), {}, faults=faults, why="forced by a fault")
            return


def _open_window(kernel: Kernel, slot: Slot, pending: PendingCommand) -> None:
    if pending.window_ends is None:
        pending.window_ends = kernel.now + kernel.policy.rest.window_ms
        pending.window_timer = kernel.state.timers.set(pending.window_ends, "window", slot.config.stgid, pending.id)


def _latency(kernel: Kernel, slot: Slot, pending: PendingCommand) -> int:
    median = kernel.policy.rest.latency_ms
    if median == 0:
        return 0
    scale = median / _MEDIAN_MS
    number = kernel.count(slot, "latency")
    drawn = chance.lognormal(
        median, 0.25, 2000 * scale, 28_000 * scale, seed=kernel.state.seed, device=slot.config.stgid, purpose="latency", n=number
    )
    return int(drawn)


def begin(kernel: Kernel, slot: Slot) -> None:
    """Hand the first waiting command to an online device; one at a time (A-REST-04)."""
    if not slot.online or any(pending.state == "running" for pending in slot.commands):
        return
    pending = next((pending for pending in slot.commands if pending.state in ("waiting", "parked")), None)
    if pending is None:
        return
    pending.state, pending.connected = "running", True
    _open_window(kernel, slot, pending)
    pending.execute_at = kernel.now + _latency(kernel, slot, pending)
    kernel.state.timers.set(pending.execute_at, "execute", slot.config.stgid, pending.id)


def _find(slot: Slot, number: int) -> PendingCommand | None:
    return next((pending for pending in slot.commands if pending.id == number), None)


@fires("execute")
def _execute(kernel: Kernel, slot: Slot, reference: int) -> None:
    pending = _find(slot, reference)
    if pending is None or pending.state != "running" or pending.execute_at != kernel.now and (pending.execute_at or 0) > kernel.now:
        return
    if not slot.online:
        pending.executed = True  # A-DEV-21: carried out, the acknowledgement is lost
    message = envelope.decode(pending.plain)
    if kernel.policy.rest.strictness == "lenient":
        message = leniently(message)
    checked = check(message, recognise(message), slot.device.clock.offset, kernel.policy.rest)
    assert isinstance(checked, Command)
    if pending.request is None and pending.window_ends is not None and kernel.now >= pending.window_ends:
        if kernel.policy.rest.after_6 == "dropped" and pending.connected:
            slot.commands.remove(pending)
            begin(kernel, slot)
            return
    _carry_out(kernel, slot, pending, checked, [])
    begin(kernel, slot)


@fires("window")
def _window(kernel: Kernel, slot: Slot, reference: int) -> None:
    pending = _find(slot, reference)
    if pending is None:
        return
    pending.window_timer = None
    if pending.connected or slot.online:
        _give_up(kernel, slot, pending, StatusV3.OPERATION_TIMEOUT, "the device did not acknowledge within the window")
    else:
        _give_up(kernel, slot, pending, StatusV3.DEVICE_OFFLINE, "the device was offline for the whole window")


def _give_up(kernel: Kernel, slot: Slot, pending: PendingCommand, code: int, why: str) -> None:
    """Answer 5 or 6; the command itself waits for the device (A-REST-07) or is carried out late (A-REST-08)."""
    if pending.request is not None:
        _answer(kernel, slot, pending, code, {}, why=why)
    if pending.state == "lost" or pending.executed or (code == StatusV3.DEVICE_OFFLINE and kernel.policy.rest.after_5 == "drop"):
        slot.commands.remove(pending)
        begin(kernel, slot)
    elif pending.state == "waiting":
        pending.state = "parked"


def _context(kernel: Kernel, slot: Slot) -> commands.Context:
    config, policy = slot.config, kernel.policy.rest
    return commands.Context(
        kernel.now,
        config.label,
        (config.licence_start, config.licence_end),
        slot.last_connected // 1000,
        policy.loadlog_paging == "offset",
        policy.add_existing,
    )


def _carry_out(kernel: Kernel, slot: Slot, pending: PendingCommand, command: Command, lint: list[str]) -> None:
    """The device executes; the answer leaves before the callbacks that follow from it (R-33, R-34)."""
    known = slot.device.users.get(command.user_id)
    outcome = commands.HANDLERS[command.family](slot.device, command, _context(kernel, slot))
    if outcome.silent:
        pending.state = "lost"
        if pending not in slot.commands:
            slot.commands.append(pending)
        _open_window(kernel, slot, pending)
        return
    if pending in slot.commands and not pending.executed:
        slot.commands.remove(pending)
        kernel.state.timers.cancel(pending.window_timer)
    members = outcome.members
    notes = tuple([*lint, *command.lint, *outcome.lint])
    if pending.executed:  # the device is away: nobody hears of it until the window ends with 6
        _journal(kernel, slot, pending, None, "executed, the acknowledgement was lost", lint=notes)
        if pending.request is None:
            slot.commands.remove(pending)
    elif pending.request is None:
        why = outcome.why or "executed late"
        _journal(kernel, slot, pending, outcome.code, "executed late", lint=notes, why=why)
    else:
        faults = kernel.striking("rest.answer", slot.config.stgid, command.name, command.user_id)
        _answer(
            kernel, slot, pending, outcome.code, members, rows=outcome.rows, lint=notes, where=outcome.field, why=outcome.why, faults=faults
        )
    _aftermath(kernel, slot, command, outcome, known)


def _aftermath(kernel: Kernel, slot: Slot, command: Command, outcome: commands.Outcome, known: User | None) -> None:
    for row in outcome.lost:
        kernel.state.ledger.lost(slot.config.stgid, row.number, Cause.DELETED)
    if outcome.lost:
        kernel.note(slot, "rest", command.name, verdict="lost", why=f"{len(outcome.lost)} punches deleted before upload (R-31)")
    if outcome.opens_session:
        _open_session(kernel, slot, command.user_id)
    for fact in outcome.facts:
        dispatch.upload(kernel, slot, fact)
    dispatch.resend(kernel, slot, outcome.resend)
    if kernel.policy.rest.echo_changes and outcome.code == 0:
        _echo(kernel, slot, command, known)


def _echo(kernel: Kernel, slot: Slot, command: Command, known: User | None) -> None:
    at, offset = slot.device.clock.now_s(kernel.now), slot.device.clock.offset
    user = slot.device.users.get(command.user_id)
    if user is not None and known is None:
        for fact in commands.user_facts(user, at, offset, "per_template"):
            dispatch.upload(kernel, slot, fact)


def _open_session(kernel: Kernel, slot: Slot, user_id: str) -> None:
    number = kernel.count(slot, "enrolment")
    slot.device.enrolment = EnrolSession(user_id, number, kernel.now)
    stgid = slot.config.stgid
    kernel.state.timers.set(kernel.now + 60_000, "session", stgid, number)
    if kernel.policy.rest.enrol_person == "comes":
        wait = chance.between(10_000, 20_000, kernel.state.seed, stgid, "enrol-person", number)
        kernel.state.timers.set(kernel.now + wait, "person", stgid, number)


@fires("person")
def _person(kernel: Kernel, slot: Slot, reference: int) -> None:
    """The person shows up and puts a finger on the sensor (R-35)."""
    session, device = slot.device.enrolment, slot.device
    if session is None or session.reference != reference:
        return
    device.enrolment = None
    user = device.users.get(session.user_id)
    index = device.free_finger(user) if user is not None else None
    if user is None or index is None or device.why_no_room({TemplateType.FINGERPRINT: 1}, users=0):
        kernel.note(slot, "control", "EnrollFingerPrint", user=session.user_id, verdict="failed", why="no room or no user any more")
        return
    template = synthetic_template(kernel.state.seed, user.user_id, TemplateType.FINGERPRINT, int(index))
    device.put_template(user, template)
    at = device.clock.now_s(kernel.now)
    fact = UserUpdated(user.user_id, user.first_name, user.last_name, user.user_type, at, device.clock.offset, (template,))
    dispatch.upload(kernel, slot, fact)


@fires("session")
def _session_ends(kernel: Kernel, slot: Slot, reference: int) -> None:
    if slot.device.enrolment is not None and slot.device.enrolment.reference == reference:
        slot.device.enrolment = None


# --- answers ----------------------------------------------------------------------------------------------------------


def answer_message(kernel: Kernel, code: int, operation_id: Any, members: dict[str, Any]) -> dict[str, Any]:
    """`{"Status", "OperationID", "StatusCode", …}`; `Status` is `done` exactly for 0 (A-REST-02)."""
    style = kernel.policy.rest.status_text
    number: Any = int(code)
    return {"Status": status_text(code, style), "OperationID": operation_id, "StatusCode": number, **members}


def _answer(
    kernel: Kernel,
    slot: Slot,
    pending: PendingCommand,
    code: int,
    members: dict[str, Any],
    *,
    rows: commands.Rows | None = None,
    lint: tuple[str, ...] = (),
    where: str = "",
    why: str = "",
    faults: tuple[Fault, ...] = (),
) -> None:
    if pending.request is None:
        return
    for fault in faults:
        if fault.do == "code":
            code, members, rows = int(fault.options.get("code", 999)), {}, None
    message = answer_message(kernel, code, pending.operation_id, members)
    if rows is not None and kernel.policy.rest.loadlog_status_code == "omit":
        del message["StatusCode"]  # the printed sample has none (A-REST-26)
    body = envelope.encode(message)
    entry = _journal(
        kernel, slot, pending, code, "answered", lint=lint, where=where, why=why, faults=faults, answer=body, http=_http(kernel, code)
    )
    key = slot.config.security_key if code == 0 or kernel.policy.rest.encrypt_errors else None
    wire = body if key is None or rows is not None else envelope.seal_v3(body, key)
    shape = tuple((fault.do, fault.options) for fault in faults)
    kernel.effects.append(Reply(pending.request, _http(kernel, code), wire, rows, key, shape, entry))
    pending.request = None


def _http(kernel: Kernel, code: int) -> int:
    return 200 if kernel.policy.rest.http_status == "always_200" else HTTP_MAPPED.get(code, 500)


def _journal(
    kernel: Kernel,
    slot: Slot,
    pending: PendingCommand,
    code: int | None,
    verdict: str,
    *,
    lint: tuple[str, ...] = (),
    where: str = "",
    why: str = "",
    faults: tuple[Fault, ...] = (),
    answer: bytes = b"",
    http: int | None = None,
) -> Any:
    return kernel.note(
        slot,
        "rest",
        pending.operation,
        user="",
        plain=pending.plain,
        delivery=pending.id,
        verdict=verdict,
        code=None if code is None else int(code),
        why=why,
        field=where,
        lint=lint,
        faults=tuple(fault.label for fault in faults),
        answer=answer,
        http=http,
    )


_CLEAR_CODES = frozenset({2, 4, 13, 19})


def _refuse(
    kernel: Kernel, slot: Slot | None, event: Request, refusal: Refusal, plain: bytes, message: dict[str, Any], lint: list[str]
) -> None:
    """Answer an error at once; 2, 4 and 13 in clear (A-ENC-03)."""
    echo = message.get("OperationID", "")
    body = envelope.encode(answer_message(kernel, refusal.code, echo if isinstance(echo, str) else "", {}))
    http = _http(kernel, refusal.code)
    kernel.note(
        slot,
        "rest",
        "?",
        plain=plain,
        verdict="refused",
        code=int(refusal.code),
        why=refusal.why,
        field=refusal.field,
        lint=tuple(lint),
        answer=body,
        http=http,
        real_s=event.real_s,
    )
    key = slot.config.security_key if slot is not None and refusal.code not in _CLEAR_CODES else None
    wire = envelope.seal_v3(body, key if kernel.policy.rest.encrypt_errors else None)
    kernel.effects.append(Reply(event.id, http, wire))


INTAKES = {"v3": receive_v3}


@handles(Request)
def _request(kernel: Kernel, event: Request) -> None:
    INTAKES[event.protocol](kernel, event)
