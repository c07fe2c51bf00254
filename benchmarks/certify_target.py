"""A right target that answers after a while and stores at once: `python certify_target.py DELAY_MS KIND DB`; prints its
URLs as JSON and serves until its standard input ends."""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

from camsim.receiver import start
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Reply

TOKENS = ("COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs", "QPvh2PJWWDLX7OuKsCOJJ7eiiPBGUfmI")


class Delayed(Policy):
    """The reference, with some seconds before each answer."""

    def __init__(self, delay_s: float) -> None:
        super().__init__()
        self._delay_s = delay_s

    async def send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        """As the reference, later."""
        await asyncio.sleep(self._delay_s)
        return await super().send(request, reply)


def main(delay_ms: str, kind: str = "memory", db: str = ":memory:") -> None:
    """Serve until standard input ends."""
    policy = Delayed(float(delay_ms) / 1000) if kind == "memory" else None
    with start(kind, tokens=TOKENS, broken=policy, db=db) as running:
        print(json.dumps({"url": running.url, "readback": running.readback_url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
