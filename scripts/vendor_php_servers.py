"""What the vendor's PHP demo runs on: Debian's PHP and a MariaDB of its own, on loopback and without privileges.

Used by scripts/vendor_php_demo.py. Everything started here is stopped when its block ends.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

PACKAGES = {
    "php": "php-cli",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "mariadb": "mariadb-client",
}
SYSTEM_PATHS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
ACCOUNT = "mysql"  # made by Debian's package; only root changes to it, anybody else simply stays who they are
READY_S = 60.0
SOCKET, PHP_LOG = "db.sock", "php.log"


class SkippedError(RuntimeError):
    """The demo cannot be judged here; the message says why and the way out."""


# --- what is needed ---------------------------------------------------------------------------------------------------


def needs(*, install: bool) -> None:
    """True after the call: PHP with pdo_mysql, MariaDB and PyMySQL are there. Raises: SkippedError."""
    if importlib.util.find_spec("pymysql") is None:
        raise SkippedError("PyMySQL is missing, the read-back needs it: python -m pip install pymysql")
    missing = [package for name, package in PACKAGES.items() if program(name) is None]
    if program("php") is None or not _php_speaks_mysql():
        missing.append("php-mysql")
    if missing:
        _install(sorted(set(missing)), allowed=install)


def program(name: str) -> str | None:
    """The path of a program, or None."""
    return shutil.which(name, path=SYSTEM_PATHS)


def _php_speaks_mysql() -> bool:
    done = subprocess.run([program("php") or "php", "-m"], capture_output=True, text=True, check=False)
    return "pdo_mysql" in done.stdout.split()


def _install(packages: Sequence[str], *, allowed: bool) -> None:
    names = " ".join(packages)
    if not allowed or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SkippedError(f"not installed, and this run may not install it: apt-get install {names}")
    print(f"installing {names} from Debian's packages ...", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode or not _php_speaks_mysql():
        raise SkippedError(f"apt-get install {names} did not work: {done.stderr.strip()[-300:] or done.returncode}")


# --- the servers ------------------------------------------------------------------------------------------------------


def _unprivileged() -> dict[str, Any]:
    return {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}


def handed_over(*paths: Path) -> None:
    """The servers may read and write these."""
    for path in paths if os.geteuid() == 0 else ():
        shutil.chown(path, ACCOUNT, ACCOUNT)


@contextlib.contextmanager
def running(command: Sequence[str], log: Path, ready: Callable[[], bool]) -> Iterator[None]:
    """A server until the block ends, once `ready` is true. Raises: SkippedError with the end of its log."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=log.parent, **_unprivileged()
        )
        try:
            _await(process, ready, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(READY_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + READY_S
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise SkippedError(f"{process.args!s} did not start: {log.read_text('utf-8', 'replace')[-600:]}")
        time.sleep(0.05)


@contextlib.contextmanager
def mariadb(folder: Path) -> Iterator[Path]:
    """The socket of a MariaDB of its own with an empty data directory and no network. Raises: SkippedError."""
    data, server = folder / "data", folder / SOCKET
    make = [program("mariadb-install-db") or "", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    make.append("--auth-root-authentication-method=normal")
    done = subprocess.run(make, capture_output=True, text=True, check=False, cwd=folder, **_unprivileged())
    if done.returncode:
        raise SkippedError(f"mariadb-install-db: {(done.stderr or done.stdout).strip()[-600:]}")
    command = [program("mariadbd") or "", "--no-defaults", f"--datadir={data}", f"--socket={server}"]
    command += ["--skip-networking", f"--pid-file={folder / 'db.pid'}", "--innodb-buffer-pool-size=64M"]
    with running(command, folder / "mariadb.log", lambda: _answers(socket.AF_UNIX, str(server))):
        yield server


def _answers(family: socket.AddressFamily, address: Any) -> bool:
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def run_sql(server: Path, sql: str) -> None:
    """The statements were run as the server's root. Raises: SkippedError."""
    client = [program("mariadb") or "", "--no-defaults", f"--socket={server}", "-u", "root"]
    done = subprocess.run(client, input=sql, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SkippedError(f"mariadb: {done.stderr.strip()}")


@contextlib.contextmanager
def php(folder: Path, timezone: str) -> Iterator[str]:
    """The address of the files of `folder`, served by `php -S`. Raises: SkippedError."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [program("php") or "", "-d", f"date.timezone={timezone}", "-S", f"127.0.0.1:{port}", "-t", str(folder)]
    with running(command, folder.parent / PHP_LOG, lambda: _answers(socket.AF_INET, ("127.0.0.1", port))):
        yield f"http://127.0.0.1:{port}"
