"""Says what a message is, in either protocol, and where it breaks the schema of that operation. For people: it is slow.

A v3 message carries no name and is known by its shape; a v2 message is the JSON text of `request_data`, its
`ApiRequestInfo` decrypted. An answer says little about what it answers: with the operation's name it is judged exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeGuard

from . import catalogue
from .catalogue import BY_NAME, V2_CALLBACKS, V2_COMMANDS, Family, Operation, UnrecognisedError
from .schemas import Problem, brief, validate
from .vocabulary import Protocol

REQUEST, RESPONSE = "request", "response"
Fields = Mapping[str, object]

# What v2 calls the photo of a punch: one spelling is the page's, the other seen (V2-05).
_V2_PHOTOS = ("AttendancePhoto", "AttendancePhotoe")
# Both names stand on the page for the same callback (V2:40, 79).
_V2_PUNCH = ("RealTimePunchLog", "PunchLog")


class Kind(NamedTuple):
    """What a message is; `part` is `request` or `response`, `name` for people."""

    protocol: Protocol
    family: Family
    part: str
    name: str


def lint(message: object, kind: Kind) -> list[Problem]:
    """Everything in which the message differs from what its kind should be; empty when nothing does."""
    return validate(kind.family, kind.part, message, kind.protocol)


def unrecognised(problem: UnrecognisedError, message: object) -> Problem:
    """The problem of a message that no row of the catalogue fits."""
    if problem.field in ("", "message"):  # the whole of it, which has no path
        return Problem("", f"not recognised: {problem.why}", brief(message))
    found = message
    for key in problem.field.split("."):
        if not isinstance(found, Mapping):
            found = None
            break
        found = found.get(key)
    return Problem(problem.field, f"not recognised: {problem.why}", brief(found))


def kind_of(message: object, protocol: Protocol | None = None) -> Kind:
    """What the message is, by itself. Raises: UnrecognisedError with the place and the reason."""
    if not _is_object(message):
        raise UnrecognisedError("message", f"an object is expected, not {brief(message)}")
    if protocol is Protocol.V2 or (protocol is None and _looks_like_v2(message)):
        return _v2_kind(message)
    return _v3_kind(message)


def kind_named(operation: str, message: object, protocol: Protocol | None = None) -> Kind:
    """The kind of that operation, whatever the message looks like. Raises: KeyError when no catalogue has the name."""
    wanted, rows = _rows_named(operation, message, protocol)
    if not rows:
        raise KeyError(operation)
    part = REQUEST
    if _is_answer(message):
        part = RESPONSE
    row = rows[0]
    if _is_object(message) and wanted is Protocol.V2 and part == REQUEST:
        row = _v2_row(operation, _info(message)) or row
    return Kind(wanted, row.family, part, row.name)


def _rows_named(operation: str, message: object, protocol: Protocol | None) -> tuple[Protocol, list[Operation]]:
    """The rows of that name in the protocol meant: the one given, or what the message looks like, or the other one."""
    if protocol is not None:
        return protocol, _named(operation, protocol)
    order = (Protocol.V3, Protocol.V2)
    if _is_object(message) and _looks_like_v2(message):
        order = (Protocol.V2, Protocol.V3)
    for likely in order:
        rows = _named(operation, likely)
        if rows:
            return likely, rows
    return order[0], []


def names(protocol: Protocol | None = None) -> list[str]:
    """The operations that `kind_named` knows."""
    found: list[str] = []
    if protocol is not Protocol.V2:
        found += BY_NAME
    if protocol is not Protocol.V3:
        found += [*V2_CALLBACKS, *V2_COMMANDS]
    return found


def _named(operation: str, protocol: Protocol) -> list[Operation]:
    tables: tuple[Mapping[str, Operation], ...] = (BY_NAME,)
    if protocol is Protocol.V2:
        tables = (V2_CALLBACKS, V2_COMMANDS)
    return [table[operation] for table in tables if operation in table]


def _is_object(message: object) -> TypeGuard[Fields]:
    return isinstance(message, Mapping)


def _looks_like_v2(message: Fields) -> bool:
    return any(key in message for key in ("ApiRequestInfo", "ServiceTagId", "RequestedOperation"))


def _is_answer(message: object) -> bool:
    """An acknowledgement, or the answer to a command: what none of the requests has at its top."""
    if not _is_object(message):
        return False
    asks = ("RealTime", "ApiRequestInfo", *catalogue.COMMAND_WORDS)
    return not any(key in message for key in asks) and any(key in message for key in ("status", "Status", "StatusCode"))


def _v3_kind(message: Fields) -> Kind:
    if _is_answer(message):
        return _v3_answer(message)
    found = catalogue.recognise(message)
    return Kind(Protocol.V3, found.family, REQUEST, found.name)


def _v3_answer(message: Fields) -> Kind:
    # Acknowledgements are all alike, and so are the answers to commands that bring nothing back.
    if "status" in message and "Status" not in message:
        return Kind(Protocol.V3, Family.PUNCH_LOG, RESPONSE, "acknowledgement")
    if "DeviceInformation" in message:
        return Kind(Protocol.V3, Family.LOAD_DEVICE_INFORMATION, RESPONSE, "LoadDeviceInformation")
    if "PunchLog" in message:
        return Kind(Protocol.V3, Family.LOAD_LOG, RESPONSE, "LoadLog")
    return Kind(Protocol.V3, Family.DELETE_USER, RESPONSE, "answer to a command")


def _v2_kind(message: Fields) -> Kind:
    if _is_answer(message):
        return _v2_answer(message)
    info = message.get("ApiRequestInfo")
    if not _is_object(info):
        raise UnrecognisedError("ApiRequestInfo", "an object is required")
    operation = info.get("Operation")
    if not isinstance(operation, str):
        raise UnrecognisedError("ApiRequestInfo.Operation", "a text is required")
    if _is_lazy(info):
        return Kind(Protocol.V2, Family.LAZY_RESPONSE, REQUEST, f"LazyResponse[{operation}]")
    row = _v2_row(operation, info)
    if row is None:
        known = ", ".join(dict.fromkeys([*V2_CALLBACKS, *V2_COMMANDS]))
        raise UnrecognisedError("ApiRequestInfo.Operation", f"{brief(operation)} is none of {known}")
    return Kind(Protocol.V2, row.family, REQUEST, row.name)


def _v2_answer(message: Fields) -> Kind:
    operation = message.get("RequestedOperation")
    if operation is None and "status" in message:
        return Kind(Protocol.V2, Family.PUNCH_LOG, RESPONSE, "acknowledgement")
    row = None
    if isinstance(operation, str):
        row = V2_COMMANDS.get(operation)
    if row is None:  # a refusal may name no operation, or one that does not exist (V2-12)
        return Kind(Protocol.V2, Family.DELETE_USER, RESPONSE, "answer to a command")
    return Kind(Protocol.V2, row.family, RESPONSE, row.name)


def _is_lazy(info: Fields) -> bool:
    """What became of a command: the command's reference, and a code instead of its data (V2-11)."""
    data = info.get("OperationData")
    return bool(info.get("OperationReferenceId")) and _is_object(data) and "StatusCode" in data


def _v2_row(operation: str, info: Fields) -> Operation | None:
    data = info.get("OperationData")
    has_photo = _is_object(data) and any(key in data for key in _V2_PHOTOS)
    if has_photo and (operation in _V2_PUNCH or operation in V2_CALLBACKS):
        return V2_CALLBACKS["SendAttendancePhoto"]  # a photo may come under the name of its punch (V2-05)
    if operation in _V2_PUNCH:
        return V2_CALLBACKS["RealTimePunchLog"]
    # One name is a callback and a command: a callback brings the photo, and a command is what is left.
    return V2_COMMANDS.get(operation) or V2_CALLBACKS.get(operation)


def _info(message: Fields) -> Fields:
    info = message.get("ApiRequestInfo")
    if _is_object(info):
        return info
    return {}
