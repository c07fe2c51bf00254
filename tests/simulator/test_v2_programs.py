"""v2 from the command line: serve, punch, receiver and demo as programs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wire_v2 import form, message

CAMSIM = [sys.executable, "-m", "camsim"]
TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"


@contextmanager
def program(ready: Path, *words: str) -> Iterator[Any]:
    """A program that serves until it is told to stop; yields what its ready file says."""
    process = subprocess.Popen([*CAMSIM, *words, "--quiet", "--ready-file", str(ready)])
    try:
        deadline = time.monotonic() + 20
        while not ready.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield json.loads(ready.read_text())
    finally:
        process.terminate()
        assert process.wait(10) == 0


def fetched(url: str, body: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, body, timeout=10) as answer:
        return json.loads(answer.read())


def test_serve_punch_and_receiver_speak_v2_together(tmp_path: Path) -> None:
    token = ["--auth-token", TOKEN]
    with (
        program(tmp_path / "inbox", "receiver", "--port", "0", "--readback", *token) as inbox,
        program(
            *(tmp_path / "sim", "serve", "--protocol", "v2", "--port", "0", "--management-port", "0", *token),
            *("--callback-url", inbox["url"], "--clock", "auto"),
        ) as sim,
    ):
        punch = [*CAMSIM, "punch", "SIM00001", "--user", "2", "--type", "None", "--url", sim["management_url"]]
        assert subprocess.run(punch, capture_output=True, timeout=30).returncode == 0
        load = message("LoadPunchLog", "", {"StartTime": "0", "EndTime": "9999999999", "OffSet": ""}, tag="SIM00001")
        answer = fetched(sim["gateway_url"] + "/external/api2.0/biometric", form(load))
        deadline = time.monotonic() + 10
        while not (stored := fetched(inbox["readback_url"] + "/punches?user=2")["punches"]):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    row = answer["OperationData"]["Punch"][0]
    assert (row["UserID"], row["AttendanceType"]) == ("2", "None")
    assert [punch["user"] for punch in stored] == ["2"]


def test_the_demo_of_v2_shows_every_operation_acknowledged() -> None:
    words = [*CAMSIM, "demo", "--protocol", "v2", "--people", "5", "--json"]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)

    report = json.loads(done.stdout)
    assert (done.returncode, report["problems"]) == (0, [])
    assert len(report["operations"]) == 15
    assert all(row["sent"] == row["acknowledged"] > 0 for row in report["operations"])
