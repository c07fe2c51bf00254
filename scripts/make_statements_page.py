"""Make docs/statements.md: each testable sentence of the vendor's pages, its line, and the tests that show it.

    python scripts/make_statements_page.py

The rows are tests/statements.toml. What is wrong with them (a test that is not there, words that the line does not say)
is printed, and then nothing is written. Exit: 0 written, 1 something is wrong.
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOURCE, PAGE = ROOT / "tests" / "statements.toml", ROOT / "docs" / "statements.md"
QUOTES = ROOT / "fixtures" / "vendor" / "quotes.json"
MOST_WORDS = 120  # characters: enough to find the sentence, too few to be a copy of the page
HEAD = """# What the vendor's pages say, and which test shows it

{count} statements of {lines} lines. *V3:61* is line 61 of the page of Web API 3.0, with a few of its words; under the
name of an operation its printed sample is meant. A test is a pytest node below `tests/`, with all its parameters. A
sentence that no program can show (prices, brands, advice to people) is not here.

Made from `tests/statements.toml` by `make docs`; a test fails when a named test is gone, the words do not stand in
their line, or this page is stale.
"""


class Statement(NamedTuple):
    """A sentence: `page` (v3 or v2), its 1-based `line`, some of its words, and tests as `file.py::test_name`."""

    page: str
    line: int
    text: str
    tests: tuple[str, ...]

    @property
    def place(self) -> str:
        """`V3:61`."""
        return f"{self.page.upper()}:{self.line}"


def statements() -> list[Statement]:
    """Every row of the data file, in its order."""
    rows = tomllib.loads(SOURCE.read_text("utf-8"))["statement"]
    return [Statement(row["page"], row["line"], row["text"], tuple(row["tests"])) for row in rows]


def problems(rows: Sequence[Statement]) -> list[str]:
    """What is wrong with the rows, in words."""
    quotes: list[dict[str, Any]] = json.loads(QUOTES.read_text("utf-8"))["quotes"]
    said = {(quote["page"], quote["line"]): str(quote["text"]) for quote in quotes}
    found = list(_disorder(rows))
    for row in rows:
        found += _wrong_words(row, said)
        found += [f"{row.place}: tests/{test} does not exist" for test in row.tests if not exists(test)]
        if not row.tests:
            found.append(f"{row.place}: no test shows {row.text!r}")
    return found


def _disorder(rows: Sequence[Statement]) -> Iterator[str]:
    for before, row in itertools.pairwise(rows):
        if (before.page != "v3", before.line) > (row.page != "v3", row.line):
            yield f"{row.place} stands after {before.place}"
    twice = len(rows) - len({row[:3] for row in rows})
    if twice:
        yield f"{twice} rows say what another one says"


def _wrong_words(row: Statement, said: dict[tuple[str, int], str]) -> Iterator[str]:
    line = said.get((row.page, row.line))
    if line is None:
        yield f"{row.place} is not in {QUOTES.name}: run scripts/vendor_quotes.py"
    elif row.text not in line:
        yield f"{row.place} does not say {row.text!r}"
    if len(row.text) > MOST_WORDS:
        yield f"{row.place}: {len(row.text)} characters are quoted, at most {MOST_WORDS}"


def exists(test: str) -> bool:
    """Whether a test of that name stands in that file."""
    file, _, name = test.partition("::")
    return name in _names(ROOT / "tests" / file)


@cache
def _names(path: Path) -> frozenset[str]:
    """Test functions of a file; none where there is no such file."""
    if not path.is_file():
        return frozenset()
    nodes = ast.parse(path.read_text("utf-8")).body
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


def page(rows: Sequence[Statement]) -> str:
    """The whole page."""
    parts = [HEAD.format(count=len(rows), lines=len({row[:2] for row in rows}))]
    for version, title in (("v3", "Web API 3.0"), ("v2", "Web API 2.0")):
        parts.append(f"\n## {title}\n\n| line | words | tests |\n|---|---|---|\n")
        parts += [_row(row) for row in rows if row.page == version]
    return "".join(parts)


def _row(row: Statement) -> str:
    words = row.text.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*")
    tests = "<br>".join(f"`{test}`" for test in row.tests)
    return f"| {row.place} | {words} | {tests} |\n"


def main() -> int:
    """Write the page, or say why not."""
    rows = statements()
    wrong = problems(rows)
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong:
        return 1
    PAGE.write_text(page(rows), "utf-8")
    print(f"wrote {PAGE.name}: {len(rows)} statements")
    return 0


if __name__ == "__main__":
    sys.exit(main())
