"""Bodies of the control API become typed values; a wrong one is answered with what is wrong and where."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
from aiohttp import web

from camsim.control.actions import AnyAction
from camsim.control.explaining import misfit, unreadable_at
from camsim.control.ranges import MOST_DEPTH, MOST_VALUES
from camsim.control.route import Route
from camsim.kernel.events import ControlError
from camsim.service import unread
from camsim.wording import cut

MOST_BYTES = 32 * 1024 * 1024
PATIENCE_S = 60.0  # for a whole body
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_SMALL = 256 * 1024  # bytes; of a larger body the wrong value is not looked up again
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.S)
_NO_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")


async def body_of(request: web.Request, route: Route[object]) -> Any:
    """The body as the route's type. Raises: ControlError 400 for what is no JSON object, 422 for a wrong member."""
    raw = await read(request)
    if not raw and route.optional:
        raw = b"{}"
    return decoded(raw, route.body_type, route)


async def read(request: web.Request) -> bytes:
    """The whole body. Raises: ControlError 413 for one that is too long, 408 for one that does not come to its end."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            raw = await unread.read(request, MOST_BYTES)
    except unread.TooMuchError as problem:
        raise ControlError(503, "too_much_at_once", str(problem), "this call has done nothing") from None
    except TimeoutError:
        raise ControlError(
            408, "body_late", f"the body is not there within {PATIENCE_S:g} s", "send it whole"
        ) from None
    except (web.RequestPayloadError, ConnectionError) as problem:
        raise ControlError(400, "body_broken", f"the body cannot be read to its end: {problem}") from None
    if raw is None:
        raise ControlError(413, "request_entity_too_large", f"more than {MOST_BYTES} bytes", "send it in several calls")
    return raw


def decoded(raw: bytes, kind: Any, route: Route[object]) -> Any:
    """JSON as a value of a type. Raises: as `body_of`."""
    _check_extent(raw)
    try:
        return msgspec.json.decode(raw, type=kind)
    except _BROKEN as problem:
        raise _why_not(raw, kind, problem, route) from None


def _check_extent(raw: bytes) -> None:
    """What would be a hundred times as large in memory, or deeper than anything means. Raises: ControlError."""
    brackets_in_all = raw.count(b"[") + raw.count(b"{")
    if len(raw) > MOST_VALUES and raw.count(b",") + brackets_in_all > MOST_VALUES:
        raise ControlError(413, "too_much", f"the body has more than {MOST_VALUES} values", "send it in several calls")
    if brackets_in_all <= MOST_DEPTH:
        return
    brackets = _TEXT.sub(b"", raw).translate(None, _NO_BRACKET)
    for _ in range(MOST_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    # What is left may also be a few brackets that do not match: the decoder has better words for these.
    opened, closed = (brackets.count(one) + brackets.count(two) for one, two in ((b"[", b"{"), (b"]", b"}")))
    if opened == closed or opened > MOST_DEPTH:
        message = f"the body is nested more than {MOST_DEPTH} deep"
        raise ControlError(422, "invalid_value", message, f"allowed: up to {MOST_DEPTH} brackets in each other")


def _why_not(raw: bytes, kind: Any, problem: Exception, route: Route[object]) -> ControlError:
    """Whose fault it is: bytes that are no JSON, something that is no object, or a member."""
    try:
        # What is refused as a type may be broken further on: the decoder stops at the first thing it dislikes.
        msgspec.json.decode(raw, type=msgspec.Raw)
        value = msgspec.json.decode(raw) if len(raw) <= _SMALL else _outline(raw)
    except msgspec.ValidationError:
        # JSON, with a number that no program can read.
        why = "a number with too many digits or too large an exponent is not allowed"
        return ControlError(422, "invalid_value", f"{unreadable_at(raw) or 'the body'}: {why}", _hint(route))
    except _BROKEN as broken:
        return ControlError(400, "not_json", f"the body is not JSON: {broken}", "send JSON")
    if not isinstance(value, dict) and not (isinstance(value, list) and route.takes_lists):
        return ControlError(400, "not_an_object", "the body is a JSON object", f"not {type(value).__name__}")
    if not isinstance(problem, msgspec.ValidationError):
        return ControlError(422, "invalid_value", cut(str(problem), 300), _hint(route))
    found = misfit(value, kind, problem)
    if found.missing or found.unknown:
        return ControlError(422, "invalid_value", str(problem), _hint(route))
    message = f"{found.key or 'the body'} = {found.value} is not allowed"
    if "got `" in str(problem):  # of another type; else it is the range, which the hint tells
        message += f": {problem}"
    return ControlError(422, "invalid_value", message, _hint(route, found.allowed))


def _outline(raw: bytes) -> object:
    """Of which sort a large JSON text is, without what is in it."""
    return {b"{": {}, b"[": []}.get(raw.lstrip()[:1], "a text, a number or a word")


def _hint(route: Route[object], allowed: str = "") -> str:
    """What is allowed there, or, where nobody can say, what a body of the route may hold."""
    if allowed:
        return f"allowed: {allowed}"
    return route.hint or f"members: {', '.join(route.members)}"


async def action_of(request: web.Request, route: Route[object]) -> AnyAction:
    """The action that a call asks for: its body, with the members that stand in the path. Raises: as `body_of`."""
    given: dict[str, Any] = {member: request.match_info[name] for name, member in route.in_path.items()}
    if route.method != "DELETE":
        body = await body_of(request, route)
        if route.member:
            given[route.member] = body if isinstance(body, list) or not route.takes_lists else [body]
        else:
            given.update(msgspec.structs.asdict(body))
    action: AnyAction = route.body(**given)
    return action
