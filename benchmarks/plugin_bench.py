"""What the pytest plugin costs: start-up of a pytest without use for it, first use of a fixture, reset each test."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROUNDS, RESETS = 15, 100
CONFTEST = """
import json, time, pytest
setups = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    began = time.perf_counter()
    try:
        return (yield)
    finally:
        setups.append(time.perf_counter() - began)

def pytest_unconfigure():
    open("setups.json", "w").write(json.dumps(setups))
"""
TESTS = f"""
import pytest

@pytest.mark.parametrize("turn", range({RESETS}))
def test_it(cams_gateway, turn):
    cams_gateway.device("SIM1", users=5).punches(user="1", count=5)
"""


def _pytest(folder: Path, *plugins: str) -> float:
    """CPU seconds of a run without other plugins; compiled modules are kept, as on a user's machine."""
    command = [sys.executable, "-m", "pytest", "-q", *(word for name in plugins for word in ("-p", name))]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 5):
        raise RuntimeError(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _start_up(folder: Path) -> float:
    """CPU milliseconds that the plugin adds to a run without tests: the median of paired differences."""
    folder.mkdir()
    _pytest(folder, "camsim.pytest_plugin")
    return median(_pytest(folder, "camsim.pytest_plugin") - _pytest(folder) for _ in range(ROUNDS)) * 1000


def _setups(folder: Path) -> list[float]:
    """Set-up of each test of a run, in seconds."""
    _pytest(folder, "camsim.pytest_plugin")
    setups: list[float] = json.loads((folder / "setups.json").read_text())
    return setups


def measure() -> dict[str, float]:
    """Milliseconds added to start-up, seconds of the first use, milliseconds of a reset."""
    with tempfile.TemporaryDirectory() as name:
        empty, used = Path(name, "empty"), Path(name, "used")
        used.mkdir()
        (used / "conftest.py").write_text(CONFTEST)
        (used / "test_it.py").write_text(TESTS)
        _setups(used)
        runs = [_setups(used) for _ in range(3)]
        added = _start_up(empty)
    return {
        "start_up_added_ms": added,
        "start_up_wanted_below_ms": 20,
        "first_use_s": min(run[0] for run in runs),
        "first_use_wanted_below_s": 0.3,
        "reset_ms": median(cost for run in runs for cost in run[1:]) * 1000,
        "reset_wanted_below_ms": 5,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
