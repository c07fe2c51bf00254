"""The protocol in other tools' formats, derived from the catalogue, the schemas and the printed samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from camsim import __version__, resources
from camsim.control.openapi import document as control_document
from camsim.protocol.catalogue import CALLBACKS, COMMANDS, Family, Operation
from camsim.protocol.schemas import common, document, families
from camsim.protocol.statuses import DESCRIPTIONS, LABELS_V3
from camsim.protocol.vocabulary import Protocol

from . import postman, samples

_REST = Protocol.V3.path
Document = dict[str, Any]


def openapi() -> Document:
    """OpenAPI 3.1: the RESTful endpoint as a path, the callbacks as webhooks."""
    codes = "\n".join(f"- {code} {LABELS_V3[code]}: {DESCRIPTIONS[code]}" for code in sorted(LABELS_V3))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cams Biometric Gateway, Web API 3.0",
            "version": __version__,
            "description": f"As camsim simulates it. Status codes:\n\n{codes}",
        },
        "servers": [{"url": "http://127.0.0.1:8124"}],
        "paths": {_REST: {"post": _rest_operation()}},
        # OpenAPI 3.1 has a place for requests that go to the reader's server; 3.0 had none.
        "webhooks": {row.name: {"post": _webhook(row)} for row in CALLBACKS},
        "components": {"schemas": _components()},
    }


def _rest_operation() -> Document:
    rest = list(dict.fromkeys(row.family for row in COMMANDS))  # 15 of the 27 are one family
    answer = {"description": "what the device answered; HTTP 200 whatever the StatusCode"}
    return {
        "operationId": "command",
        "summary": "Command a device",
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
    return {
        "operationId": row.name,
        "summary": f"#{row.number}: {row.purpose}",
        "requestBody": {"content": _json(_ref(row.family, "Request"), {row.name: samples.request(row)})},
        "responses": {"200": {"description": "acknowledged", "content": _json(_ref(row.family, "Response"))}},
    }


def _json(schema: Document, examples: Mapping[str, object] | None = None) -> Document:
    content: Document = {"schema": schema}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": content}


def _ref(family: Family, part: str) -> Document:
    return {"$ref": f"#/components/schemas/{family}{part}"}


def _any_of(names: list[Family], part: str) -> Document:
    return {"anyOf": [_ref(family, part) for family in names]}


def _components() -> Document:
    """Every message schema with the shared parts inlined under one roof."""
    # Readers of such documents do not follow references into other files.
    shared: Document = {}
    for name, part in common()["$defs"].items():
        shared[f"common_{name}"] = _local(part)
    for family in families():
        for part, schema in document(family)["$defs"].items():
            shared[f"{family}{part.capitalize()}"] = _local(schema)
    return shared


def _local(value: object) -> object:
    """The same schema with references that point into `components`."""
    if isinstance(value, dict):
        schema: Document = {}
        for key, item in value.items():
            if key == "$ref":
                schema[key] = _pointed(item)
            else:
                schema[key] = _local(item)
        return schema
    if isinstance(value, list):
        return [_local(item) for item in value]
    return value


def _pointed(reference: str) -> str:
    return f"#/components/schemas/common_{reference.rsplit('/', 1)[-1]}"


def asyncapi() -> Document:
    """AsyncAPI 3.0: what the gateway sends to a callback URL."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Cams Biometric Gateway callbacks, Web API 3.0", "version": __version__},
        "defaultContentType": "application/json",
        "channels": {
            "callback": {
                "address": "/callback",
                "messages": {row.name: {"$ref": f"#/components/messages/{row.name}"} for row in CALLBACKS},
            }
        },
        "operations": {
            "deliver": {
                "action": "send",
                "channel": {"$ref": "#/channels/callback"},
                "summary": 'until the answer is {"status":"done"}',
            }
        },
        "components": {
            "messages": {
                row.name: {
                    "name": row.name,
                    "summary": row.purpose,
                    "payload": _ref(row.family, "Request"),
                    "examples": [{"payload": samples.request(row)}],
                }
                for row in CALLBACKS
            },
            "schemas": _components(),
        },
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
