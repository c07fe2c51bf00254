"""Bodies of the control API become typed values; a wrong one is answered with what is wrong and where."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from camsim.control.actions import AnyAction
from camsim.control.route import Route
from camsim.kernel.events import ControlError

_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


async def body_of(request: web.Request, route: Route[object]) -> Any:
    """The body as the route's type. Raises: ControlError 400 for what is no JSON object, 422 for a wrong member."""
    raw = await request.read()
    if not raw and route.optional:
        raw = b"{}"
    return decoded(raw, route.body_type, route)


def decoded(raw: bytes, kind: Any, route: Route[object]) -> Any:
    """JSON as a value of a type. Raises: as `body_of`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except _BROKEN as problem:
        raise _why_not(raw, problem, route) from None


def _why_not(raw: bytes, problem: Exception, route: Route[object]) -> ControlError:
    """Whose fault it is: bytes that are no JSON, something that is no object, or a member."""
    try:
        # What is refused as a type may be broken further on: the decoder stops at the first thing it dislikes.
        value = msgspec.json.decode(raw)
    except _BROKEN as broken:
        return ControlError(400, "not_json", f"the body is not JSON: {broken}", "send JSON")
    if not isinstance(value, dict) and not route.takes_lists:
        return ControlError(400, "not_an_object", "the body is a JSON object", f"not {type(value).__name__}")
    return ControlError(422, "invalid_value", str(problem), route.hint or f"members: {', '.join(route.members)}")


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
