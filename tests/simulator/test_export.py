"""camsim.cli.export: other tools' formats are valid and complete."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from camsim.cli import export, samples
from camsim.control.routes import ROUTES
from camsim.protocol.catalogue import CALLBACKS, V3, Operation
from camsim.protocol.schemas import common, document


def test_the_openapi_document_is_valid():
    validate(export.openapi())


def test_the_control_api_is_a_valid_document_with_every_route() -> None:
    shown = export.control_openapi()
    validate(shown)
    calls = {(method.upper(), path.removeprefix("/api/")) for path, item in shown["paths"].items() for method in item}
    assert calls == {(route.method, route.path) for route in ROUTES}
    assert set(shown["components"]["schemas"]["OnlineBody"]["properties"]) == {"order", "pace", "announce_users"}


def test_every_callback_is_a_webhook():
    assert set(export.openapi()["webhooks"]) == {row.name for row in CALLBACKS}


def test_every_reference_points_at_something():
    document = export.openapi()
    text = json.dumps(document)
    wanted = {part.split('"', 1)[0] for part in text.split('"#/components/schemas/')[1:]}
    assert wanted <= set(document["components"]["schemas"])


def test_the_asyncapi_document_holds_every_callback():
    assert set(export.asyncapi()["components"]["messages"]) == {row.name for row in CALLBACKS}


def test_every_schema_file_is_exported():
    assert {"common.json", "v3/AddUser.json", "v2/AddUser.json"} <= set(export.schemas())


# --- what linters ask for (`make openapi-lint` asks them) -----------------------------------------------------------

DOCUMENTS = {"openapi": export.openapi(), "control-openapi": export.control_openapi(), "asyncapi": export.asyncapi()}


def operations(document: Any) -> Iterator[Any]:
    """Every operation of an OpenAPI document: (name, operation)."""
    for place in ("paths", "webhooks"):
        for name, item in document.get(place, {}).items():
            yield from ((f"{method} {name}", operation) for method, operation in item.items())


def test_every_operation_says_how_it_is_secured() -> None:
    assert [name for name, one in operations(DOCUMENTS["openapi"]) if "security" not in one] == []
    assert DOCUMENTS["control-openapi"]["security"] == [{}, {"token": []}]
    assert all(one["security"] for one in DOCUMENTS["asyncapi"]["operations"].values())


def test_every_operation_of_openapi_has_an_answer_that_refuses() -> None:
    for name in ("openapi", "control-openapi"):
        silent = [
            call for call, one in operations(DOCUMENTS[name]) if not any(code[0] == "4" for code in one["responses"])
        ]
        assert silent == [], name


def nodes(value: Any) -> Iterator[Any]:
    """Every object of a document."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from nodes(item)


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_every_required_name_has_a_schema_and_no_reference_has_neighbours(name: str) -> None:
    for schema in nodes(DOCUMENTS[name]["components"]["schemas"]):
        required = schema.get("required", ())
        assert set(required) <= set(schema.get("properties", ())), schema
        assert "$ref" not in schema or len(schema) == 1, schema


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_component_is_used_and_the_licence_is_named(name: str) -> None:
    text = json.dumps(DOCUMENTS[name])
    schemas = DOCUMENTS[name]["components"]["schemas"]
    assert [one for one in schemas if f'"#/components/schemas/{one}"' not in text] == []
    assert DOCUMENTS[name]["info"]["license"]["name"] == "Apache-2.0"


def changes(message: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every member of a message."""
    inner = message.items() if isinstance(message, dict) else enumerate(message) if isinstance(message, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from changes(value, (*path, key))


def changed(message: Any) -> Iterator[Any]:
    """The message without each of its members, with another value there, and with a member more beside each."""
    for path in [*changes(message)]:
        for what in ("", 7, None, "Fingerprint", {}, [], "All", "without", "more"):
            other = copy.deepcopy(message)
            inner = other
            for key in path[:-1]:
                inner = inner[key]
            if what == "without":
                del inner[path[-1]]
            elif what == "more" and isinstance(inner, dict):
                inner.update({name: {} for name in ("Add", "Load", "Delete", "PunchLog", "UserDeleted", "Size")})
            else:
                inner[path[-1]] = what
            yield other


@pytest.mark.parametrize("row", V3, ids=lambda row: row.name)
def test_the_exported_schemas_accept_and_refuse_what_those_of_the_project_do(row: Operation) -> None:
    own = {**document(row.family), **document(row.family)["$defs"]["request"]}
    mine = jsonschema_rs.Draft202012Validator(own, registry=jsonschema_rs.Registry([(common()["$id"], common())]))
    readers: dict[str, Any] = {"openapi": jsonschema_rs.Draft202012Validator}
    if row in CALLBACKS:
        readers["asyncapi"] = jsonschema_rs.Draft7Validator  # as its parser reads them
    sample = samples.request(row)
    verdicts = [mine.is_valid(message) for message in (sample, *changed(sample))]
    assert verdicts[0]
    assert False in verdicts
    for exported, reader in readers.items():
        reference = {"$ref": f"#/components/schemas/{row.family}Request"}
        theirs = reader({**reference, "components": DOCUMENTS[exported]["components"]})
        assert [theirs.is_valid(message) for message in (sample, *changed(sample))] == verdicts, exported
