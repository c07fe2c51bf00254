"""Targets of the storm benchmarks, each a process of its own on loopback: nginx, the reference receivers, PHP."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
NGINX_CONF = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 128k;
  client_max_body_size 16m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{{"status":"done"}}'; }}
  }}
}}
"""


class SkippedError(RuntimeError):
    """This part cannot be measured here; the message says why."""


def pinned(cores: set[int] | None) -> Callable[[], None] | None:
    """For `preexec_fn`: keep a process on these cores, where the system can."""
    if cores is None or not hasattr(os, "sched_setaffinity"):
        return None
    return lambda: os.sched_setaffinity(0, cores)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installed(program: str, package: str) -> str:
    """The path of a program, installed from Debian's packages if that is allowed. Raises: SkippedError."""
    if (found := shutil.which(program)) or (found := shutil.which(program, path="/usr/sbin")):
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SkippedError(f"{program} is not installed and this user may not install it: apt-get install {package}")
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (found := shutil.which(program) or shutil.which(program, path="/usr/sbin")):
        raise SkippedError(f"{package} could not be installed: {done.stderr.strip().splitlines()[-1:]}")
    return found


@contextlib.contextmanager
def running(command: list[str], port: int, cores: set[int] | None = None, **environment: str) -> Iterator[int]:
    """A server process until the block ends; gives its process id. Raises: SkippedError when it does not listen."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=pinned(cores),
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        _await(process, port, command)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def _await(process: subprocess.Popen[bytes], port: int, command: list[str]) -> None:
    until = time.monotonic() + 15
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > until:
            raise SkippedError(f"{command[0]} did not begin to listen")
        time.sleep(0.05)


@contextlib.contextmanager
def nginx(cores: set[int] | None = None) -> Iterator[tuple[str, int]]:
    """nginx that answers {"status":"done"} to everything: its URL and process id."""
    program, port = installed("nginx", "nginx-light"), free_port()
    with tempfile.TemporaryDirectory(prefix="storm-nginx-") as folder:
        conf = Path(folder) / "nginx.conf"
        conf.write_text(NGINX_CONF.format(folder=folder, port=port))
        with running([program, "-c", str(conf), "-e", f"{folder}/error.log"], port, cores) as pid:
            yield f"http://127.0.0.1:{port}/callback", pid


@contextlib.contextmanager
def reference(kind: str) -> Iterator[tuple[str, str]]:
    """A reference receiver: callback URL and read-back URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="storm-receiver-") as folder:
        serve = f"""
import threading
from camsim.receiver.running import start
start({kind!r}, {port}, readback=True, db={str(Path(folder) / "punches.db")!r})
threading.Event().wait()
"""
        with running([sys.executable, "-c", serve], port):
            yield f"http://127.0.0.1:{port}/callback", f"http://127.0.0.1:{port}/readback"


@contextlib.contextmanager
def php(workers: int = 4) -> Iterator[tuple[str, str]]:
    """benchmarks/storm_receiver.php under PHP's own server: callback URL and read-back URL."""
    program, port = installed("php", "php-cli"), free_port()
    modules = subprocess.run([program, "-m"], capture_output=True, text=True, check=True).stdout
    if "pdo_sqlite" not in modules:
        raise SkippedError("PHP has no pdo_sqlite: apt-get install php-sqlite3")
    with tempfile.TemporaryDirectory(prefix="storm-php-") as folder:
        command = [program, "-S", f"127.0.0.1:{port}", str(HERE / "storm_receiver.php")]
        with running(command, port, PHP_CLI_SERVER_WORKERS=str(workers), STORM_DB=f"{folder}/punches.db"):
            yield f"http://127.0.0.1:{port}/callback", f"http://127.0.0.1:{port}/readback"


@contextlib.contextmanager
def faulty(stall_s: float = 0, every_s: float = 3600, lose_every: int = 0) -> Iterator[tuple[str, str]]:
    """A receiver with read-back that stalls, or loses one punch in `lose_every` after it acknowledged it."""
    port = free_port()
    options = [str(port), str(stall_s), str(every_s), str(lose_every)]
    with running([sys.executable, str(HERE / "storm_faulty.py"), *options], port):
        yield f"http://127.0.0.1:{port}/callback", f"http://127.0.0.1:{port}/readback"
