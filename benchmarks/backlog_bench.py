"""A receiver down for 24 virtual hours: real seconds until the backlog of 1,000 devices has drained, in order."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

DEVICES, PUNCHES, DOWN_S = 1000, 5, 86_400


async def _run() -> dict[str, Any]:
    from camsim.control.actions import Punches, PunchSpec
    from camsim.control.devices import DeviceSpec
    from camsim.host import Host
    from camsim.scenarios.receiver import ScenarioReceiver, behaviour_of
    from camsim.settings import Settings

    receiver = ScenarioReceiver()
    await receiver.start()
    await receiver.behave(behaviour_of("down"))
    spec = DeviceSpec(count=DEVICES, users=1, callback_url=receiver.url)
    host = await Host.start(Settings(devices=[spec], clock="manual"))
    runtime = host.runtime
    for stgid in runtime.kernel.state.devices:
        await runtime.control(Punches(device=stgid, punches=[PunchSpec(user="1", count=PUNCHES, every="1m")]))
    began = time.perf_counter()
    await runtime.advance(DOWN_S)
    down = time.perf_counter()
    attempts = runtime.deliveries
    await receiver.behave(behaviour_of("done"))
    await runtime.set_clock("auto")
    while any(len(slot.outbox) for slot in runtime.kernel.state.devices.values()):
        await asyncio.sleep(0.005)
    drained = time.perf_counter()
    summary = runtime.kernel.state.ledger.summary()
    await host.stop()
    await receiver.stop()
    return {
        "devices": DEVICES,
        "failed_attempts": attempts,
        "down_24h_in_s": down - began,
        "drained_in_s": drained - down,
        "acknowledged": summary["acknowledged"],
        "reordered": summary["reordered"],
        "lost": summary["lost"] + summary["waiting"],
    }


def measure() -> dict[str, Any]:
    """Real seconds for the outage and for the drain; what became of the punches."""
    import uvloop

    return uvloop.run(_run())


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
