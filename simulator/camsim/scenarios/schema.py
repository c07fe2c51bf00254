"""The published JSON Schema of scenarios, derived from the types that check them."""

from __future__ import annotations

import msgspec

from .document import ACTIONS, Document

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{name}"


def schema() -> dict[str, object]:
    """A JSON Schema (2020-12) that a document passes when it has the form of a scenario."""
    types = [Document, *ACTIONS.values()]
    (document, *bodies), components = msgspec.json.schema_components(types, ref_template=_REF)
    # The type of a step's body depends on its only key, which the types alone cannot say.
    components["Document"]["properties"]["steps"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}}
    components["Step"] = {
        "description": "One action, and a note if you like.",
        "oneOf": [_step(action, body) for action, body in zip(ACTIONS, bodies, strict=True)],
    }
    return {"$schema": _DIALECT, "title": "camsim scenario", **document, "$defs": dict(sorted(components.items()))}


def _step(action: str, body: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {action: body, "note": {"type": "string"}},
        "required": [action],
        "additionalProperties": False,
    }


def encoded() -> bytes:
    """As it is published."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2) + b"\n"
