"""The wheel: what is in it, and that it works in a fresh environment, away from the checkout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False, **options)
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network and without isolation."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("camsim-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; what it depends on is lent by the present one."""
    folder = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "--quiet"]
    _run(*pip, "--disable-pip-version-check", wheel)
    return folder / "bin" / "camsim"


def _lent() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"}


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_has_three_packages_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/", 1)[0] for name in _names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "camsim",
        "camsim_conformance",
        "camsim_loadtests",
    }
    assert not [
        name for name in _names(wheel) if "/test_" in name and not name.startswith("camsim_conformance/checks/")
    ]


@pytest.mark.parametrize("room", ["schemas", "fixtures"])
def test_schemas_and_fixtures_travel_within_camsim(wheel: Path, room: str) -> None:
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / room).rglob("*.json")}
    assert wanted <= {name.removeprefix("camsim/_data/") for name in _names(wheel)}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        points = archive.read(name).decode()
    assert "camsim = camsim.cli:main" in points
    assert "[pytest11]" in points


def test_the_installed_command_lists_the_operations(installed: Path, tmp_path: Path) -> None:
    result = _run(installed, "operations", "--json", cwd=tmp_path, env=_lent())
    assert len(json.loads(result.stdout)) == 38


def test_the_installed_data_is_the_wheels_own(installed: Path, tmp_path: Path) -> None:
    code = "from camsim import resources; print(resources.path('fixtures', 'register.json'))"
    result = _run(installed.with_name("python"), "-c", code, cwd=tmp_path, env=_lent())
    assert "camsim/_data/fixtures/register.json" in result.stdout
    assert str(ROOT) not in result.stdout


def test_the_installed_simulator_serves_and_stops(installed: Path, tmp_path: Path) -> None:
    flags = ["--port", "0", "--management-port", "0", "--devices", "1", "--latency", "0", "--ready-file", "ready.json"]
    process = subprocess.Popen([installed, "serve", "-q", *flags], cwd=tmp_path, env=_lent(), stderr=subprocess.PIPE)
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
