"""An HTTP answer that is complete: one write, without the header machinery that a growing answer needs."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

from aiohttp import HttpVersion11, web

PATIENCE_S = 60.0
_date: tuple[int, bytes] = (0, b"")


def _now() -> bytes:
    """The Date header's value, made once a second."""
    global _date  # a cache of one
    second = int(time.time())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True).encode())
    return _date[1]


def fits(request: web.BaseRequest) -> bool:
    """True for HTTP/1.1 on a connection that stays open; anything else needs aiohttp's own answer."""
    return request.version == HttpVersion11 and request.keep_alive


class Whole(web.StreamResponse):
    """A 200 with a JSON body."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._whole = body
        self._request: web.BaseRequest | None = None

    @property
    def keep_alive(self) -> bool:
        """The connection stays open."""
        return True

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing to negotiate."""
        self._request = request

    async def write_eof(self, data: bytes = b"") -> None:
        """Write head and body in one piece."""
        request = self._request
        if request is None or request.transport is None:
            return
        body = self._whole
        request.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nDate: %s\r\n\r\n%s"
            % (len(body), _now(), body)
        )
        if request.protocol.writing_paused:  # a client that asks and does not read: memory must not hold its answers
            await drained(request)


async def drained(request: web.BaseRequest) -> None:
    """Wait until the client has read; the connection goes when it does not."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await request.writer.drain()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
