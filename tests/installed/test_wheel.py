"""The wheel: what is in it, and that it works in a fresh environment, away from the checkout."""

from __future__ import annotations

import json
import signal
import subprocess
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from environments import ENV, ROOT, build, run

# Where the files of the checkout stand in the wheel.
PLACES = {
    "simulator/camsim": "camsim",
    "conformance/camsim_conformance": "camsim_conformance",
    "loadtests/camsim_loadtests": "camsim_loadtests",
    "schemas": "camsim/_data/schemas",
    "fixtures": "camsim/_data/fixtures",
}


def _files(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT / folder)) for path in found}


def test_the_wheel_has_every_file_of_three_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {f"{place}/{name}" for folder, place in PLACES.items() for name in _files(folder)}
    assert {"camsim/py.typed", "camsim_conformance/requirements/v3.toml", "camsim/_data/fixtures/register.json"} < names


def test_no_test_of_ours_travels(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tests = [name for name in archive.namelist() if "/test_" in name]
    assert [name for name in tests if not name.startswith("camsim_conformance/checks/")] == []


def test_the_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build(tmp_path, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (folder for folder in tmp_path.iterdir() if folder.is_dir())
    assert {path.name for path in unpacked.iterdir()} >= {"Makefile", "constraints.txt", "tests", "docs"}
    again = build(tmp_path / "again", "wheel", unpacked)
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        points = archive.read(name).decode()
    assert "camsim = camsim.cli:main" in points
    assert "[pytest11]" in points


def test_the_installed_command_lists_the_operations(installed: Path, tmp_path: Path) -> None:
    result = run(installed, "operations", "--json", cwd=tmp_path)
    assert len(json.loads(result.stdout)) == 38


def test_the_installed_data_is_the_wheels_own(installed: Path, tmp_path: Path) -> None:
    code = "from camsim import resources; print(resources.path('fixtures', 'register.json'))"
    result = run(installed.with_name("python"), "-c", code, cwd=tmp_path)
    assert "camsim/_data/fixtures/register.json" in result.stdout
    assert str(ROOT) not in result.stdout


def test_the_installed_simulator_serves_and_stops(installed: Path, tmp_path: Path) -> None:
    flags = ["--port", "0", "--management-port", "0", "--devices", "1", "--latency", "0", "--ready-file", "ready.json"]
    process = subprocess.Popen([installed, "serve", "-q", *flags], cwd=tmp_path, env=ENV, stderr=subprocess.PIPE)
    try:
        ready = _ready(tmp_path / "ready.json", process)
        (device,) = ready["devices"]
        message = {"Load": {"DeviceInformation": "All"}, "OperationID": "o", "AuthToken": device["auth_token"]}
        url = f"{ready['gateway_url']}/external/api3.0/biometric?stgid={device['stgid']}"
        with urlopen(Request(url, json.dumps(message).encode(), {"Content-Type": "application/json"})) as answer:
            assert json.load(answer)["StatusCode"] == 0
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, b"")
    finally:
        process.kill()
        process.communicate()


def _ready(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    until = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    ready: dict[str, Any] = json.loads(path.read_text())
    return ready
