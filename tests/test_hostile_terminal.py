"""Every command that prints what a peer wrote, with a hostile peer: the attack of scripts/attack, in this process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from camsim.cli import joined as cli

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/attack/terminal.py, which runs the same and more as processes."""
    spec = importlib.util.spec_from_file_location("attack_terminal", ROOT / "scripts" / "attack" / "terminal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["attack_terminal"] = module
    spec.loader.exec_module(module)
    if "lint" not in {cli._name(command) for command in cli.app.registered_commands}:
        cli._own()
        cli._join()
    return module


@pytest.mark.parametrize("name", ["control-api", "files"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_nothing_of_a_peer_comes_through(script: ModuleType, name: str) -> None:
    codes: set[int] = set()

    def run(words: Sequence[str]) -> object:
        done = CliRunner().invoke(cli.app, list(words))
        codes.add(done.exit_code)
        crashed = done.exc_info is not None and done.exc_info[0] is not SystemExit
        more = f"Traceback (most recent call last)\n{done.exception!r}" if crashed else ""
        return script.Said(done.exit_code, done.stdout, done.stderr + more)

    assert script.attack(name, run) == []
    assert len(codes) > 1  # they did what they were asked for
