"""A receiver that keeps punches once and shows them, with two faults: PORT S N L.

It answers nobody for S seconds out of every N, and loses one punch in L after it acknowledged it (0: none).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time

from aiohttp import web

from camsim.protocol.timestamps import local, parse

STORED: dict[str, set[str]] = {}


async def receive(request: web.Request) -> web.Response:
    """Store, wait while the stall lasts, acknowledge."""
    punch = json.loads(await request.read())["RealTime"]["PunchLog"]
    at = local(parse(punch["LogTime"]).epoch_s).replace(" ", "T") + "Z"
    if not _lost(request.app):
        STORED.setdefault(punch["UserId"], set()).add(at)
    since = (time.monotonic() - request.app["began"]) % request.app["every_s"]
    stalls_at = request.app["every_s"] - request.app["stall_s"]
    if since > stalls_at:
        await asyncio.sleep(request.app["every_s"] - since)
    return web.json_response({"status": "done"})


def _lost(app: web.Application) -> bool:
    number = next(app["numbers"])
    return bool(app["lose_every"]) and number % app["lose_every"] == 0


async def capabilities(request: web.Request) -> web.Response:
    """What is kept."""
    return web.json_response({"time_policy": "instant", "keeps": ["punches"]})


async def punches(request: web.Request) -> web.Response:
    """What is stored."""
    users = request.query.getall("user", [])
    return web.json_response({"punches": [{"user": user, "time": at} for user in users for at in STORED.get(user, ())]})


def main() -> None:
    """Serve until stopped."""
    port, stall_s, every_s, lose_every = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    app = web.Application()
    app["began"], app["stall_s"], app["every_s"] = time.monotonic(), stall_s, every_s
    app["lose_every"], app["numbers"] = lose_every, itertools.count(1)
    app.router.add_post("/callback", receive)
    app.router.add_get("/readback/capabilities", capabilities)
    app.router.add_get("/readback/punches", punches)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
