"""`camsim receiver` as a process: ready file, lines, signals, errors; and the texts of its options."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from camsim.receiver import devices, variants

KEY = "0123456789abcdefghijklmnopqrstuv"
RUN = (sys.executable, "-c", "import typer; from camsim.cli.receiver import receiver; typer.run(receiver)")
TIME = "2020-09-17 07:48:22 GMT +0530"
GOOD = json.dumps({"RealTime": {"AuthToken": "t", "PunchLog": {"UserId": "1", "LogTime": TIME}}}).encode()


@contextlib.contextmanager
def running(tmp_path: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    ready = tmp_path / "ready.json"
    command = [*RUN, "--port", "0", "--ready-file", str(ready), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        until = time.monotonic() + 30
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        try:
            yield process, json.loads(ready.read_text())
        finally:
            process.kill()


def fail(*options: str) -> tuple[int, str]:
    done = subprocess.run([*RUN, *options], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_it_receives_until_sigterm_and_exits_0(tmp_path: Path, kind: str) -> None:
    with running(tmp_path, "--kind", kind, "--auth-token", "t") as (process, told):
        with urllib.request.urlopen(told["url"], GOOD, timeout=10) as answer:
            assert json.loads(answer.read()) == {"status": "done"}
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    assert (process.returncode, "v3  200  punch" in output) == (0, True)


def test_a_database_file_survives_a_restart(tmp_path: Path) -> None:
    options = ("--kind", "sqlite", "--db", str(tmp_path / "kept.db"), "--readback", "--quiet")
    with running(tmp_path, *options) as (_, told), urllib.request.urlopen(told["url"], GOOD, timeout=10) as answer:
        assert answer.status == 200
    (tmp_path / "ready.json").unlink()
    with running(tmp_path, *options) as (_, told):
        page = urllib.request.urlopen(told["readback_url"] + "/punches?user=1", timeout=10)
        assert json.loads(page.read())["punches"][0]["time"] == "2020-09-17T02:18:22Z"
        page.close()


def test_json_prints_one_object_a_callback(tmp_path: Path) -> None:
    with running(tmp_path, "--json") as (process, told):
        urllib.request.urlopen(told["url"], GOOD, timeout=10).close()
        process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in process.communicate(timeout=10)[0].splitlines()]
    assert (lines[0]["pid"], lines[1]) == (told["pid"], {"version": "v3", "status": 200, "what": "punch kept"})


def test_a_port_in_use_is_named_and_exits_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, said = fail("--port", str(other.getsockname()[1]))
    assert (code, "choose another --port" in said, "Traceback" in said) == (2, True, False)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("--broken", "no-such"), "no-such"),
        (("--broken", "a", "--benign", "b"), "exclude"),
        (("--kind", "sqlite", "--broken", "ack-text"), "--kind memory"),
        (("--security-key", "short"), "32"),
        (("--auth-token", ""), "--auth-token is empty"),
        (("--device", "label=x"), "token="),
        (("--kind", "sqlite", "--db", "/nonexistent/x.db"), "--db"),
    ],
)
def test_a_wrong_option_says_the_way_out_and_exits_2(options: tuple[str, ...], hint: str) -> None:
    code, said = fail("--port", "0", *options)
    assert (code, hint in said, "Traceback" in said) == (2, True, False)


@pytest.mark.parametrize(("text", "minutes"), [("330", 330), ("+0530", 330), ("-03:30", -210), ("840", 840), ("0", 0)])
def test_an_offset_is_read_in_minutes_or_as_a_zone(text: str, minutes: int) -> None:
    assert devices.parse_minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "x", "1500", "99999", "+1530"])
def test_an_offset_beyond_any_zone_is_refused(text: str) -> None:
    with pytest.raises(devices.DeviceTextError, match=r"offset"):
        devices.parse_minutes(text)


def test_a_device_text_is_read_whole() -> None:
    read = devices.parse_device(f"token=a=b,key={KEY},label=Gate,stgid=S1,offset=-0330")
    assert read == devices.KnownDevice("a=b", KEY, "Gate", "S1", -210)


class Fake:
    """An entry point that offers one variant."""

    MUTANTS: dict[str, Any] = {"bad": type("Row", (), {"title": "does wrong"})}  # noqa: RUF012
    BENIGN: dict[str, Any] = {}  # noqa: RUF012

    def load(self) -> Fake:
        return self

    def policy(self, name: str) -> Any:
        return f"policy {name}"


def test_variants_are_found_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "entry_points", lambda group: [Fake()] if group == "camsim.mutants" else [])
    assert (str(variants.policy("bad")), variants.titles()["broken"]) == ("policy bad", {"bad": "does wrong"})
    with pytest.raises(variants.VariantError, match="--list-broken"):
        variants.policy("other")


def test_without_an_installed_suite_there_are_no_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "entry_points", lambda group: [])
    with pytest.raises(variants.VariantError, match="conformance"):
        variants.policy("bad")
