"""A hundred devices with hanging, dripping, flooding, redirecting, resetting, bad-TLS receivers beside good ones."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

GOOD, BAD, PUNCHES, EVERY_S = 20, 100, 60, 0.05
HERE = Path(__file__).parent


def _spawn(name: str) -> tuple[subprocess.Popen[str], Any]:
    process = subprocess.Popen([sys.executable, str(HERE / name)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def _run(good_port: int, bad: dict[str, int]) -> dict[str, Any]:
    """Delays of the good devices' deliveries, ms from punch to ack; attempts at the bad ones by kind; memory."""
    from camsim.control.devices import DeviceSpec
    from camsim.host import Host
    from camsim.settings import Settings

    specs = [DeviceSpec(id="GOOD{:03d}", count=GOOD, users=1, callback_url=f"http://127.0.0.1:{good_port}/")]
    kinds = list(bad)
    for number in range(BAD if bad else 0):
        kind = kinds[number % len(kinds)]
        scheme = "https" if kind == "bad TLS" else "http"
        url = f"{scheme}://127.0.0.1:{bad[kind]}/"
        specs.append(DeviceSpec(id=f"BAD{number:03d}", users=1, callback_url=url))
    host = await Host.start(Settings(devices=specs, knobs={"retry.schedule": [1], "callback.timeout": "2s"}))
    try:
        return await _measured(host.runtime, kinds)
    finally:
        await host.stop()


async def _measured(runtime: Any, kinds: list[str]) -> dict[str, Any]:
    from camsim.control.actions import Punches, PunchSpec

    slots = runtime.kernel.state.devices
    for stgid in slots:
        if stgid.startswith("BAD"):
            await runtime.control(Punches(device=stgid, punches=[PunchSpec(user="1", count=50)]))
    await asyncio.sleep(1)
    before = peak = _memory_mb()
    for _ in range(PUNCHES):
        for stgid in [name for name in slots if name.startswith("GOOD")]:
            await runtime.control(Punches(device=stgid, punches=[PunchSpec(user="1")]))
        await asyncio.sleep(EVERY_S)
        peak = max(peak, _memory_mb())
    deadline = time.monotonic() + 20
    while any(len(slots[n].outbox) for n in slots if n.startswith("GOOD")) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    attempts = dict.fromkeys(kinds, 0)
    for entry in runtime.kernel.state.journal.select(direction="callback"):
        if entry.device.startswith("BAD"):
            attempts[kinds[int(entry.device[3:]) % len(kinds)]] += 1
    return {"delays": _delays(runtime), "attempts": attempts, "grown_mb": peak - before}


def _delays(runtime: Any) -> list[float]:
    records = [r for device, r in runtime.kernel.state.ledger.rows() if device.startswith("GOOD")]
    assert all(record.acknowledged for record in records), "a good device was held up for twenty seconds"
    return [record.first_ack_at - record.recorded_at for record in records]


def measure() -> dict[str, Any]:
    """Median and 99th percentile alone and among bad receivers, what was tried at those, and how much memory grew."""
    import uvloop

    good, port = _spawn("load.py")
    evil, bad = _spawn("bad_receivers.py")
    try:
        alone, among = uvloop.run(_run(port, {})), uvloop.run(_run(port, bad))
    finally:
        for process in (good, evil):
            process.kill()
            process.wait(10)
    return {
        "alone_median_ms": median(alone["delays"]),
        "alone_p99_ms": quantiles(alone["delays"], n=100)[98],
        "among_bad_median_ms": median(among["delays"]),
        "among_bad_p99_ms": quantiles(among["delays"], n=100)[98],
        "delayed_by_ms": median(among["delays"]) - median(alone["delays"]),
        "wanted_at_most_ms": 50,
        "memory_grown_mb": round(among["grown_mb"], 1),
        "attempts": among["attempts"],
    }


if __name__ == "__main__":
    found = measure()
    print("\n".join(f"{key:>22}  {value}" for key, value in found.items()))
    print(json.dumps(found))
