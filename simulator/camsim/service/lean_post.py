"""POSTs after the first one to an origin: over aiohttp's connections and parser, without the objects it makes for each.

aiohttp's request and answer cost more than everything that the gateway does for a callback. The first request to an
origin goes the usual way and is kept; what it wrote as its head is written again, with another path and length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from camsim.kernel.events import Answered

from .transport_faults import MAX_ANSWER

_NO_LIMITS = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)


MOST_ROUTES = 1_000  # a request is kept with its body; beyond that many origins the others go the usual way


class OversizeError(Exception):
    """The answer is longer than is read."""


class Route:
    """What a request to an origin with a Content-Type was, and how others are made like it."""

    def __init__(self, request: aiohttp.ClientRequest) -> None:
        self._request = request
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if name != "Content-Length")
        # aiohttp writes the length last, behind what it was given and what it adds itself.
        self._headers = f" HTTP/1.1\r\n{headers}Content-Length: ".encode()

    async def post(self, connector: aiohttp.BaseConnector, url: URL, body: bytes, answered: Answered) -> None:
        """Send, and fill in what was answered. Raises: as aiohttp; OversizeError."""
        connection = await connector.connect(self._request, [], _NO_LIMITS)
        try:
            protocol: Any = connection.protocol
            protocol.set_response_params(read_until_eof=True)
            path = url.raw_path_qs.encode()
            protocol.transport.write(b"POST %s%s%d\r\n\r\n%s" % (path, self._headers, len(body), body))
            message, payload = await self._answer(protocol)
            answered.status = message.code
            answered.content_type = message.headers.get("Content-Type", "")
            answered.body = await limited(message.headers, payload)
        except BaseException:
            connection.close()
            raise
        connection.release()

    async def _answer(self, protocol: Any) -> tuple[Any, aiohttp.StreamReader]:
        """Head and body of the answer that counts, behind interim ones."""
        while True:
            try:
                message, payload = await protocol.read()
            except HttpProcessingError as problem:
                raise aiohttp.ClientResponseError(
                    self._request.request_info,
                    (),
                    status=problem.code,
                    message=problem.message,
                    headers=problem.headers,
                ) from problem
            if not 100 <= message.code <= 199 or message.code == 101:
                return message, payload


def remembering(keep: Callable[[aiohttp.ClientRequest], None]) -> type[aiohttp.ClientRequest]:
    """A kind of request that is kept when it is sent."""

    class Kept(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            keep(self)
            return await super().send(conn)

    return Kept


async def limited(headers: Any, content: aiohttp.StreamReader) -> bytes:
    """At most 64 kB of an answer; the rest is not read. Raises: OversizeError."""
    length = headers.get("Content-Length")
    if length is not None and int(length) <= MAX_ANSWER and "Content-Encoding" not in headers:
        return await content.read()
    parts, size = [], 0
    async for part in content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            raise OversizeError(f"the answer is longer than {MAX_ANSWER} bytes")
    return b"".join(parts)
