"""v3 requests come in: checked in the register's order (A-REST-10), refused at once or handed on as a typed Command."""

from __future__ import annotations

from camsim.commands.execute import why_unsupported
from camsim.kernel.events import Reply, Request
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed
from camsim.knobs.policy import RestPolicy
from camsim.protocol.catalogue import Recognition, UnrecognisedError, recognise
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV3
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import ATTENDANCE_ONLY
from camsim.state.gateway import RegisteredDevice

from . import answers, flow, live
from .incoming import Incoming
from .parse import check
from .reading import leniently


def receive(kernel: Kernel, event: Request) -> None:
    """Take a v3 request in: refuse it at once or queue it for the device."""
    incoming = Incoming(event, plain=event.body)
    if "json" not in event.content_type:
        incoming.lint.append("Content-Type is not application/json (A-REST-18)")
    registered = incoming.registered = _find_device(kernel, incoming)
    if registered is None:
        shown = event.stgid[0][:40] if event.stgid else "missing"  # whoever calls chooses it: the journal's is short
        refusal = Refusal(StatusV3.INVALID_SERVICE_TAG_ID, "stgid", f"{shown!r} is no registered device")
        answers.refuse(kernel, incoming, refusal)
        return
    if not licensed(registered.config, kernel.now):
        _refuse_unlicensed(kernel, registered, incoming)
        return
    checked = _check(kernel, registered, incoming)
    if isinstance(checked, Refusal):
        answers.refuse(kernel, incoming, checked)
        return
    flow.accept(kernel, registered, incoming, checked)


def _find_device(kernel: Kernel, incoming: Incoming) -> RegisteredDevice | None:
    """The device that `stgid` names; the first value counts (A-REST-16, A-REST-17)."""
    tags = incoming.event.stgid
    if not tags:
        return None
    if len(tags) > 1:
        incoming.lint.append("stgid occurs more than once, the first one counts (A-REST-17)")
    found = kernel.state.devices.get(tags[0])
    if found is not None or not kernel.policy.rest.stgid_alias:
        return found
    for stgid, other in kernel.state.devices.items():  # only where clients' habit is served: the page has tags alone
        if other.config.serial == tags[0]:
            incoming.lint.append("stgid is the serial number (A-REST-16)")
            return kernel.state.devices.get(stgid)
    return None


def _refuse_unlicensed(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming) -> None:
    """Answer the code of the knob licence.v3_code or, where it says no_answer, close the connection (A-REST-21)."""
    code, event = kernel.policy.rest.licence_code, incoming.event
    if code != "no_answer":
        answers.refuse(kernel, incoming, Refusal(int(code), "stgid", "the licence of the device does not run"))
        return
    why = "the licence does not run"
    kernel.note(registered, "rest", "?", plain=event.body, verdict="no answer", why=why, real_s=event.real_s)
    kernel.effects.append(Reply(event.id, 0, b"", faults=(("drop", {}),)))


def _check(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming) -> Command | Refusal:
    """Protocol, envelope, token and shape, content, then what the device cannot do."""
    rest = kernel.policy.rest
    if registered.config.protocol != "v3":
        return Refusal(rest.live.wrong_version_code, "path", "the device speaks v2 (V2-28, A-REST-32)")
    stranger = _why_a_stranger(registered, incoming)
    if stranger is not None:
        return stranger
    refusal = _open(kernel, registered, incoming)
    if refusal is not None:
        return refusal
    recognised = _recognise(incoming, registered.config.auth_token, rest)
    if isinstance(recognised, Refusal):
        return recognised
    incoming.operation = recognised.name
    checked = check(incoming.message, recognised, registered.device.clock.offset, rest)
    if isinstance(checked, Refusal):
        return checked
    return _why_impossible(registered, checked, rest) or live.why_busy(kernel, registered) or checked


def _why_a_stranger(registered: RegisteredDevice, incoming: Incoming) -> Refusal | None:
    """3 for a call from an address that is not on the device's list (A-REST-34)."""
    allowed, remote = registered.config.origin_ips, incoming.event.remote
    if not allowed or remote in allowed:
        return None
    return Refusal(StatusV3.INVALID_REQUEST, "origin", f"{remote} is not in the device's list of {len(allowed)}")


def _open(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming) -> Refusal | None:
    """Decrypt and decode the body into `incoming`."""
    rest, content_type = kernel.policy.rest, incoming.event.content_type
    try:
        strict = rest.strictness == "strict"
        opened = envelope.open_v3(incoming.event.body, registered.config.security_key, strict=strict)
    except envelope.EnvelopeError as problem:
        code = {"json": 1, "mode": rest.mode_mismatch_code, "cipher": 4}[problem.fault]
        return Refusal(code, "body", problem.why)
    incoming.plain, incoming.message = opened.plain, opened.message
    if rest.strictness == "strict" and "json" not in content_type:
        why = f"{content_type[:60]!r} is not application/json (A-REST-18)"
        return Refusal(StatusV3.INVALID_REQUEST_DATA, "Content-Type", why)
    if rest.strictness == "lenient":
        incoming.message = leniently(opened.message)  # `plain` stays as it came: the journal shows what was sent
    incoming.lint.extend(opened.lint)
    return None


def _recognise(incoming: Incoming, token: str, rest: RestPolicy) -> Recognition | Refusal:
    """Token 7, OperationID missing 3, shape 3 (A-REST-10, A-REST-12)."""
    message = incoming.message
    if message.get("AuthToken") != token:
        # Missing and wrong are one code (A-REST-12); only the journal tells them apart.
        why = "does not match the device's token" if "AuthToken" in message else "missing"
        return Refusal(StatusV3.INVALID_AUTH_TOKEN, "AuthToken", why)
    if "OperationID" not in message and rest.live.missing_operation_id == "refuse":
        why = "required; live systems serve without it: rest.missing_operation_id = serve (A-REST-27)"
        return Refusal(StatusV3.INVALID_REQUEST, "OperationID", why)
    try:
        recognition = recognise(message)
    except UnrecognisedError as problem:
        return live.recognised(message, problem, rest.live)
    if recognition.direction == "callback":
        why = "a callback is no request; the gateway sends it to you"
        return Refusal(StatusV3.INVALID_REQUEST, "RealTime", why)
    return recognition


def _why_impossible(registered: RegisteredDevice, command: Command, rest: RestPolicy) -> Refusal | None:
    """Mode, switches, plan and model: 15, or what a knob says (A-REST-22, A-REST-30, A-REST-31, A-DEV-18, A-DEV-19)."""
    config = registered.config
    if config.mode in ATTENDANCE_ONLY:
        return Refusal(StatusV3.FEATURE_NOT_SUPPORTED, "stgid", f"connection mode {config.mode} has no RESTful API")
    if not config.restful_api:
        return Refusal(rest.switched_off_code, "stgid", "RESTful API is switched off for the device")
    if command.name in config.without_operations:
        return Refusal(rest.live.not_in_plan_code, "message", f"{command.name} is not in the plan (A-REST-31)")
    return live.why_switched_off(registered, command, rest.live) or why_unsupported(registered.device, command)
