"""Answers to v2 commands: the immediate one, the lazy one through the callback queue, and refusals."""

from __future__ import annotations

from camsim.callbacks import delivery, format_v2
from camsim.callbacks.format_v3 import sender_of
from camsim.commands import queue
from camsim.kernel.events import Reply
from camsim.kernel.kernel import Kernel
from camsim.protocol.command import Refusal
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.v3.messages import Message
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, RegisteredDevice

from .incoming import Incoming
from .parse import reference

# A-REST-01, `rest.http_status = mapped`; every other code is 400.
HTTP_MAPPED = {0: 200, 2: 404, 3: 403, 5: 402, 7: 401, 11: 409, 13: 401, 14: 422, 15: 422, 999: 500}
# Whoever gets one of these has no key that can be trusted (A-ENC-03).
_CLEAR_CODES = frozenset({StatusV2.INVALID_SERVICE_TAG_ID, StatusV2.INVALID_ENCRYPTION, StatusV2.INVALID_SECURITY_KEY})


def answer(
    kernel: Kernel,
    registered: RegisteredDevice,
    pending: PendingCommand,
    message: Message,
    verdict: str,
    *,
    faults: tuple[Fault, ...] = (),
    lint: tuple[str, ...] = (),
    why: str = "",
) -> None:
    """Answer a held request with a message; nobody is answered twice."""
    if pending.request is None:
        return
    for fault in faults:
        if fault.do == "code":
            message = forced(pending, int(fault.options.get("code", 999)))
    code, body = int(message["StatusCode"]), envelope.encode(message)
    http = _http(kernel, code)
    entry = queue.journal(
        kernel,
        registered,
        pending,
        code,
        verdict,
        faults=faults,
        user=pending.command.user_id,
        answer=body,
        http=http,
        lint=lint,
        why=why,
    )
    shape = tuple((fault.do, fault.options) for fault in faults)
    wire = _sealed(kernel, registered, code, body)
    queue.reply(kernel, pending, Reply(pending.request, http, wire, faults=shape, entry=entry))


def forced(pending: PendingCommand, code: int) -> Message:
    """The answer a fault forces; a number that v2 does not have keeps the text of 999."""
    known = StatusV2(code) if code in list(StatusV2) else StatusV2.UNKNOWN_ERROR
    return {**messages_v2.answer(pending.command.name, known, pending.operation_id), "StatusCode": code}


def _http(kernel: Kernel, code: int) -> int:
    if kernel.policy.rest.http_status == "always_200":
        return 200
    return HTTP_MAPPED.get(code, 400)


def _sealed(kernel: Kernel, registered: RegisteredDevice | None, code: int, body: bytes) -> bytes:
    """Answers are encrypted whole, errors too; 2, 4 and 13 in clear (A-ENC-03, A-ENC-10)."""
    if registered is None or code in _CLEAR_CODES or (code and not kernel.policy.rest.encrypt_errors):
        return body
    return envelope_v2.seal_answer(body, registered.config.security_key)


def refuse(kernel: Kernel, incoming: Incoming, refusal: Refusal) -> None:
    """Answer an error at once, with as much of the request as could be read."""
    registered, event = incoming.registered, incoming.event
    asked = incoming.info.get("Operation")
    operation = asked if isinstance(asked, str) else ""
    code, plain = StatusV2(refusal.code), incoming.shown()
    body = envelope.encode(messages_v2.answer(operation, code, reference(incoming.info)))
    http = _http(kernel, code)
    kernel.note(
        registered,
        "rest",
        operation[:64] or "?",  # whoever calls chooses it: a journal line stays a line
        plain=plain,
        wire=event.body if plain is not event.body else None,
        verdict="refused",
        code=int(code),
        why=refusal.why,
        field=refusal.field,
        lint=tuple(incoming.lint),
        answer=body,
        http=http,
        real_s=event.real_s,
    )
    kernel.effects.append(Reply(event.id, http, _sealed(kernel, registered, code, body)))


def lazy(kernel: Kernel, registered: RegisteredDevice, pending: PendingCommand, code: StatusV2) -> None:
    """Queue what became of a command behind the other callbacks; it is acknowledged like any (V2-10, V2-11)."""
    if not kernel.policy.v2_lazy:
        return
    clock = registered.device.clock
    asked = messages_v2.Asked(pending.command.name, pending.command.user_id, pending.operation_id)
    message = messages_v2.lazy_response(
        asked, code, sender_of(registered), clock.now_s(kernel.now), clock.offset, kernel.policy.style_v2
    )
    plain = format_v2.frozen(kernel, registered, message)
    delivery.enqueue(kernel, registered, f"LazyResponse[{pending.command.name}]", plain, None)
