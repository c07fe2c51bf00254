"""`pytest --pyargs camsim_conformance.checks` gives the same verdicts and exit codes as certify."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN
from test_commands import camsim

from camsim.receiver import Running, start
from camsim_conformance.mutants import policy

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [str(ROOT / folder) for folder in ("simulator", "conformance", "loadtests")]
ENV = {"PYTHONPATH": os.pathsep.join(PACKAGES), "PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def checks(folder: Path, *words: object, plugin: bool = True) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:locust", "-p", "no:schemathesis"]
    line += ["--rootdir", str(folder), "--pyargs", "camsim_conformance.checks"]
    # In an installation the entry point loads it; a bare checkout names it.
    line += ["-p", "camsim_conformance.pytest_entry"] if plugin else []
    return subprocess.run([*line, *map(str, words)], cwd=folder, env=ENV, capture_output=True, text=True, check=False)


def verdicts(out: Path) -> dict[str, Any]:
    document = json.loads((out / "result.json").read_text())
    cases = {case["id"]: (case["ack"], case["state"]) for row in document["requirements"] for case in row["cases"]}
    return {"grade": document["grade"], "outcome": document["outcome"], **cases}


@pytest.mark.parametrize(("broken", "asked"), [(None, "CB-A*"), ("no-dedupe", "CB-DUP-00[1-5]")])
def test_both_forms_give_the_same_verdicts_and_exit_code(tmp_path: Path, broken: str | None, asked: str) -> None:
    with start(tokens=[TOKEN], broken=policy(broken) if broken else None) as made:
        common = (
            "--auth-token",
            TOKEN,
            "--readback",
            made.readback_url,
            "--settle",
            "200ms",
            "--deadline",
            "2s",
            "--rate",
            "300",
            "--in-flight",
            "8",
            "--device",
            "serial=ZHM1100000007,stgid=DOOR7",
            "--features",
            "core,user-data",
            "--requirement",
            asked,
        )
        one = camsim("certify", made.url, *common, "--out", tmp_path / "a")
        other = checks(tmp_path, "--callback-url", made.url, *common, "--out", tmp_path / "b")
    assert (one.exit_code, other.returncode) == ((1, 1) if broken else (0, 0)), other.stdout[-2000:]
    assert verdicts(tmp_path / "a") == verdicts(tmp_path / "b")


def test_k_sends_and_judges_only_what_it_chooses(tmp_path: Path, receiver: Running) -> None:
    done = checks(
        tmp_path, "--callback-url", receiver.url, "--auth-token", TOKEN, "--out", tmp_path / "out", "-k", "raw_json"
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout[-2000:]
    assert verdicts(tmp_path / "out")["grade"] == "none"
    assert receiver.counts()["punch"] == 2  # the preflight and the case


def test_the_exit_codes_are_those_of_certify(tmp_path: Path, receiver: Running) -> None:
    common = ("--auth-token", TOKEN, "--requirement", "CB-WIRE-001")
    assert checks(tmp_path, "--callback-url", "http://127.0.0.1:9/", *common).returncode == 3
    assert checks(tmp_path, "--callback-url", "http://93.184.216.34/", *common).returncode == 4


def test_without_a_url_it_says_what_is_missing(tmp_path: Path) -> None:
    done = checks(tmp_path, "--auth-token", TOKEN)
    assert (done.returncode, "--callback-url" in done.stdout + done.stderr) == (2, True)


def test_other_peoples_pytest_does_not_know_its_options(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    line = [sys.executable, "-m", "pytest", "-p", "camsim_conformance.pytest_entry", "--help"]
    shown = subprocess.run(line, cwd=tmp_path, env=ENV, capture_output=True, text=True, check=False).stdout
    assert "--callback-url" not in shown
