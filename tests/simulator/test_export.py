"""camsim.cli.export: other tools' formats are valid and complete."""

from __future__ import annotations

import json

from openapi_spec_validator import validate

from camsim.cli import export
from camsim.control.routes import ROUTES
from camsim.protocol.catalogue import CALLBACKS


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
