"""EnableUser at zero latency against a bare aiohttp handler that parses and answers JSON; ratio, side by side."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import load

SECONDS, ROUNDS, CONNECTIONS = 3.0, 5, 32
BARE = """
import json, sys
import uvloop
from aiohttp import web
async def handle(request):
    message = await request.json()
    return web.json_response({"Status": "done", "OperationID": message["OperationID"], "StatusCode": 0})
async def start():
    app = web.Application(); app.router.add_post("/external/api3.0/biometric", handle)
    runner = web.AppRunner(app, access_log=None); await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0); await site.start()
    print(runner.addresses[0][1], flush=True)
    import asyncio; await asyncio.Event().wait()
uvloop.run(start())
"""


def _requests(token: str) -> list[bytes]:
    bodies = []
    for number in range(1000):
        message = {
            "Update": {"User": {"UserID": "1", "Access": "enable"}},
            "OperationID": f"bench{number:06d}",
            "AuthToken": token,
            "Time": "2020-09-17 11:09:09 GMT +0530",
        }
        bodies.append(load.post("/external/api3.0/biometric?stgid=SIM00001", json.dumps(message).encode()))
    return bodies


def measure() -> dict[str, float]:
    """Rates of both and the median of the paired ratios."""
    token = "BenchTokenOf32CharactersxxxxxxxX"
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        words = ["--port", "0", "--management-port", "0", "--latency", "0", "--auth-token", token]
        words += ["--ready-file", str(ready), "-q"]
        ours = subprocess.Popen([sys.executable, "-m", "camsim", "serve", *words])
        bare = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True)
        try:
            assert bare.stdout is not None
            bare_port = int(bare.stdout.readline())
            while not ready.exists():
                time.sleep(0.05)
            our_port = int(json.loads(ready.read_text())["gateway_url"].rsplit(":", 1)[1])
            requests = _requests(token)
            pairs = []
            for _ in range(ROUNDS):
                a = asyncio.run(load.requests_per_second("127.0.0.1", our_port, requests, CONNECTIONS, SECONDS))
                b = asyncio.run(load.requests_per_second("127.0.0.1", bare_port, requests, CONNECTIONS, SECONDS))
                pairs.append((a, b))
        finally:
            for process in (ours, bare):
                process.terminate()
                process.wait(10)
    return {
        "camsim_per_s": median(a for a, _ in pairs),
        "bare_per_s": median(b for _, b in pairs),
        "ratio": median(a / b for a, b in pairs),
        "wanted": 0.6,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
