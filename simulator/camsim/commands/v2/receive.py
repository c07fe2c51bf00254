"""v2 requests come in: checked in the order of V2-12, refused at once or handed on as a typed Command."""

from __future__ import annotations

from camsim.kernel.events import Request
from camsim.kernel.kernel import Kernel
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2.envelope import Form
from camsim.protocol.v3.envelope import EnvelopeError
from camsim.state.gateway import RegisteredDevice

from . import answers, checks, flow
from .incoming import Incoming

# What is wrong with an envelope, as a status code (V2-12, A-ENC-04).
_CODE_OF_FAULT = {"json": 1, "form": 1, "mode": 13, "cipher": 4, "info": 12}


def receive(kernel: Kernel, event: Request) -> None:
    """Take a v2 request in: refuse it at once, or answer done and queue it for the device."""
    incoming = Incoming(event)
    if "form" not in event.content_type:
        incoming.lint.append("Content-Type is no form (A-REST-18)")
    form = _read_form(incoming)
    if isinstance(form, Refusal):
        answers.refuse(kernel, incoming, form)
        return
    registered = incoming.registered = _find_device(kernel, incoming, form.tag)
    if registered is None:
        why = f"{form.tag[:40]!r} is no registered device" if form.tag else "missing"
        answers.refuse(kernel, incoming, Refusal(2, "ServiceTagId", why))
        return
    checked = _check(kernel, registered, incoming, form)
    if isinstance(checked, Refusal):
        answers.refuse(kernel, incoming, checked)
        return
    flow.accept(kernel, registered, incoming, checked)


def _read_form(incoming: Incoming) -> Form | Refusal:
    """The form of a request: its tag stays in clear, for it says which key opens the rest (V2:129)."""
    try:
        form = envelope_v2.read_form(incoming.event.body)
    except EnvelopeError as problem:
        return Refusal(StatusV2.INVALID_REQUEST_DATA, envelope_v2.FIELD, problem.why)
    incoming.form = form
    if isinstance(form.info, dict):
        incoming.info = form.info
    incoming.lint.extend(form.lint)
    return form


def _find_device(kernel: Kernel, incoming: Incoming, tag: str) -> RegisteredDevice | None:
    """The device that `ServiceTagId` names, or its serial number where the knob says so (A-REST-16)."""
    found = kernel.state.devices.get(tag)
    if found is not None or not kernel.policy.rest.stgid_alias:
        return found
    for stgid, other in kernel.state.devices.items():
        if other.config.serial == tag:
            incoming.lint.append("ServiceTagId is the serial number (A-REST-16)")
            return kernel.state.devices.get(stgid)
    return None


def _check(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming, form: Form) -> Command | Refusal:
    """Protocol and origin, envelope, then what the request says, in the order of V2-12."""
    if registered.config.protocol != "v2":
        return Refusal(StatusV2.INVALID_OPERATION_TYPE, "path", "the device speaks v3 (V2-28)")
    allowed, remote = registered.config.origin_ips, incoming.event.remote
    if allowed and remote not in allowed:
        why = f"{remote} is not in the device's list of {len(allowed)}"
        return Refusal(StatusV2.INVALID_ORIGIN_IP, "origin", why)
    return _open(kernel, registered, incoming, form) or checks.check(kernel, registered, incoming.info)


def _open(kernel: Kernel, registered: RegisteredDevice, incoming: Incoming, form: Form) -> Refusal | None:
    """Decrypt and decode ApiRequestInfo into `incoming`."""
    try:
        strict = kernel.policy.rest.strictness == "strict"
        opened = envelope_v2.open_v2(form, registered.config.security_key, strict=strict)
    except EnvelopeError as problem:
        code = _CODE_OF_FAULT[problem.fault]
        # 5 comes before 12 in V2-12, although it is found out later than the other envelope faults.
        overruled = None
        if code == StatusV2.INVALID_API_REQUEST_INFO:
            overruled = checks.unsubscribed(kernel, registered, incoming.info.get("Operation"))
        return overruled or Refusal(code, "ApiRequestInfo", problem.why)
    except (OverflowError, RecursionError) as problem:  # a number or a depth that JSON allows and nobody can write
        return Refusal(StatusV2.INVALID_REQUEST_DATA, envelope_v2.FIELD, f"cannot be kept: {problem}")
    incoming.lint.extend(opened.lint)
    incoming.info, incoming.opened = opened.message["ApiRequestInfo"], opened.plain
    return None
