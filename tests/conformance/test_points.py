"""Whatever the suite once said wrongly, or missed, has something that shows it today: points.toml names what."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.mutants import BENIGN, MUTANTS

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
POINTS = range(1, 29)
CLAUSES: list[dict[str, Any]] = tomllib.loads((HERE / "points.toml").read_text("utf-8"))["clause"]
MEMBERS = {"point", "says", "v3", "v2", "only"}


@cache
def functions(file: str) -> frozenset[str]:
    """The tests of a file below tests/; none when there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def shows(name: str, protocol: Protocol) -> bool:
    """Whether there is a variant or test of this name, for this protocol."""
    if "::" in name:
        file, _, function = name.partition("::")
        return function.startswith("test_") and function in functions(file)
    if name in MUTANTS:
        return MUTANTS[name].protocol is protocol
    return name in BENIGN and protocol in BENIGN[name].protocols


def problems(clause: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a row."""
    if clause.keys() - MEMBERS:
        yield f"unknown members {sorted(clause.keys() - MEMBERS)}"
    for protocol in Protocol:
        names = clause.get(str(protocol), [])
        yield from (f"nothing in {protocol} is called {name}" for name in names if not shows(name, protocol))
        other = next(one for one in Protocol if one is not protocol)
        if not names and not clause.get("only", "").startswith(f"{other} only: "):
            yield f"{protocol} has nothing, and no reason"


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: f"{clause['point']}-{clause['says'][:30]}")
def test_every_clause_is_shown_in_both_protocols_or_says_why_not(clause: dict[str, Any]) -> None:
    assert list(problems(clause)) == []


def test_every_point_has_a_clause_in_v3() -> None:
    assert sorted({clause["point"] for clause in CLAUSES if clause.get("v3")}) == list(POINTS)


def test_a_name_that_does_not_exist_or_a_missing_reason_is_told() -> None:
    good = {"point": 1, "says": "x", "v3": ["no-dedupe"], "only": "v3 only: because"}
    assert list(problems(good)) == []
    assert list(problems({**good, "v3": ["no-such", "v2-no-dedupe"]})) != []
    assert list(problems({**good, "v3": ["conformance/test_points.py::test_no_such"]})) != []
    assert list(problems({**good, "only": ""})) == ["v2 has nothing, and no reason"]
