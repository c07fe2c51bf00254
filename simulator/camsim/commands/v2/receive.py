"""v2 requests come in: checked in the order of V2-12, refused at once or handed on as a typed Command."""

from __future__ import annotations

from camsim.kernel.events import Request
from camsim.kernel.kernel import Kernel
from camsim.protocol.command import Refusal
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.state.gateway import RegisteredDevice

from . import answers, checks, flow

_OPENING = {"json": 1, "form": 1, "mode": 13, "cipher": 4, "info": 12}


def receive(kernel: Kernel, event: Request) -> None:
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
    registered = _find(kernel, form.tag, lint)
    if registered is None:
        answers.refuse(kernel, None, event, _unknown(form.tag), _shown(form, event), form.info, lint)
        return
    refusal = _not_for(registered, event)
    if refusal is None:
        _open(kernel, registered, event, form, lint)
    else:
        answers.refuse(kernel, registered, event, refusal, _shown(form, event), form.info, lint)


def _shown(form: envelope_v2.Form, event: Request) -> bytes:
    """What the journal shows of a form that goes no further: its JSON text, if that is readable."""
    try:
        return envelope.encode(form.message) if isinstance(form.info, dict) else event.body
    except (OverflowError, RecursionError):
        return event.body


def _find(kernel: Kernel, tag: str, lint: list[str]) -> RegisteredDevice | None:
    registered = kernel.state.devices.get(tag)
    if registered is None and kernel.policy.rest.stgid_alias:
        registered = next((other for other in kernel.state.devices.values() if other.config.serial == tag), None)
        if registered is not None:
            lint.append("ServiceTagId is the serial number (A-REST-16)")
    return registered


def _unknown(tag: str) -> Refusal:
    return Refusal(2, "ServiceTagId", f"{tag[:40]!r} is no registered device" if tag else "missing")


def _not_for(registered: RegisteredDevice, event: Request) -> Refusal | None:
    if registered.config.protocol != "v2":
        return Refusal(8, "path", "the device speaks v3 (V2-28)")
    allowed = registered.config.origin_ips
    if allowed and event.remote not in allowed:
        return Refusal(3, "origin", f"{event.remote} is not in the device's list of {len(allowed)}")
    return None


def _open(
    kernel: Kernel, registered: RegisteredDevice, event: Request, form: envelope_v2.Form, lint: list[str]
) -> None:
    try:
        opened = envelope_v2.open_v2(form, registered.config.security_key)
    except envelope.EnvelopeError as problem:
        refusal = Refusal(_OPENING[problem.fault], "ApiRequestInfo", problem.why)
        if refusal.code == StatusV2.INVALID_API_REQUEST_INFO:
            refusal = checks.unsubscribed(kernel, registered) or refusal
        answers.refuse(kernel, registered, event, refusal, _shown(form, event), form.info, lint)
        return
    except (OverflowError, RecursionError) as problem:  # a number or a depth that JSON allows and nobody can write
        refusal = Refusal(1, envelope_v2.FIELD, f"cannot be kept: {problem}")
        answers.refuse(kernel, registered, event, refusal, event.body, form.info, lint)
        return
    lint.extend(opened.lint)
    info = opened.message["ApiRequestInfo"]
    checked = checks.check(kernel, registered, info)
    if isinstance(checked, Refusal):
        answers.refuse(kernel, registered, event, checked, opened.plain, info, lint)
        return
    flow.accept(kernel, registered, event, checked, opened.plain, info, lint)
