"""The runner of scripts/attack: every script in turn, a line each, 1 when one of them got through."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "scripts" / "attack"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The runner over a folder with an attack that fails, one that gets through, and what both share."""
    spec = importlib.util.spec_from_file_location("attack_runner", FOLDER / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "good.py").write_text("print('at it')\nprint('held: 3 of 3')")
    (tmp_path / "bad.py").write_text("import sys\nprint('got in', file=sys.stderr)\nsys.exit(1)")
    (tmp_path / "_shared.py").write_text("raise SystemExit(1)")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return module


def _run(runner: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["attack", *words])
    return int(runner.main())


def test_one_that_got_through_fails_the_whole(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(runner, monkeypatch) == 1
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown if line.startswith(("held", "BROKE"))] == [
        ["BROKE", "bad"],
        ["held", "good"],
    ]
    assert _run(runner, monkeypatch, "--only", "good", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert (result["held"], result["summary"]) == (True, "held: 3 of 3")


def test_an_attack_that_is_none_is_said(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(runner, monkeypatch, "--only", "nothing")
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "path", [path for path in FOLDER.glob("*.py") if not path.stem.startswith("_")], ids=lambda path: path.stem
)
def test_every_attack_says_what_it_does(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith('"""')
    assert '"--json"' in text
