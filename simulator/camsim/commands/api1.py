"""API 1.0, which the vendor's own Odoo module speaks: a form in, the plain text OK out (A-REST-35)."""

from __future__ import annotations

from camsim.kernel.events import FormRequest, Reply
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import licensed
from camsim.protocol.catalogue import Family
from camsim.protocol.command import MAX_NAME, Command, Refusal, is_user_id
from camsim.protocol.live import form_fields
from camsim.protocol.statuses import StatusV3, enum_text
from camsim.protocol.vocabulary import ATTENDANCE_ONLY, Protocol, UserType
from camsim.state.gateway import PendingCommand, RegisteredDevice

OK = b"OK"
_ADD = {Protocol.V3: "AddUserWithoutTemplate", Protocol.V2: "AddUser"}


def receive(kernel: Kernel, event: FormRequest) -> None:
    """Take a form: refuse it, or answer OK and give it to the device; what becomes of it the journal alone says."""
    fields = form_fields(event.body)
    registered = kernel.state.devices.get(fields.get("stgid", ""))
    if registered is None:
        shown = fields.get("stgid", "")[:40] or "missing"
        _refuse(kernel, None, event, Refusal(StatusV3.INVALID_SERVICE_TAG_ID, "stgid", f"{shown!r} is no device"))
        return
    command = _command(kernel, registered, event, fields)
    if isinstance(command, Refusal):
        _refuse(kernel, registered, event, command)
        return
    registered.command_ids += 1
    pending = PendingCommand(
        id=registered.command_ids,
        request=None,  # answered already
        plain=event.body,
        command=command,
        operation_id="",
        received_at=kernel.now,
    )
    _answer(kernel, registered, event, command.name, OK, "accepted", StatusV3.SUCCESS)
    kernel.protocol(registered).commands.take(kernel, registered, pending)


def _command(
    kernel: Kernel, registered: RegisteredDevice, event: FormRequest, fields: dict[str, str]
) -> Command | Refusal:
    refusal = _why_not(kernel, registered, event)
    if refusal is not None:
        return refusal
    user_id, name = fields.get("uid", ""), fields.get("uname", "")
    if not is_user_id(user_id):
        return Refusal(StatusV3.INVALID_REQUEST_DATA, "uid", f"{user_id[:40]!r} is no UserID (A-DEV-01)")
    if event.verb == "delete":
        return Command(Family.DELETE_USER, "DeleteUser", user_id)
    first, _, last = name.partition(" ")  # as v2 reads its one Name (V2-14)
    too_long = max(len(first), len(last)) > MAX_NAME
    if too_long and kernel.policy.rest.strictness != "lenient":
        return Refusal(StatusV3.INVALID_REQUEST_DATA, "uname", f"{len(name)} characters, at most {MAX_NAME} a part fit")
    operation = _ADD[Protocol(registered.config.protocol)]
    return Command(Family.ADD_USER, operation, user_id, first, last, UserType.USER)


def _why_not(kernel: Kernel, registered: RegisteredDevice, event: FormRequest) -> Refusal | None:
    """Licence, origin, mode and switch, as for the later versions; there is no token to check."""
    config = registered.config
    if not licensed(config, kernel.now):
        return Refusal(StatusV3.INVALID_SERVICE_TAG_ID, "stgid", "the licence of the device does not run")
    if config.origin_ips and event.remote not in config.origin_ips:
        return Refusal(StatusV3.INVALID_REQUEST, "origin", f"{event.remote} is not in the device's list (A-REST-34)")
    if config.mode in ATTENDANCE_ONLY:
        return Refusal(StatusV3.FEATURE_NOT_SUPPORTED, "stgid", f"connection mode {config.mode} has no RESTful API")
    if not config.restful_api:
        return Refusal(StatusV3.FEATURE_NOT_SUPPORTED, "stgid", "RESTful API is switched off for the device")
    return None


def _refuse(kernel: Kernel, registered: RegisteredDevice | None, event: FormRequest, refusal: Refusal) -> None:
    """The words of the code: nobody has seen what a live gateway writes here."""
    text = enum_text(refusal.code).encode()
    _answer(kernel, registered, event, "?", text, "refused", refusal.code, refusal.field, refusal.why)


def _answer(
    kernel: Kernel,
    registered: RegisteredDevice | None,
    event: FormRequest,
    operation: str,
    text: bytes,
    verdict: str,
    code: int,
    field: str = "",
    why: str = "",
) -> None:
    kernel.note(
        registered,
        "rest",
        operation,
        plain=event.body,
        verdict=verdict,
        code=int(code),
        field=field,
        why=why,
        answer=text,
        http=200,
        lint=("API 1.0, which the page no longer has (A-REST-35)",),
        real_s=event.real_s,
    )
    kernel.effects.append(Reply(event.id, 200, text))
