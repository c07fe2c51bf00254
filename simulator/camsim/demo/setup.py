"""What both demonstrations start with: devices, the receiver as a process, a progress bar."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from camsim.control.devices import DeviceSpec
from camsim.protocol.vocabulary import TemplateType
from camsim.terminal import Terminal

from .day import FACTORY, FRONT, GATE, Report

FACTORY_KEY = "synthetic-key-of-32-characters-1"
DAY_S = 86_400


@contextmanager
def receiver(folder: Path) -> Iterator[Report]:
    """The reference receiver as a process of its own; yields what its ready file says."""
    ready = folder / "receiver.json"
    devices = [f"token={token_of(FRONT)}", f"token={token_of(FACTORY)},key={FACTORY_KEY}", f"token={token_of(GATE)}"]
    words = [sys.executable, "-m", "camsim", "receiver", "--port", "0", "--readback", "--quiet"]
    words += ["--ready-file", str(ready)]
    for device in devices:
        words += ["--device", device]
    # A process of its own, as a customer's server is: the two loops do not wait for each other.
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=dict(os.environ))  # noqa: S603  our own program
    try:
        yield _wait_ready(ready, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait_ready(path: Path, process: subprocess.Popen[bytes]) -> Report:
    deadline = time.monotonic() + 20
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the receiver did not start")
        time.sleep(0.02)
    answer: Report = json.loads(path.read_text())
    return answer


def token_of(stgid: str) -> str:
    """A readable token of 32 characters."""
    return f"DemoTokenOf{stgid}".ljust(32, "x")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, silence elsewhere; yields the function that takes a step."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Terminal(stderr=True), disable=quiet or not sys.stderr.isatty()) as bar:
        task = bar.add_task("starting", total=STEPS)

        def step(what: str) -> None:
            bar.update(task, advance=1, description=what)

        yield step


STEPS = 10


def demo_devices(url: str) -> list[DeviceSpec]:
    """Three models that differ: everything, encrypted, and a gate with cards and fingers alone."""
    front = DeviceSpec(
        id=FRONT,
        model="f38+",
        label="Front door",
        templates=[TemplateType.CARD, TemplateType.PASSWORD, TemplateType.FINGERPRINT],
    )
    factory = DeviceSpec(id=FACTORY, model="f34", label="Factory", security_key=FACTORY_KEY)
    gate = DeviceSpec(id=GATE, model="rsp10f1", label="Gate")
    for spec in (front, factory, gate):
        spec.auth_token, spec.callback_url = token_of(spec.id), url
        spec.licence_start, spec.licence_end = "2020-01-01", "2099-12-31"
    return [front, factory, gate]
