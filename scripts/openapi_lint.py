"""Lint the exported documents with what their readers use: redocly's recommended rules, and AsyncAPI's own parser.

    python scripts/openapi_lint.py

openapi and control-openapi go through openapi-spec-validator and redocly, asyncapi through redocly and AsyncAPI's
parser. A warning counts as much as an error. The tools come from npm into build/npm. Exit: 0 clean, or skipped because
npm is not there (the reason is printed); 1 a document is not clean; 3 npm could not install a tool, or none answered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from npm_tools import NpmError, SkippedError, install, script
from openapi_spec_validator import OpenAPIV31SpecValidator

REDOCLY, PARSER = ("@redocly/cli", "2.77.0"), ("@asyncapi/parser", "3.6.6")
LIMIT_S = 120
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
PARSE = """
const { Parser } = require('@asyncapi/parser');
const text = require('fs').readFileSync(process.argv[1], 'utf8');
new Parser().parse(text).then(({ diagnostics }) => console.log(JSON.stringify(
  diagnostics.map((found) => `${found.path.join('/')}: ${found.message} (${found.code})`))));
"""


def by_validator(document: Path) -> list[str]:
    """What openapi-spec-validator finds."""
    found = OpenAPIV31SpecValidator(json.loads(document.read_text())).iter_errors()
    return [f"{'/'.join(map(str, problem.absolute_path))}: {problem.message[:200]}" for problem in found]


def by_redocly(document: Path) -> list[str]:
    """What redocly's recommended rules find, errors and warnings."""
    lint = ["lint", "--extends", "recommended", "--format", "json", "--max-problems", "1000", document.name]
    answer = _answer([*script(install(*REDOCLY), "redocly"), *lint], document.parent)
    return [_shown(problem) for problem in answer["problems"]]


def _shown(problem: dict[str, Any]) -> str:
    return f"{problem['location'][0].get('pointer', '')}: {problem['message']} ({problem['ruleId']})"


def by_parser(document: Path) -> list[str]:
    """What AsyncAPI's parser finds."""
    modules = install(*PARSER) / "node_modules"
    return list(_answer(["node", "-e", PARSE, str(document)], document.parent, NODE_PATH=str(modules)))


def _answer(command: list[str], folder: Path, **environment: str) -> Any:
    """What a tool prints as JSON. Raises: NpmError when it prints none."""
    given = {**os.environ, **QUIET, **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=folder, env=given)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise NpmError(f"{Path(command[0]).name} did not answer: {done.stderr.strip()[-500:]}") from None


CHECKS: tuple[tuple[str, str, Callable[[Path], list[str]]], ...] = (
    ("openapi", "openapi-spec-validator", by_validator),
    ("openapi", "redocly", by_redocly),
    ("control-openapi", "openapi-spec-validator", by_validator),
    ("control-openapi", "redocly", by_redocly),
    ("asyncapi", "redocly", by_redocly),
    ("asyncapi", "@asyncapi/parser", by_parser),
)


def main() -> int:
    """Lint, and say what was found."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="camsim-lint-") as folder:
        for name, tool, check in CHECKS:
            document = Path(folder) / f"{name}.json"
            exported = subprocess.run([sys.executable, "-m", "camsim", "export", name], capture_output=True, check=True)
            document.write_bytes(exported.stdout)
            try:
                found = check(document)
            except SkippedError as reason:
                print(f"{name}, {tool}: skipped: {reason}")
                continue
            except NpmError as problem:
                print(f"{name}, {tool}: {problem}", file=sys.stderr)
                return 3
            print(f"{name}, {tool}: {len(found)} problems")
            for text in found[:50]:
                print(f"  {text}")
            wrong += len(found)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
