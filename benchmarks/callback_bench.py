"""Callbacks to a constant receiver against a bare aiohttp client loop posting the same bytes: the ratio."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

DEVICES, EACH, ROUNDS = 50, 200, 5


async def _ours(port: int, state: str | None = None) -> tuple[float, list[list[bytes]]]:
    """Deliveries a second of a gateway that finds its callbacks queued, and the bytes it sent."""
    from camsim.cli.serve import tune_collector
    from camsim.control.actions import Punches, PunchSpec, Uplink
    from camsim.control.devices import DeviceSpec
    from camsim.host import Host
    from camsim.settings import Settings

    url = f"http://127.0.0.1:{port}/callback"
    settings = Settings(
        devices=[DeviceSpec(count=DEVICES, users=1, callback_url=url)], state=Path(state) if state else None
    )
    host = await Host.start(settings)
    runtime = host.runtime
    tune_collector()
    await runtime.control(Uplink(up=False))
    for stgid in list(runtime.kernel.state.devices):
        await runtime.control(Punches(device=stgid, punches=[PunchSpec(user="1", count=EACH, every="1s")]))
    bodies = [[delivery.body for delivery in slot.outbox.waiting()] for slot in runtime.kernel.state.devices.values()]
    began = time.perf_counter()
    await runtime.control(Uplink(up=True))
    while any(len(slot.outbox) for slot in runtime.kernel.state.devices.values()):
        await asyncio.sleep(0.005)
    took = time.perf_counter() - began
    assert runtime.kernel.state.ledger.summary()["acknowledged"] == DEVICES * EACH
    await host.stop()
    return DEVICES * EACH / took, bodies


async def _bare(port: int, bodies: list[list[bytes]]) -> float:
    import aiohttp

    url = f"http://127.0.0.1:{port}/callback"
    headers = {"Content-Type": "application/json"}

    async def one(session: aiohttp.ClientSession, mine: list[bytes]) -> None:
        for body in mine:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                assert json.loads(await response.read())["status"] == "done"

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        began = time.perf_counter()
        await asyncio.gather(*(one(session, mine) for mine in bodies))
        took = time.perf_counter() - began
    return sum(map(len, bodies)) / took


def measure() -> dict[str, float]:
    """Rates of both and the median of the paired ratios."""
    import uvloop

    receiver = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("load.py"))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        pairs = []
        for _ in range(ROUNDS):
            ours, bodies = uvloop.run(_ours(port))
            pairs.append((ours, uvloop.run(_bare(port, bodies))))
    finally:
        receiver.terminate()
        receiver.wait(10)
    return {
        "camsim_per_s": median(a for a, _ in pairs),
        "bare_per_s": median(b for _, b in pairs),
        "ratio": median(a / b for a, b in pairs),
        "wanted": 0.9,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
