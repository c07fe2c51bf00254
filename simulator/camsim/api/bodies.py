"""Bodies of the control API become typed values; a wrong one is answered with what is wrong and where."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from camsim.control.actions import AnyAction
from camsim.control.routes import Route
from camsim.kernel.events import ControlError


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
    # What is no object at all is 400, not 422: nobody looks for a member in it.
    except msgspec.ValidationError as problem:
        value = msgspec.json.decode(raw)
        if not isinstance(value, dict):
            why = f"not {type(value).__name__}"
            raise ControlError(400, "not_an_object", "the body is a JSON object", why) from None
        raise _invalid(problem, route) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ControlError(400, "not_json", f"the body is not JSON: {problem}", "send JSON") from None


async def action_of(request: web.Request, route: Route[object]) -> AnyAction:
    """The action that a call asks for: its body, with the members that stand in the path. Raises: as `body_of`."""
    in_path = {member: request.match_info[name] for name, member in route.in_path.items()}
    if route.method == "DELETE":
        return _from_path(route, in_path)
    body = await body_of(request, route)
    action: AnyAction
    if route.member:
        action = route.body(**{route.member: _as_member(body)}, **in_path)
        return action
    for member in in_path:
        if getattr(body, member):  # a body that names another device would be overruled in silence
            raise _invalid(f"Object contains unknown field `{member}`", route)
    action = msgspec.structs.replace(body, **in_path)
    return action


def _as_member(body: object) -> object:
    """One description or punch stands for a list of one; the dict is a fault, whose member is no list."""
    return body if isinstance(body, list | dict) else [body]


def _from_path(route: Route[object], in_path: dict[str, str]) -> AnyAction:
    """An action without a body; numbers in the path are read as such."""
    try:
        action: AnyAction = msgspec.convert(in_path, route.body, strict=False)
        return action
    except msgspec.ValidationError as problem:
        raise _invalid(problem, route) from None


def _invalid(problem: object, route: Route[object]) -> ControlError:
    return ControlError(422, "invalid_value", str(problem), f"{route.name}: see the documentation of its body")
