"""The examples of the cookbook are written into an empty folder and run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "docs" / "cookbook"
PAGES = sorted(page.name for page in BOOK.glob("*.md"))
_FILE = re.compile(r"^```python file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY = re.compile(r"^```(\w.*)$", re.MULTILINE)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = ("-q", "-p", "no:cacheprovider", "-W", "error")
ALONE = ("-p", "camsim.pytest_plugin", "-p", "anyio.pytest_plugin")  # and no other plugin


def files(page: str) -> dict[str, str]:
    """The files a page shows, by name."""
    return dict(_FILE.findall((BOOK / page).read_text()))


def run(folder: Path, shown: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Write the files and run pytest on them."""
    for name, text in shown.items():
        (folder / name).write_text(text)
    command = [sys.executable, "-m", "pytest", *OPTIONS, *ALONE]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("page", [page for page in PAGES if files(page)])
def test_a_page_passes_its_own_tests(page: str, tmp_path: Path) -> None:
    done = run(tmp_path, files(page))
    assert done.returncode == 0, done.stdout + done.stderr
    tests = sum(text.count("def test_") for text in files(page).values())
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= tests > 0


@pytest.mark.parametrize("page", ["flask.md", "django.md", "fastapi.md", "rest-client.md", "pytest.md"])
def test_every_python_block_of_a_page_is_run(page: str) -> None:
    kinds = _ANY.findall((BOOK / page).read_text())
    assert [kind for kind in kinds if not kind.startswith(("python file=", "console"))] == []


def test_from_a_flask_app_to_a_green_burst_in_ten_lines(tmp_path: Path) -> None:
    """Issue 3: from an empty folder with a Flask app to a green test with an offline burst in at most ten lines."""
    shown = files("pytest.md")
    commands = _CONSOLE.findall((BOOK / "pytest.md").read_text())[0].splitlines()
    lines = [line for line in shown["test_burst.py"].splitlines() if line.strip()]
    assert len(commands) + len(lines) <= 10
    done = run(tmp_path, {name: shown[name] for name in ("app.py", "test_burst.py")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
