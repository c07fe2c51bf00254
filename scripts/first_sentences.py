"""Certify receivers with one bug each and print the first sentence of each report: it has to be the bug.

`python scripts/first_sentences.py [BUG ...]`. The receivers, and what has to be said of each, are those of
tests/conformance/receivers/. One whose runtime is missing is skipped, and says so. Exit code 1 when a sentence is
another one.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
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


class SkippedError(RuntimeError):
    """The runtime of a receiver is not installed; the message says which."""


def command(stack: str) -> list[str]:
    """What runs the receiver of a stack. Raises: SkippedError."""
    if stack == "flask":
        if find_spec("flask") is None:
            raise SkippedError("flask is not installed: pip install flask")
        return [sys.executable, str(FOLDER / "flask_receiver.py")]
    node = shutil.which("node")
    if node is None:
        raise SkippedError("node is not installed: apt-get install nodejs")
    return [node, str(FOLDER / "node_receiver.js")]


@contextmanager
def receiver(stack: str, bug: str) -> Iterator[str]:
    """The address of a receiver with this bug. Raises: SkippedError."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    line = [*command(stack), str(port), TOKEN, bug]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
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


def main(names: list[str]) -> int:
    """Print a line for each bug."""
    wrong = 0
    for stack, bugs in known().items():
        for name, row in bugs.items():
            if names and name not in names:
                continue
            try:
                with receiver(stack, name) as address:
                    result = certified(address)
            except SkippedError as error:
                print(f"{stack} {name}: skipped, {error}")
                continue
            sentence = first_sentence(result)
            said = is_said(sentence, row.get("says", ()))
            wrong += not said
            print(f"{stack} {name} ({row['bug']})\n  {'is' if said else 'IS NOT'} said: {sentence or 'nothing'}")
            print(f"  {result.outcome}, {len(result.causes)} causes", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
