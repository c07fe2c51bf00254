"""The scripts that use tools of npm: without npm they say so and are skipped; what a tool finds is not passed over."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is where the scripts find each other."""
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def no_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without npm."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("no_npm")
def test_newman_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import newman

    monkeypatch.setattr(sys, "argv", ["newman.py"])
    assert newman.main() == 0
    assert "skipped: npm and node are not installed" in capsys.readouterr().out


@pytest.mark.usefixtures("no_npm")
def test_a_linter_is_skipped_and_the_validator_in_python_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import openapi_lint

    few = [check for check in openapi_lint.CHECKS if check[0] == "openapi"]
    monkeypatch.setattr(openapi_lint, "CHECKS", few)
    assert openapi_lint.main() == 0
    told = capsys.readouterr().out
    assert "openapi, openapi-spec-validator: 0 problems" in told
    assert "openapi, redocly: skipped: npm and node are not installed" in told


def test_an_npm_that_cannot_install_is_no_skip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import npm_tools

    for name in ("npm", "node"):
        (tmp_path / name).write_text("#!/bin/sh\necho E404 no such package >&2\nexit 1\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(npm_tools, "FOLDER", tmp_path / "tools")
    with pytest.raises(npm_tools.NpmError, match="E404"):
        npm_tools.install("newman", "0.0.0")


def test_a_failed_test_of_the_collection_is_told_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import newman

    failure = {
        "source": {"name": "#29 DeleteUser"},
        "error": {"test": "StatusCode is 0", "message": "expected 9 to be 0"},
    }
    stats = {"requests": {"total": 38}, "assertions": {"total": 133}}
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"run": {"stats": stats, "failures": [failure]}}))
    assert newman._run(["true"], tmp_path / "collection.json", {}, report, "documented, run 1") == 1
    assert "#29 DeleteUser: StatusCode is 0 expected 9 to be 0" in capsys.readouterr().out
