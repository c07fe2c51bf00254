"""Answers to v3 requests: the message, its status text, its HTTP status, its encryption."""

from __future__ import annotations

from collections.abc import Mapping

from camsim.commands import queue
from camsim.kernel.events import Reply
from camsim.kernel.kernel import Kernel
from camsim.protocol.command import Refusal
from camsim.protocol.statuses import status_text
from camsim.protocol.v3 import envelope
from camsim.state.faults import Fault
from camsim.state.gateway import PendingCommand, RegisteredDevice
from camsim.state.outcome import Rows

from .incoming import Incoming

Members = Mapping[str, Mapping[str, object]]

# A-REST-01, `rest.http_status = mapped`; every other code is 500.
HTTP_MAPPED = {
    0: 200,
    1: 400,
    2: 404,
    3: 400,
    4: 400,
    5: 503,
    6: 504,
    7: 401,
    8: 409,
    9: 404,
    10: 422,
    11: 507,
    13: 401,
    15: 501,
    # What live answers show beside the page (StatusSeen): a refusal, not a failure of the gateway.
    19: 400,
    29: 400,
    33: 403,
    35: 403,
    37: 409,
    38: 403,
}


def answer_message(kernel: Kernel, code: int, operation_id: str, members: Members) -> dict[str, object]:
    """`{"Status", "OperationID", "StatusCode", …}`; `Status` is `done` exactly for 0 (A-REST-02)."""
    style = kernel.policy.rest.status_text
    return {"Status": status_text(code, style), "OperationID": operation_id, "StatusCode": int(code), **members}


def answer(
    kernel: Kernel,
    registered: RegisteredDevice,
    pending: PendingCommand,
    code: int,
    members: Members,
    *,
    rows: Rows | None = None,
    faults: tuple[Fault, ...] = (),
    lint: tuple[str, ...] = (),
    field: str = "",
    why: str = "",
) -> None:
    """Answer a held request; nobody is answered twice. `lint`, `field` and `why` are for the journal alone."""
    if pending.request is None:
        return
    for fault in faults:
        if fault.do == "code":
            code, members, rows = int(fault.options.get("code", 999)), {}, None
    message = answer_message(kernel, code, pending.operation_id, members)
    if rows is not None and kernel.policy.rest.loadlog_status_code == "omit":
        del message["StatusCode"]  # the printed sample has none (A-REST-26)
    body, http = envelope.encode(message), _http(kernel, code)
    entry = queue.journal(
        kernel,
        registered,
        pending,
        code,
        "answered",
        faults=faults,
        lint=lint,
        field=field,
        why=why,
        answer=body,
        http=http,
    )
    key = registered.config.security_key
    if code != 0 and not kernel.policy.rest.encrypt_errors:
        key = None
    if rows is None:  # an answer with rows is sealed by whoever renders them, for the whole is one text (A-ENC-01)
        body = envelope.seal_v3(body, key)
    shape = tuple((fault.do, fault.options) for fault in faults)
    queue.reply(kernel, pending, Reply(pending.request, http, body, rows=rows, key=key, faults=shape, entry=entry))


def _http(kernel: Kernel, code: int) -> int:
    if kernel.policy.rest.http_status == "always_200":
        return 200
    return HTTP_MAPPED.get(code, 500)


_CLEAR_CODES = frozenset({2, 4, 13, 19})  # A-ENC-03: who gets them may have no key, or a wrong one


def refuse(kernel: Kernel, incoming: Incoming, refusal: Refusal) -> None:
    """Answer an error at once; 2, 4 and 13 in clear (A-ENC-03)."""
    rest, registered, event = kernel.policy.rest, incoming.registered, incoming.event
    echo = incoming.message.get("OperationID")
    if not isinstance(echo, str):
        echo = ""  # A-REST-12: where there is none to echo
    body = envelope.encode(answer_message(kernel, refusal.code, echo, {}))
    http = _http(kernel, refusal.code)
    kernel.note(
        registered,
        "rest",
        incoming.operation,
        plain=incoming.plain,
        verdict="refused",
        code=int(refusal.code),
        why=refusal.why,
        field=refusal.field,
        lint=tuple(incoming.lint),
        answer=body,
        http=http,
        real_s=event.real_s,
    )
    key = None
    if registered is not None and refusal.code not in _CLEAR_CODES and rest.encrypt_errors:
        key = registered.config.security_key
    kernel.effects.append(Reply(event.id, http, envelope.seal_v3(body, key)))
