"""Signals: a command that starts ends at once and cleanly, one that runs in order, and each as often as they come."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from camsim import ending

SERVE = ["serve", "--port", "0", "--management-port", "0", "--quiet"]
COMMANDS = {
    "serve": (SERVE, signal.SIGTERM),
    "serve, closed terminal": ([*SERVE, "--devices", "20000"], signal.SIGHUP),
    "receiver": (["receiver", "--port", "0", "--quiet"], signal.SIGINT),
    "demo": (["demo"], signal.SIGTERM),
    "scenario": (["scenario", "run", "offline-weekend"], signal.SIGINT),
}


def _started(words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "camsim", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _has_handlers(process: subprocess.Popen[str]) -> bool:
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc whether the command has begun")
def test_a_signal_while_a_command_starts_ends_it_without_a_trace() -> None:
    running = {name: (_started(words), number) for name, (words, number) in COMMANDS.items()}
    for pause, (process, number) in enumerate(running.values()):
        until = time.monotonic() + 30
        while not _has_handlers(process) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(0.03 * pause)
        process.send_signal(number)
        process.send_signal(number)
    for name, (process, _) in running.items():
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 130), (name, said)
        assert said == "", name


def test_a_running_gateway_ends_in_order_however_often_it_is_told(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    process = _started([*SERVE, "--ready-file", str(ready)])
    until = time.monotonic() + 60
    while not ready.exists() and time.monotonic() < until:
        time.sleep(0.02)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGTERM):
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode in (0, 130), said) == (True, "")  # 130: told once more when all was put in order
    assert not ready.exists()


def _interrupted(closed: list[bool]) -> None:
    with ending.interrupting():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)  # hurries nothing
            signal.raise_signal(signal.SIGHUP)
            closed.append(True)


def test_an_interruption_is_one_however_many_signals_say_it() -> None:
    closed: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(closed)
    assert closed == [True]


def test_what_hears_signals_gives_them_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    told: list[int] = []
    with ending.heard(lambda: told.append(1)):
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGINT)
    assert told == [1, 1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_closed_terminal_is_no_matter_to_what_runs_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending.heard(lambda: pytest.fail("heard")):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_leaves_signals_alone() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with ending.heard(lambda: None), ending.interrupting():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
