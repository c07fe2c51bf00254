"""Kept connections: which of them are used again, and what it means when one of them ends without an answer."""

from __future__ import annotations

import asyncio
import select
import time
from contextvars import ContextVar
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

# A server that gives up an idle connection does so after seconds; the news and our request can only cross each other
# on the wire for some milliseconds.
IDLE_S = 1.0
CROSSING_S = 0.02


@dataclass(slots=True)
class Try:
    """One try to send a request: `reused` and `idle_s` tell of the connection that it got, and `begin` when."""

    begin: float = 0.0
    reused: bool = False
    idle_s: float = 0.0
    transport: asyncio.Transport | None = None


class Keeper(aiohttp.TCPConnector):
    """A pool that never hands out a connection that the target has closed, and tells the current try what it got."""

    # Whoever sends sets it in its own task; the pool is asked in the same task.
    current: ContextVar[Try] = ContextVar("current")

    def __init__(self, resolver: aiohttp.abc.AbstractResolver, limit: int, **more: object) -> None:
        super().__init__(resolver=resolver, limit=limit, **more)  # type: ignore[arg-type]
        self._answered_at: WeakKeyDictionary[asyncio.Transport, float] = WeakKeyDictionary()
        self._answered_again = False

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  aiohttp's own signature
    ) -> Connection:
        """A connection, new or kept. Raises: as aiohttp."""
        while True:
            connection = await super().connect(req, traces, timeout)
            transport = connection.transport
            if transport is None or not self._is_over(transport):
                break
            connection.close()
        attempt = self.current.get(None)
        if attempt is not None and transport is not None:
            attempt.begin = time.monotonic()
            attempt.transport = transport
            attempt.reused = transport in self._answered_at
            attempt.idle_s = attempt.begin - self._answered_at.get(transport, attempt.begin)
        return connection

    def _is_over(self, transport: asyncio.Transport) -> bool:
        """Whether a kept connection was closed while nobody used it: the loop may not have read of it yet."""
        if transport not in self._answered_at:
            return False
        number: int = transport.get_extra_info("socket").fileno()
        try:
            readable, _, _ = select.select([number], [], [], 0)
        except ValueError:
            return number < 0  # a number that select cannot look at
        return bool(readable)

    def answered(self, attempt: Try) -> None:
        """A try got its whole answer."""
        if attempt.transport is not None:
            self._answered_at[attempt.transport] = time.monotonic()
        self._answered_again |= attempt.reused

    def dropped(self, attempt: Try, error: Exception) -> bool:
        """Whether an answer was dropped: the connection ended after the whole request was written. A kept connection
        may have been given up by the target just then, which is its right; or it never keeps one, and does not say so.
        """
        if attempt.transport is None or not ended(error) or _unwritten(error):
            return False
        if not attempt.reused:
            return True
        if not self._answered_again:
            return False
        return attempt.idle_s < IDLE_S or time.monotonic() - attempt.begin > CROSSING_S


def ended(error: Exception) -> bool:
    """Whether a connection that stood was closed or reset; which of the two depends on who is quicker."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError)


def _unwritten(error: Exception) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        # What aiohttp raises when it still had something to write.
        if isinstance(cause, aiohttp.ClientConnectionResetError):
            return True
        cause = cause.__cause__
    return False
