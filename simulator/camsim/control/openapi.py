"""The control API as an OpenAPI 3.1 document, made from the table of routes and the types of bodies and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from .records import COMMAND_STATES
from .route import JSON, Route
from .routes import ROUTES

_REF = "#/components/schemas/{name}"
LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_PARAMETERS = {
    "stgid": "service tag of the device",
    "user": "UserID",
    "what": "what is done",
    "id": "the number",
}
# Schemas of parameters that are more than a text.
_SCHEMAS: Mapping[str, object] = {
    "what": {"type": "string", "enum": ["hold", "resume", "retry-now", "reset"]},
    "id": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 0},
    "direction": {"type": "string", "enum": ["callback", "rest", "control"]},
    "state": {"type": "string", "enum": list(COMMAND_STATES)},
}


class Problem(msgspec.Struct):
    """What is wrong: `code` for programs, `message` and `hint` for people."""

    code: str
    message: str
    hint: str = ""


class Refusal(msgspec.Struct):
    """Every answer that is no success."""

    error: Problem


def document(version: str) -> dict[str, object]:
    """The whole document; a fresh value at each call."""
    kinds: list[Any] = [Refusal]
    for route in ROUTES:
        for kind in (_body(route), _answer(route)):
            if kind is not None:
                kinds.append(kind)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    # By their text, for a union of types is another object each time it is made.
    schema_of = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for route in ROUTES:
        paths.setdefault(f"/api/{route.path}", {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "camsim control API",
            "version": version,
            "description": "Drives a running camsim: devices, people, time, faults, journal, ledger.",
            "license": LICENCE,
        },
        "servers": [{"url": "http://127.0.0.1:8125"}],
        "paths": paths,
        "components": {
            "schemas": _used(components, paths),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # Without --management-token nobody needs one.
        "security": [{}, {"token": []}],
    }


def _used(components: Mapping[str, object], paths: object) -> dict[str, object]:
    """The components that something refers to: an enumeration of the keys of an object is referred to by nothing."""
    text = msgspec.json.encode([components, paths]).decode()
    return {name: schema for name, schema in components.items() if f'"{_REF.format(name=name)}"' in text}


def _body(route: Route[object]) -> Any:
    """The type of the body, None where there is none."""
    return None if route.method in ("GET", "DELETE") else route.body_type


def _answer(route: Route[object]) -> Any:
    """The type of a JSON answer, None where the answer is another medium."""
    return route.answer if route.media == JSON else None


def _operation(route: Route[object], schema_of: Mapping[str, object]) -> dict[str, object]:
    content: dict[str, object] = {"schema": {"type": "string"}}
    if route.media == JSON:
        content = {"schema": schema_of[repr(_answer(route))]}
    refused = {"description": "Refused", "content": {JSON: {"schema": schema_of[repr(Refusal)]}}}
    done: dict[str, Any] = {"description": "Done", "content": {route.media: content}}
    responses = {str(route.status): done}
    for status, media in route.others:
        other = responses.setdefault(str(status), {"description": "Done", "content": {}})
        other["content"].setdefault(media, content if media == JSON else {"schema": {"type": "string"}})
    shown: dict[str, object] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "responses": {**responses, "4XX": refused, "5XX": refused},
    }
    parameters = _parameters(route)
    if parameters:
        shown["parameters"] = parameters
    body = _body(route)
    if body is not None:
        schema = schema_of[repr(body)]
        shown["requestBody"] = {"required": not route.optional, "content": {JSON: {"schema": schema}}}
    return shown


def operation_id(route: Route[object]) -> str:
    """`post_devices_stgid_online`: a name for generated clients."""
    words = re.findall(r"\w+", route.path)
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route[object]) -> list[dict[str, object]]:
    shown: list[dict[str, object]] = []
    for name in route.in_path:
        shown.append({**_parameter(name, "path", _PARAMETERS[name]), "required": True})
    for name, what in route.query.items():
        shown.append(_parameter(name, "query", what))
    return shown


def _parameter(name: str, where: str, what: str) -> dict[str, object]:
    return {"name": name, "in": where, "description": what, "schema": _SCHEMAS.get(name, {"type": "string"})}
