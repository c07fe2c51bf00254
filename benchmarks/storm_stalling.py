"""A receiver that keeps punches once, shows them, and answers nobody for S seconds out of every N: PORT S N."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from aiohttp import web

from simulator.protocol.timestamps import local, parse

STORED: dict[str, set[str]] = {}


async def receive(request: web.Request) -> web.Response:
    """Store, wait while the stall lasts, acknowledge."""
    punch = json.loads(await request.read())["RealTime"]["PunchLog"]
    STORED.setdefault(punch["UserId"], set()).add(local(parse(punch["LogTime"]).epoch_s).replace(" ", "T") + "Z")
    since = (time.monotonic() - request.app["began"]) % request.app["every_s"]
    stalls_at = request.app["every_s"] - request.app["stall_s"]
    if since > stalls_at:
        await asyncio.sleep(request.app["every_s"] - since)
    return web.json_response({"status": "done"})


async def capabilities(request: web.Request) -> web.Response:
    """What is kept."""
    return web.json_response({"time_policy": "instant", "keeps": ["punches"]})


async def punches(request: web.Request) -> web.Response:
    """What is stored."""
    users = request.query.getall("user", [])
    return web.json_response({"punches": [{"user": user, "time": at} for user in users for at in STORED.get(user, ())]})


def main() -> None:
    """Serve until stopped."""
    port, stall_s, every_s = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    app = web.Application()
    app["began"], app["stall_s"], app["every_s"] = time.monotonic(), stall_s, every_s
    app.router.add_post("/callback", receive)
    app.router.add_get("/readback/capabilities", capabilities)
    app.router.add_get("/readback/punches", punches)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
