"""What many devices cost: one event of the kernel at 100, 10,000 and 100,000 devices, and `serve` until it is ready.

The kernels live in processes of their own and take turns, a short stretch each, so that a busy machine meets them all
alike; the figures are processor time. An event is a punch that is told or a `done` that acknowledges it. A device of a
large site is made when somebody first takes it: `first_us` is an event there, the others come to devices that are made.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

SIZES, ROUNDS, STRETCH, PUNCHES = (100, 10_000, 100_000), 100, 500, 20_000
START_MS = 1_767_225_600_000
URL = "http://127.0.0.1:9/callback"
DONE = b'{"status":"done"}'


def _kernel(size: int):  # type: ignore[no-untyped-def]
    from camsim.control.actions import AddDevices
    from camsim.control.devices import DeviceSpec
    from camsim.engine import new_kernel

    kernel = new_kernel()
    spec = DeviceSpec(id="SIM{:06d}", count=size, users=1, callback_url=URL)
    kernel.handle(AddDevices(devices=[spec]), START_MS)
    return kernel


def _worker(size: int) -> None:
    """Answers each line on its input with the processor nanoseconds an event took, over a stretch of punches."""
    from camsim.cli.serve import tune_collector
    from camsim.control.actions import Punches, PunchSpec
    from camsim.kernel.events import Answered

    before, began = _rss_mb(), time.process_time()
    kernel = _kernel(size)
    tune_collector()
    print(json.dumps({"made_s": time.process_time() - began, "rss_mb": _rss_mb() - before}), flush=True)
    order = list(kernel.state.devices)
    random.Random(1).shuffle(order)
    devices, now = itertools.cycle(order), START_MS
    spec = [PunchSpec(user="1")]
    for line in sys.stdin:
        count = int(line)
        began = time.process_time_ns()
        for _ in range(count):
            now += 10
            (send,) = kernel.handle(Punches(device=next(devices), punches=spec), now)
            kernel.handle(Answered(send.device, send.delivery, send.attempt, 200, DONE), now)
        print((time.process_time_ns() - began) / max(1, 2 * count), flush=True)


def _rss_mb(pid: int | str = "self") -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class _Kernel:
    """A worker for one size."""

    def __init__(self, size: int) -> None:
        self.size, self.first_us = size, 0.0
        words = [sys.executable, __file__, "--worker", str(size)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.made: dict[str, float] = json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def stretch(self, punches: int) -> float:
        """Microseconds an event."""
        assert self._process.stdin is not None
        print(punches, file=self._process.stdin, flush=True)
        return float(self._line()) / 1000

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def _events() -> dict[str, float]:
    kernels = {size: _Kernel(size) for size in SIZES}
    found: dict[str, float] = {}
    try:
        for kernel in kernels.values():
            kernel.first_us = kernel.stretch(kernel.size)  # each device once: what is made at the first use is made
            kernel.stretch(max(0, PUNCHES - kernel.size))
        rounds = [{size: kernel.stretch(STRETCH) for size, kernel in kernels.items()} for _ in range(ROUNDS)]
    finally:
        for kernel in kernels.values():
            kernel.end()
    for size, kernel in kernels.items():
        found[f"first_us_at_{size}"] = kernel.first_us
        found[f"event_us_at_{size}"] = median(costs[size] for costs in rounds)
        found[f"ratio_at_{size}"] = median(costs[size] / costs[SIZES[0]] for costs in rounds)
        found[f"bytes_a_device_at_{size}"] = kernel.made["rss_mb"] * 1e6 / size
    return found


def _serve(size: int) -> dict[str, float]:
    """A start without a state file."""
    with tempfile.TemporaryDirectory() as folder:
        return _start(size, Path(folder))


def _serve_with_state(size: int) -> dict[str, dict[str, float]]:
    """A start with a new state file, and one that goes on from it."""
    with tempfile.TemporaryDirectory() as folder:
        more = ["--state", str(Path(folder) / "state.db")]
        return {"new": _start(size, Path(folder), *more), "again": _start(size, Path(folder), *more)}


def _start(size: int, folder: Path, *more: str) -> dict[str, float]:
    """Seconds until `serve` is ready, its processor seconds, and what it holds then."""
    ready = folder / "ready.json"
    words = ["serve", "--devices", str(size), "--users", "1", "--port", "0", "--management-port", "0", *more]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "camsim", *words, "--ready-file", str(ready), "-q"])
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError("serve ended before it was ready")
            time.sleep(0.005)
        took = time.perf_counter() - began
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        cpu, rss = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), _rss_mb(process.pid)
    finally:
        process.terminate()
        process.wait(30)
    return {"ready_s": took, "ready_cpu_s": cpu, "rss_mb": rss}


def measure() -> dict[str, object]:
    """Cost of an event by number of devices, and of a start."""
    return {
        **_events(),
        "ratio_wanted_below": 1.2,
        "serve_100000": _serve(100_000),
        "serve_1": _serve(1),
        "serve_100000_state": _serve_with_state(100_000),
        "ready_wanted_below_s": 4,
        "rss_wanted_below_mb": 150,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        _worker(int(sys.argv[2]))
    else:
        print(json.dumps(measure(), indent=1))
