"""LoadLog over 500,000 punches, plain and encrypted, while another device delivers: how long anybody else waits."""

from __future__ import annotations

import asyncio
import json
import time

import load


async def _run(key: str | None) -> dict[str, float]:
    import aiohttp

    from camsim.cli.serve import tune_collector
    from camsim.control.actions import Punches, PunchSpec
    from camsim.control.devices import DeviceSpec
    from camsim.host import Host
    from camsim.settings import Settings

    loop = asyncio.get_running_loop()
    server = await loop.create_server(load.ConstantServer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    token = "BenchTokenOf32CharactersxxxxxxxX"
    devices = [
        DeviceSpec(id="FULL", users=50, logs=500_000, auth_token=token, security_key=key),
        DeviceSpec(id="LIVE", users=1, callback_url=url),
    ]
    host = await Host.start(Settings(devices=devices, knobs={"rest.latency": 0}))
    tune_collector()
    waits: list[float] = []
    stop = False

    async def live() -> None:
        while not stop:
            began = time.perf_counter()
            before = host.runtime.deliveries
            await host.runtime.control(Punches(device="LIVE", punches=[PunchSpec(user="1")]))
            while host.runtime.deliveries == before:
                await asyncio.sleep(0)
            waits.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.001)

    other = asyncio.create_task(live())
    await asyncio.sleep(0.3)
    idle, began = len(waits), time.perf_counter()
    size = await _load_log(aiohttp, host.gateway_url, token, key)
    took = time.perf_counter() - began
    stop = True
    await other
    await host.stop()
    server.close()
    during = sorted(waits[idle:])
    return {
        "seconds": took,
        "megabytes": size / 1e6,
        "others_median_ms": during[len(during) // 2],
        "others_worst_ms": during[-1],
        "others_idle_median_ms": sorted(waits[:idle])[idle // 2],
    }


async def _load_log(aiohttp: object, gateway: str, token: str, key: str | None) -> int:
    from camsim.protocol.v3 import envelope

    window = {"StartTime": "2000-01-01 00:00:00 GMT +0000", "EndTime": "2090-01-01 00:00:00 GMT +0000"}
    message = {"Load": {"PunchLog": {"Filter": window}}, "OperationID": "bench", "AuthToken": token, "Time": "x"}
    body = envelope.seal_v3(json.dumps(message).encode(), key)
    process = await asyncio.create_subprocess_exec(
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{size_download}",
        "--data-binary",
        body,
        f"{gateway}/?stgid=FULL",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return int(out)


def measure() -> dict[str, dict[str, float]]:
    """Plain and encrypted."""
    return {
        "plain": asyncio.run(_run(None)),
        "encrypted": asyncio.run(_run("bench-security-key-32-characters")),
        "wanted": {"others_worst_ms_below": 50.0},
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
