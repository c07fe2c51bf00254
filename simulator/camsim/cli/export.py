"""The protocol in other tools' formats, derived from the catalogue, the schemas and the printed samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from camsim import __version__, resources
from camsim.control.openapi import LICENCE
from camsim.control.openapi import document as control_document
from camsim.protocol.catalogue import CALLBACKS, COMMANDS, Family, Operation
from camsim.protocol.statuses import DESCRIPTIONS, LABELS_V3
from camsim.protocol.vocabulary import Protocol

from . import portable, postman, samples

_REST = Protocol.V3.path
_TITLE = "Cams Biometric Gateway, Web API 3.0"
_WHO = "Who calls is known by the AuthToken in the body (V3:146): no scheme of OpenAPI has a place for it there."
# The schemes there are name a header, a query parameter or a cookie: one of them would have generated clients send
# the token where no gateway looks for it.
_NO_SCHEME: list[object] = []
Document = dict[str, Any]


def openapi() -> Document:
    """OpenAPI 3.1: the RESTful endpoint as a path, the callbacks as webhooks."""
    codes = "\n".join(f"- {code} {LABELS_V3[code]}: {DESCRIPTIONS[code]}" for code in sorted(LABELS_V3))
    calls = {
        "paths": {_REST: {"post": _rest_operation()}},
        # OpenAPI 3.1 has a place for requests that go to the reader's server; 3.0 had none.
        "webhooks": {row.name: {"post": _webhook(row)} for row in CALLBACKS},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE,
            "version": __version__,
            "description": f"As camsim simulates it. {_WHO}\n\nStatus codes:\n\n{codes}",
            "license": LICENCE,
        },
        "servers": [{"url": "http://127.0.0.1:8124"}],
        **calls,
        "components": {"schemas": portable.components(calls)},
    }


def _rest_operation() -> Document:
    rest = list(dict.fromkeys(row.family for row in COMMANDS))  # 15 of the 27 are one family
    answer = {"description": "what the device answered; HTTP 200 whatever the StatusCode"}
    return {
        "operationId": "command",
        "summary": "Command a device",
        "security": _NO_SCHEME,
        "parameters": [{"name": "stgid", "in": "query", "required": True, "schema": {"type": "string"}}],
        "requestBody": {
            "required": True,
            "content": _json(_any_of(rest, "Request"), {row.name: samples.request(row) for row in COMMANDS}),
        },
        "responses": {
            "200": {**answer, "content": _json(_any_of(rest, "Response"))},
            "405": {"description": "not POST"},
            "413": {"description": "more than 8 MiB"},
        },
    }


def _webhook(row: Operation) -> Document:
    request = _json(_ref(row.family, "Request"), {row.name: samples.request(row)})
    return {
        "operationId": row.name,
        "summary": f"#{row.number}: {row.purpose}",
        "security": _NO_SCHEME,
        "requestBody": {"content": request},
        "responses": {
            "200": {"description": "acknowledged", "content": _json(_ref(row.family, "Response"))},
            "4XX": {"description": "not acknowledged: it comes again"},
        },
    }


def _json(schema: Document, examples: Mapping[str, object] | None = None) -> Document:
    content: Document = {"schema": schema}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": content}


def _ref(family: Family, part: str) -> Document:
    return {"$ref": f"{portable.ROOT}{family}{part}"}


def _any_of(names: list[Family], part: str) -> Document:
    return {"anyOf": [_ref(family, part) for family in names]}


def asyncapi() -> Document:
    """AsyncAPI 3.1: what the gateway sends to a callback URL."""
    messages = {row.name: _message(row) for row in CALLBACKS}
    return {
        "asyncapi": "3.1.0",
        "id": "urn:camsim:callbacks:v3",
        "info": {
            "title": "Cams Biometric Gateway callbacks, Web API 3.0",
            "version": __version__,
            "description": f"What camsim sends to a callback URL. {_WHO}",
            "license": {"name": LICENCE["name"], "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"callback": {"host": "127.0.0.1:8123", "protocol": "http", "description": "your own"}},
        "channels": {
            "callback": {
                "address": "/callback",
                "description": "the callback URL of a device",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "deliver": {
                "action": "send",
                "channel": {"$ref": "#/channels/callback"},
                "summary": 'until the answer is {"status":"done"}',
                "security": [{"$ref": "#/components/securitySchemes/securityKey"}],
                "messages": [{"$ref": f"#/channels/callback/messages/{name}"} for name in messages],
            }
        },
        "components": {
            "messages": messages,
            "schemas": portable.components(messages),
            "securitySchemes": {
                "securityKey": {
                    "type": "symmetricEncryption",
                    "description": "AES-256, ECB, PKCS5 padding, in Base64, where a key is set (V3:1084 to 1086)",
                }
            },
        },
    }


def _message(row: Operation) -> Document:
    return {
        "name": row.name,
        "summary": row.purpose,
        "payload": _ref(row.family, "Request"),
        "examples": [{"name": row.name, "payload": samples.request(row)}],
    }


def schemas() -> Document:
    """Every JSON Schema by its path below schemas/."""
    root = resources.path("schemas")
    found: Document = {}
    for path in sorted(root.rglob("*.json")):
        name = path.relative_to(root)
        found[str(name)] = resources.load("schemas", *name.parts)
    return found


def control_openapi() -> Document:
    """The control API as an OpenAPI 3.1 document: what `GET /api/openapi.json` answers."""
    return control_document(__version__)


FORMATS: Mapping[str, Callable[[], Document]] = {
    "openapi": openapi,
    "control-openapi": control_openapi,
    "asyncapi": asyncapi,
    "postman": postman.collection,
    "schemas": schemas,
}
