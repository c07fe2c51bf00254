"""Certify receivers with one bug each and print the first sentence of each report: it has to be the bug.

`python scripts/first_sentences.py [STACK | BUG | STACK/BUG ...]`. The receivers, and what has to be said of each, are
those of tests/conformance/receivers/. Root installs PHP and Express with apt where they are missing. A receiver whose
runtime is missing still is skipped; the last line says so. Exit code 1 when a sentence is another one, 2 for a name
that is none.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "conformance" / "receivers"
TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"  # noqa: S105  the printed sample's
START_S = 15.0
APT_S = 600.0
DEBIAN_MODULES = "/usr/share/nodejs"
PACKAGES = {"php": ("php-cli", "php-sqlite3"), "express": ("nodejs", "node-express")}


class SkippedError(RuntimeError):
    """The runtime of a receiver is not installed; the message says which."""


def command(stack: str, port: int, bug: str) -> list[str]:
    """What runs the receiver of a stack. Raises: SkippedError."""
    if stack == "flask":
        if find_spec("flask") is None:
            raise SkippedError("flask is not installed: pip install flask")
        return [sys.executable, str(FOLDER / "flask_receiver.py"), str(port), TOKEN, bug]
    if stack == "php":
        return [_php(), "-S", f"127.0.0.1:{port}", str(FOLDER / "php_receiver.php")]
    node = shutil.which("node")
    if node is None:
        raise SkippedError("node is not installed: apt-get install nodejs")
    if stack == "express" and not _succeeds([node, "-e", 'require.resolve("express")']):
        raise SkippedError("express is not installed: apt-get install node-express")
    return [node, str(FOLDER / f"{stack}_receiver.js"), str(port), TOKEN, bug]


def _php() -> str:
    php = shutil.which("php")
    if php is None:
        raise SkippedError("php is not installed: apt-get install php-cli php-sqlite3")
    if not _succeeds([php, "-r", 'exit(extension_loaded("pdo_sqlite") ? 0 : 1);']):
        raise SkippedError("php has no SQLite: apt-get install php-sqlite3")
    return php


def _succeeds(line: list[str], limit_s: float = 30.0) -> bool:
    done = subprocess.run(line, env=environment(), capture_output=True, check=False, timeout=limit_s)
    return done.returncode == 0


def environment(**more: str) -> dict[str, str]:
    """The environment of a receiver: Debian's modules of Node are found after those of NODE_PATH."""
    paths = [path for path in (os.environ.get("NODE_PATH"), DEBIAN_MODULES) if path]
    return {**os.environ, "NODE_PATH": os.pathsep.join(paths), **more}


def install(stack: str) -> None:
    """Install with apt what a stack lacks, where that can be done; `command` tells what is missing still."""
    apt = shutil.which("apt-get")
    if stack not in PACKAGES or apt is None or os.geteuid() != 0:
        return
    try:
        command(stack, 0, "none")
    except SkippedError:
        line = [apt, "install", "-y", "--no-install-recommends", *PACKAGES[stack]]
        # A fresh image has no lists of packages: the first try fails there.
        if not _succeeds(line, APT_S) and _succeeds([apt, "update"], APT_S):
            _succeeds(line, APT_S)


@contextmanager
def receiver(stack: str, bug: str) -> Iterator[str]:
    """The address of a receiver with this bug. Raises: SkippedError."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    line = command(stack, port, bug)
    with tempfile.TemporaryDirectory() as folder:
        told = environment(TOKEN=TOKEN, BUG=bug, STORE=str(Path(folder) / "store.db"))  # what PHP reads
        with subprocess.Popen(line, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(port, process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the receiver does not listen on port {port}")


def certified(address: str, globs: tuple[str, ...] = ("*",), settle_s: float = 1.0) -> Result:
    """The result of a run against a receiver, of all requirements or of some."""
    profile = Profile(
        f"{address}/callback",
        (Device(TOKEN),),
        Protocol.V3,
        parse_features("core,user-data,photo", Protocol.V3, None),
        readback=f"{address}/readback",
        globs=globs,
        settle_s=settle_s,
    )
    record = Session(profile).run()
    return conclude(record, judge_all(record.observed()))


def first_sentence(result: Result) -> str:
    """What the report says first; empty when it finds fault with nothing."""
    for cause in result.causes:
        return f"{cause.level}: {cause.sentence}"
    return ""


def known() -> dict[str, dict[str, dict[str, str | list[str]]]]:
    """The table of bugs, by stack and name."""
    return tomllib.loads((FOLDER / "bugs.toml").read_text("utf-8"))


def is_said(sentence: str, says: Iterable[str]) -> bool:
    """Whether a sentence holds all of it; of a right receiver nothing is said."""
    patterns = list(says)
    if not patterns:
        return not sentence
    return all(re.search(pattern, sentence) for pattern in patterns)


def chosen(names: list[str]) -> list[tuple[str, str]]:
    """The stacks and bugs that are meant by these names; all of them by none. Raises: ValueError."""
    rows = [(stack, bug) for stack, bugs in known().items() for bug in bugs]
    for name in names:
        if not any(name in (stack, bug, f"{stack}/{bug}") for stack, bug in rows):
            raise ValueError(f"{name!r} is no stack, no bug and no STACK/BUG of bugs.toml")
    if not names:
        return rows
    return [(stack, bug) for stack, bug in rows if {stack, bug, f"{stack}/{bug}"} & set(names)]


def told(stack: str, name: str) -> bool:
    """Print the line of a bug; whether it is said. Raises: SkippedError."""
    row = known()[stack][name]
    with receiver(stack, name) as address:
        result = certified(address)
    sentence = first_sentence(result)
    said = is_said(sentence, row.get("says", ()))
    print(f"{stack} {name} ({row['bug']})\n  {'is' if said else 'IS NOT'} said: {sentence or 'nothing'}")
    print(f"  {result.outcome}, {len(result.causes)} causes", flush=True)
    return said


def main(names: list[str]) -> int:
    """Print a line for each bug, and how many there were."""
    try:
        rows = chosen(names)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    right, skipped = 0, dict[str, str]()
    for stack in dict.fromkeys(stack for stack, _ in rows):
        install(stack)
    for stack, name in rows:
        try:
            right += told(stack, name)
        except SkippedError as error:
            print(f"{stack} {name}: skipped, {error}")
            skipped[f"{stack}/{name}"] = str(error)
    wrong = len(rows) - right - len(skipped)
    why = "; ".join(dict.fromkeys(skipped.values()))
    print(f"{right} as they should be, {wrong} not, {len(skipped)} skipped{f' ({why})' if why else ''}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
