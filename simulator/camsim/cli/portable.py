"""The message schemas as other tools read them: under one roof, without files beside them, nothing left implicit.

What a message may be stays what schemas/ says (`tests/simulator/test_export.py` compares them); only the words change:

- generators and linters do not follow references into other files: all of them point into `components`;
- AsyncAPI reads schemas as draft 7 does, where what stands beside a `$ref` is ignored: it goes beside it in an `allOf`;
- linters want each name that is required to have a schema where it is required: `{}` is one, and allows anything;
- "exactly one of these members" is written as members that must not be, which needs no `not`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from camsim.protocol.schemas import common, document, families

Schema = dict[str, Any]
ROOT = "#/components/schemas/"
_SAME_INSTANCE = ("if", "then", "else", "not")  # schemas that judge the very value that the one around them does
_SAME_INSTANCES = ("allOf", "anyOf", "oneOf")  # and lists of them


def components(user: object) -> Schema:
    """Every schema that `user`, a part of a document, refers to, directly or through others."""
    known = _all()
    found: Schema = {}
    waiting = list(_named(user))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = known[name]
            waiting += _named(known[name])
    return {name: found[name] for name in known if name in found}


def _all() -> Schema:
    schemas: Schema = {}
    for name, part in common()["$defs"].items():
        schemas[f"common_{name}"] = portable(part)
    for family in families():
        for part, schema in document(family)["$defs"].items():
            schemas[f"{family}{part.capitalize()}"] = portable(schema)
    return schemas


def _named(value: object) -> Iterator[str]:
    text = json.dumps(value)
    for part in text.split(f'"$ref": "{ROOT}')[1:]:
        yield part.split('"', 1)[0]


def portable(schema: Any) -> Any:
    """A schema of schemas/ in the form described above; the given one is left as it is."""
    if isinstance(schema, list):
        return [portable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    words = {key: portable(value) for key, value in schema.items() if key != "$ref"}
    if "$ref" in schema:
        reference = {"$ref": f"{ROOT}common_{schema['$ref'].rsplit('/', 1)[-1]}"}
        return {"allOf": [reference, _complete(words)]} if words else reference
    return _complete(_forbid_others(words))


def _forbid_others(schema: Schema) -> Schema:
    """`not: {anyOf: [{required: [a]}, …]}` is: no member `a`, …"""
    names = _excluded(schema.get("not"))
    if not names:
        return schema
    properties = {**schema.get("properties", {}), **dict.fromkeys(names, False)}
    return {**{key: value for key, value in schema.items() if key != "not"}, "properties": properties}


def _excluded(schema: object) -> list[str]:
    """The members that a `not` forbids one by one; none where it says something else."""
    if not isinstance(schema, dict) or set(schema) != {"anyOf"}:
        return []
    names: list[str] = []
    for part in schema["anyOf"]:
        required = part.get("required", [])
        if len(required) != 1:
            return []
        names += required
    return names


def _complete(schema: Schema) -> Schema:
    """Every schema that judges the same object knows all members that the object may have."""
    names = dict.fromkeys((*_members(schema), *schema.get("required", ())))
    return _knowing(schema, list(names))


def _members(schema: Schema) -> Iterator[str]:
    yield from schema.get("properties", ())
    for part in _parts(schema):
        yield from _members(part)


def _parts(schema: Schema) -> Iterator[Schema]:
    for key in _SAME_INSTANCE:
        if isinstance(schema.get(key), dict):
            yield schema[key]
    for key in _SAME_INSTANCES:
        yield from schema.get(key, ())


def _knowing(schema: Schema, names: list[str]) -> Schema:
    known = dict(schema)
    for key in _SAME_INSTANCE:
        if isinstance(schema.get(key), dict):
            known[key] = _knowing(schema[key], names)
    for key in _SAME_INSTANCES:
        if key in schema:
            known[key] = [_knowing(part, names) for part in schema[key]]
    if "properties" in schema or "required" in schema:
        # The members without a word of their own may be anything here: what they must be is said elsewhere.
        known["properties"] = {**{name: {} for name in names}, **schema.get("properties", {})}
    return known
