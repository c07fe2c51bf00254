"""The page about the management API: every route is there, and its examples work in the order of the page."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from camsim.control import openapi
from camsim.control.routes import ROUTES
from camsim.host import Host
from camsim.pytest_plugin.background import Background
from camsim.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "management-api.md"
_SECTION = re.compile(r"^### `(?P<method>[A-Z]+) (?P<path>\S+)`\n(?P<text>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_METHODS = {"-X", "--request"}


@dataclass(frozen=True)
class Section:
    """A call as the page describes it: the commands it shows, and the members of the last answer."""

    method: str
    path: str
    commands: tuple[str, ...]
    answer: Any


def section(found: re.Match[str]) -> Section:
    """Read one section."""
    blocks = dict(_BLOCK.findall(found["text"]))
    commands = tuple(line.removeprefix("$ ") for line in blocks["console"].splitlines())
    return Section(found["method"], found["path"], commands, json.loads(blocks["json"]) if "json" in blocks else None)


SECTIONS = [section(found) for found in _SECTION.finditer(PAGE.read_text())]


def parsed(command: str) -> tuple[str, str, bytes | None]:
    """Method, target and body of a curl command."""
    words = iter(shlex.split(command)[1:])
    method, target, body = "GET", "", None
    for word in words:
        if word in _METHODS:
            method = next(words)
        elif word == "-d":
            body = next(words).encode()
        else:
            target = word.removeprefix("$API")
    return method, target, body


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, tuple[int, bytes]]]:
    """What a fresh simulator answers to every command of the page, in its order."""
    settings = Settings(clock="manual")
    with Background(lambda: Host.start(settings), Host.stop, "host") as running:
        connection = HTTPConnection(running.service.management_url.removeprefix("http://"), timeout=60)
        yield {command: ask(connection, command) for one in SECTIONS for command in one.commands}
        connection.close()


def ask(connection: HTTPConnection, command: str) -> tuple[int, bytes]:
    """Carry out one command."""
    method, target, body = parsed(command)
    connection.request(method, f"/api{target}", body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def unknown_members(shown: Any, real: Any, where: str = "") -> list[str]:
    """Members that the page shows and the answer does not have."""
    if isinstance(shown, dict):
        missing = [f"{where}.{key}" for key in shown if not isinstance(real, dict) or key not in real]
        return missing or [text for key in shown for text in unknown_members(shown[key], real[key], f"{where}.{key}")]
    if isinstance(shown, list) and shown:
        return unknown_members(shown[0], real[0], f"{where}[0]") if real else [f"{where}[0]"]
    return []


def test_every_route_is_described_once() -> None:
    assert sorted((one.method, one.path) for one in SECTIONS) == sorted((route.method, route.path) for route in ROUTES)


@pytest.mark.parametrize("one", SECTIONS, ids=lambda one: f"{one.method}-{one.path}")
def test_the_examples_of_a_call_work(one: Section, answers: dict[str, tuple[int, bytes]]) -> None:
    failed = {command: answers[command] for command in one.commands if not 200 <= answers[command][0] < 300}
    assert failed == {}
    pattern = re.sub(r"\\{\w+\\}", "[^/?]+", re.escape(one.path))
    for command in one.commands:
        method, target, _ = parsed(command)
        assert method == one.method
        assert re.fullmatch(pattern, target.lstrip("/").partition("?")[0])


@pytest.mark.parametrize(
    "one", [one for one in SECTIONS if one.answer is not None], ids=lambda one: f"{one.method}-{one.path}"
)
def test_the_answer_has_the_members_that_are_shown(one: Section, answers: dict[str, tuple[int, bytes]]) -> None:
    assert unknown_members(one.answer, json.loads(answers[one.commands[-1]][1])) == []


@pytest.mark.parametrize("one", SECTIONS, ids=lambda one: f"{one.method}-{one.path}")
def test_the_bodies_of_the_page_are_what_the_openapi_document_describes(one: Section) -> None:
    document = openapi.document("0")
    described = document["paths"][f"/api/{one.path}"][one.method.lower()]
    for command in one.commands:
        _, _, body = parsed(command)
        if body is not None:
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.validate(json.loads(body), {**schema, "components": document["components"]})
