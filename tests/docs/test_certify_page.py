"""docs/certify.md: its example finds what it shows, its tables are fresh, its links and commands exist."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from camsim.receiver import start
from camsim_conformance.command import app
from camsim_conformance.mutants import MUTANTS, policy

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "certify.md").read_text("utf-8")
TOKEN = "t" * 32
_BLOCK = re.compile(r"^```console\n\$ camsim (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_certify_page", ROOT / "scripts" / "make_certify_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_finds_what_the_page_shows() -> None:
    (receiver, _), (certify, shown) = _BLOCK.findall(PAGE)
    broken = re.search(r"--broken (\S+)", receiver)
    assert broken is not None
    assert broken[1] in MUTANTS
    with start(tokens=[TOKEN], broken=policy(broken[1])) as running:
        words = shlex.split(certify.replace("http://127.0.0.1:8123", f"http://127.0.0.1:{running.port}"))
        done = subprocess.run(
            [sys.executable, "-m", "camsim_conformance", *words],
            env={**os.environ, "CAMSIM_AUTH_TOKEN": TOKEN, "COLUMNS": "1000"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1, done.stdout + done.stderr
    lines = shown.splitlines()
    assert len(lines) == 4
    assert [line for line in lines if line not in done.stdout] == [], done.stdout


def test_the_made_tables_are_fresh(generator: ModuleType) -> None:
    assert generator.page(PAGE) == PAGE


def test_a_run_stays_small(generator: ModuleType) -> None:
    """The figures of the page are those of the plan, and a plain run is no storm."""
    rows = re.findall(r"^\| (v[23]) \| core \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    assert {protocol for protocol, *_ in rows} == {"v3", "v2"}
    assert all(int(cases) < int(requests) < 1500 for _, cases, requests in rows)


def test_the_options_of_the_page_exist() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--broken"}
    shown = CliRunner().invoke(app, ["certify", "--help"], env={"COLUMNS": "200"}).stdout
    assert len(named) > 6
    assert [option for option in sorted(named) if f"{option} " not in shown] == []


def test_files_that_the_page_links_are_there() -> None:
    linked = {target.split("#")[0] for target in re.findall(r"\]\(([^)#]+)", PAGE)}
    assert [target for target in linked if not (ROOT / "docs" / target).exists()] == []
