"""A small receiver with read-back that misbehaves as a test says, and a way to run storms as people do."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from camsim.protocol.timestamps import local, parse

ROOT = Path(__file__).parents[2]
STORM_LIMIT_S = 60


@dataclass
class Act:
    """What the receiver does with one callback."""

    store: int = 1
    status: int = 200
    text: str = '{"status":"done"}'
    wait_s: float = 0.0


@dataclass
class Receiver:
    """Keeps a punch once by user and time, unless `behave` says otherwise; the first callback has number 0."""

    behave: Callable[[int, dict[str, Any]], Act]
    shows: Callable[[str, Counter[str]], Counter[str]] = lambda user, times: times
    bodies: list[bytes] = field(default_factory=list)
    stored: dict[str, Counter[str]] = field(default_factory=dict)
    began: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    server: ThreadingHTTPServer | None = None

    @property
    def origin(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/callback"

    @property
    def readback(self) -> str:
        return f"{self.origin}/readback"

    def forget(self) -> None:
        """As if nothing had ever come."""
        with self.lock:
            self.bodies.clear()
            self.stored.clear()

    def receive(self, body: bytes) -> Act:
        message = json.loads(body)
        with self.lock:
            act = self.behave(len(self.bodies), message)
            self.bodies.append(body)
        if act.wait_s:
            time.sleep(act.wait_s)
        with self.lock:
            self._store(message["RealTime"].get("PunchLog"), act.store)
        return act

    def _store(self, punch: dict[str, Any] | None, count: int) -> None:
        if punch is not None and count:
            when = local(parse(punch["LogTime"]).epoch_s).replace(" ", "T") + "Z"
            times = self.stored.setdefault(punch["UserId"], Counter())
            times[when] = max(times[when], count)

    def show(self, users: list[str]) -> list[dict[str, str]]:
        with self.lock:
            found = {user: self.shows(user, self.stored.get(user, Counter())) for user in users}
        return [{"user": user, "time": when} for user, times in found.items() for when in times.elements()]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        act = self.receiver.receive(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(act.status, act.text)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/readback/capabilities":
            self._answer(200, '{"time_policy":"instant","keeps":["punches"]}')
        else:
            self._answer(200, json.dumps({"punches": self.receiver.show(parse_qs(parts.query)["user"])}))

    def _answer(self, status: int, text: str) -> None:
        # One write: two would wait for each other (Nagle and delayed acknowledgements).
        data = text.encode()
        head = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        self.wfile.write(head.encode() + data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A driver that hangs up is no error of the receiver's."""


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Starts receivers; `receiver(behave)` with `behave(number, message) -> Act`."""
    running: list[Receiver] = []

    def start(behave: Callable[[int, dict[str, Any]], Act] = lambda number, message: Act(), **knobs: Any) -> Receiver:
        made = Receiver(behave, **knobs)
        handler = type("Handler", (_Handler,), {"receiver": made})
        made.server, made.began = _Server(("127.0.0.1", 0), handler), time.monotonic()
        threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(made)
        return made

    yield start
    for made in running:
        assert made.server is not None
        made.server.shutdown()
        made.server.server_close()


@dataclass
class Ran:
    """A storm that ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def document(self) -> dict[str, Any]:
        """storm.json."""
        return dict(json.loads((self.folder / "storm.json").read_text()))


@pytest.fixture
def storm(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`storm(receiver or url, *options)` runs one to its end; `wait=False` gives the process and the folder instead.

    `tries`: repeat a run that could not judge, where the verdict is what is tested.
    """
    started: list[subprocess.Popen[str]] = []

    def run(target: Receiver | str, *options: str, wait: bool = True) -> Any:
        if isinstance(target, Receiver):
            target.forget()
        url = target if isinstance(target, str) else target.url
        folder = tmp_path / f"out{len(started)}"
        common = ["--devices", "10", "--rate", "50", "--duration", "1s", "--drain-limit", "2s", "--retry", "100ms"]
        where = ["--out", str(folder)] if url else []
        process = subprocess.Popen(
            [sys.executable, "-m", "camsim_loadtests", *([url] if url else []), *common, *where, *options],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        if not wait:
            return process, folder
        out, err = process.communicate(timeout=STORM_LIMIT_S)
        return Ran(process.returncode, out, err, folder)

    def judged(target: Receiver | str, *options: str, tries: int = 1, **knobs: Any) -> Any:
        # On a busy machine the driver may be late by itself; such a run says that it judges nothing.
        for _ in range(tries):
            ran = run(target, *options, **knobs)
            if not isinstance(ran, Ran) or ran.code != 3:
                break
        return ran

    yield judged
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=10)


@pytest.fixture
def act() -> type[Act]:
    """What a receiver does with a callback."""
    return Act


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
