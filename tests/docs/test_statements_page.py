"""docs/statements.md: every statement of the vendor's pages has a test that exists, and the page is fresh."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
A_TEST = "docs/test_statements_page.py::test_the_page_is_the_one_the_rows_give"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_statements_page", ROOT / "scripts" / "make_statements_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_one_the_rows_give(generator: ModuleType) -> None:
    page = (ROOT / "docs" / "statements.md").read_text("utf-8")
    assert generator.page(generator.statements()) == page, "run scripts/make_statements_page.py"


def test_nothing_is_wrong_with_the_rows(generator: ModuleType) -> None:
    assert generator.problems(generator.statements()) == []


def test_there_are_statements_of_both_pages(generator: ModuleType) -> None:
    rows = generator.statements()
    assert len(rows) >= 300
    assert min(sum(row.page == page for row in rows) for page in ("v3", "v2")) >= 100


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("v3", 61, "HTTP 200", ["docs/test_statements_page.py::test_that_was_renamed"]), "does not exist"),
        (("v3", 61, "HTTP 200", ["docs/test_that_was_moved.py::test_it"]), "does not exist"),
        (("v3", 61, "HTTP 204", [A_TEST]), "does not say 'HTTP 204'"),
        (("v3", 9, "", [A_TEST]), "is not in quotes.json"),
        (("v3", 61, "HTTP 200", []), "no test shows"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(
    generator: ModuleType, row: tuple[str, int, str, list[str]], said: str
) -> None:
    page, line, text, tests = row
    (problem,) = generator.problems([generator.Statement(page, line, text, tuple(tests))])
    assert said in problem


def test_rows_out_of_order_or_twice_are_named(generator: ModuleType) -> None:
    one, two = (generator.Statement("v3", 61, text, (A_TEST,)) for text in ("HTTP 200", "Always respond"))
    later = generator.Statement("v2", 48, "again and again", (A_TEST,))
    assert generator.problems([one, two, later]) == []
    assert generator.problems([later, one]) == ["V3:61 stands after V2:48"]
    assert generator.problems([one, one]) == ["1 rows say what another one says"]
