"""Make or verify fixtures/vendor/quotes.json: the cited lines of the vendor's pages, and each page's sha256.

    python scripts/vendor_quotes.py --v3 PAGE --v2 PAGE            make it again
    python scripts/vendor_quotes.py --v3 PAGE --v2 PAGE --check    compare, change nothing; exit 1 when stale

A citation is an object with `page` ("v3" or "v2") and `line` (1-based), or a text such as "V3:61, 1166", anywhere in
fixtures/vendor/citations.json, fixtures/register.json, fixtures/vectors/, schemas/, tests/statements.toml and the
requirements of camsim_conformance. Every cited line is kept whole; the pages themselves are not shipped. A quoted text
beside a citation must stand in that line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
QUOTES = ROOT / "fixtures" / "vendor" / "quotes.json"
SOURCES = (
    "fixtures/vendor/citations.json",
    "fixtures/register.json",
    "fixtures/vectors/*.json",
    "schemas/**/*.json",
    "conformance/camsim_conformance/requirements/*.toml",
    "tests/statements.toml",
)
_TEXT = re.compile(r"\bV([23]):([0-9]+(?:, ?[0-9]+)*)")


def citations_in(value: Any) -> Iterator[tuple[str, int, str | None]]:
    """Every (page, line, quoted text or None) inside a parsed document."""
    if isinstance(value, dict):
        if value.get("page") in ("v2", "v3") and isinstance(value.get("line"), int):
            text = value.get("text", value.get("quote"))
            yield value["page"], value["line"], text if isinstance(text, str) else None
        for inner in value.values():
            yield from citations_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from citations_in(inner)
    elif isinstance(value, str):
        for page, numbers in _TEXT.findall(value):
            yield from ((f"v{page}", int(number), None) for number in numbers.split(","))


def citing_files() -> list[Path]:
    """The documents that cite the pages."""
    return sorted(file for pattern in SOURCES for file in ROOT.glob(pattern))


def parse(file: Path) -> Any:
    """A JSON or TOML document."""
    text = file.read_text("utf-8")
    return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)


def collect() -> dict[tuple[str, int], list[tuple[str, str]]]:
    """Cited (page, line) with the texts quoted from it and the file that quotes."""
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for file in citing_files():
        for page, line, text in citations_in(parse(file)):
            texts = found.setdefault((page, line), [])
            if text is not None:
                texts.append((text, file.relative_to(ROOT).as_posix()))
    return found


def make(pages: dict[str, Path]) -> tuple[dict[str, Any], list[str]]:
    """The document and what is wrong with the citations."""
    raw = {page: path.read_bytes() for page, path in pages.items()}
    lines = {page: data.decode("utf-8").split("\n") for page, data in raw.items()}
    quotes, problems = [], []
    for (page, number), texts in sorted(collect().items(), key=lambda item: (item[0][0] != "v3", item[0])):
        if page not in lines or not 1 <= number <= len(lines[page]):
            problems.append(f"{page}:{number} is cited, but that page has no such line")
            continue
        line = lines[page][number - 1]
        quotes.append({"page": page, "line": number, "text": line})
        problems += [
            f"{page}:{number} does not say {text!r} (quoted in {file})" for text, file in texts if text not in line
        ]
    head = {
        page: {"sha256": hashlib.sha256(raw[page]).hexdigest(), "lines": raw[page].count(b"\n") + 1}
        for page in sorted(raw)
    }
    return {"pages": head, "quotes": quotes}, problems


def render(document: dict[str, Any]) -> str:
    """One quote a line, so that a change of one citation is one line of a diff."""
    head = json.dumps(document["pages"], indent=1)
    rows = ",\n".join("  " + json.dumps(quote, ensure_ascii=False) for quote in document["quotes"])
    return f'{{\n "pages": {head},\n "quotes": [\n{rows}\n ]\n}}\n'


def main(arguments: list[str] | None = None) -> int:
    """0 made or verified, 1 stale or misquoted, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--v3", type=Path, required=True, metavar="PAGE", help="text of the Web API 3.0 page")
    parser.add_argument("--v2", type=Path, required=True, metavar="PAGE", help="text of the Web API 2.0 page")
    parser.add_argument("--check", action="store_true", help="compare with quotes.json and change nothing")
    options = parser.parse_args(arguments)
    pages = {"v3": options.v3, "v2": options.v2}
    missing = [str(path) for path in pages.values() if not path.is_file()]
    if missing:
        print(f"no such page: {', '.join(missing)}", file=sys.stderr)
        return 2
    document, problems = make(pages)
    text = render(document)
    if options.check and (not QUOTES.is_file() or QUOTES.read_text("utf-8") != text):
        problems.append(f"{QUOTES.relative_to(ROOT)} is stale: run this script without --check")
    if not options.check and not problems:
        QUOTES.write_text(text, "utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(document['quotes'])} lines cited, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
