"""Run Locust as a process of its own (it patches whatever imports it) and follow its progress."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

import msgspec

from camsim.secrecy import without_credentials
from camsim.shown import for_terminal
from camsim_loadtests.plan.settings import Settings

from .collector import PROGRESS_FILE, Progress, RawResult, read_progress, read_raw

LOCUSTFILE = Path(__file__).parents[1] / "locustfile.py"
LOG_FILE = "locust.log"
LOCUST_PORT = 5557
SETTINGS_VARIABLE, FOLDER_VARIABLE, LAUNCH_VARIABLE = "CAMSIM_STORM", "CAMSIM_STORM_DIR", "CAMSIM_STORM_LAUNCHED"
LIFE_VARIABLE = "CAMSIM_STORM_LIFE"  # a pipe that nobody writes to: it ends when the command does, however that ends
_POLL_S = 0.1
_STOP_S = 10.0

Watcher = Callable[[Progress], None]


class LocustError(RuntimeError):
    """Locust ended without a result; the message holds the end of its log."""


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """Who drives: one process, several on this machine, or workers of other machines."""

    processes: int = 1
    master: bool = False
    expect_workers: int = 1
    master_port: int = 0  # 0: Locust's own for workers of other machines, a free one on this machine

    @property
    def count(self) -> int:
        """How many workers share the storm."""
        return self.expect_workers if self.master else self.processes

    def options(self) -> list[str]:
        """Locust's own options for it."""
        if self.master:
            port = str(self.master_port or LOCUST_PORT)
            return ["--master", "--expect-workers", str(self.expect_workers), "--master-bind-port", port]
        if self.processes > 1:
            port = str(self.master_port or _free_port())
            return ["--processes", str(self.processes), "--master-bind-port", port, "--master-port", port]
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(settings: Settings, workers: Workers, folder: Path, watcher: Watcher) -> RawResult:
    """The raw result of a storm; `folder` receives Locust's log. Raises: LocustError."""
    log = folder / LOG_FILE
    try:
        with log.open("wb") as sink, _stoppable(), _started(settings, workers, folder, sink) as process:
            for line in _progress(process, folder / PROGRESS_FILE):
                watcher(read_progress(line))
    except KeyboardInterrupt:
        if not (folder / PROGRESS_FILE).exists():
            raise  # it had not begun
        raise LocustError("interrupted: the storm was stopped before its end") from None
    raw = read_raw(folder)
    if raw is None:
        raise LocustError(f"Locust ended with code {process.returncode} and no result:\n{_tail(log)}")
    return raw


def become_worker(master_host: str, master_port: int, processes: int) -> NoReturn:
    """Become one or more workers of a storm on another machine, until its master ends it."""
    options = ["--worker", "--master-host", master_host, "--master-port", str(master_port or LOCUST_PORT)]
    if processes > 1:
        options += ["--processes", str(processes)]
    os.execve(sys.executable, [*_locust(), *options], dict(os.environ))  # noqa: S606  our own locustfile


def _locust() -> list[str]:
    return [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"]


@contextlib.contextmanager
def _started(settings: Settings, workers: Workers, folder: Path, sink: BinaryIO) -> Iterator[subprocess.Popen[bytes]]:
    life, held = os.pipe()
    # By the environment: the command line of a process, with the token in it, is everybody's to read.
    environment = {
        **os.environ,
        SETTINGS_VARIABLE: msgspec.json.encode(settings).decode(),
        FOLDER_VARIABLE: str(folder),
        LAUNCH_VARIABLE: str(time.time()),
        LIFE_VARIABLE: str(life),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(LOCUSTFILE.parents[1]), os.environ.get("PYTHONPATH", "")])),
    }
    command = [*_locust(), "--host", without_credentials(settings.url), *workers.options()]
    try:
        # A session of its own, so that Locust and its workers can be ended together.
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True,
            pass_fds=(life,),
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                _end(process)
    finally:
        # Workers whose master was killed see this end.
        os.close(life)
        os.close(held)


def _end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    # Workers may outlive their master.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _progress(process: subprocess.Popen[bytes], file: Path) -> Iterator[bytes]:
    position = 0
    while True:
        # Asked before the file is read: what was written before the end is then seen as well.
        ended = process.poll() is not None
        if file.exists():
            with file.open("rb") as lines:
                lines.seek(position)
                for line in lines:
                    if line.endswith(b"\n"):
                        position += len(line)
                        yield line
        if ended:
            return
        time.sleep(_POLL_S)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the storm as Ctrl-C does: Locust is stopped too, and nothing stays behind."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tail(log: Path) -> str:
    # Signs before each: what a peer wrote must not look like a line of ours.
    return "\n".join(f"  | {for_terminal(line)}" for line in log.read_text(errors="replace").splitlines()[-15:])
