"""Ends an asyncio server without losing hold of a connection that is just arriving."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import web

_ACCEPT_TURNS = 5  # of the loop, from a connection's arrival until the server knows it


async def stop_application(runner: web.AppRunner) -> None:
    """Stop listening, then close every connection, those included that were being accepted."""
    await stop_accepting(getattr(site, "_server", None) for site in runner.sites)
    await runner.cleanup()


async def stop_accepting(servers: Iterable[asyncio.AbstractServer | None]) -> None:
    """No connection is accepted from now on, and those that were are known to their server.

    CPython's servers drop a connection that is being accepted while they close, and its socket stays open.
    """
    loop = asyncio.get_running_loop()
    for server in servers:
        for listening in getattr(server, "sockets", ()):
            loop.remove_reader(listening.fileno())
    for _ in range(_ACCEPT_TURNS):
        await asyncio.sleep(0)
