"""Connections of both ports: heads that never end time out, clients that have said all are answered, few hold many."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

HEAD_S = 30.0  # for a request line with its headers, from the first byte on
IDLE_S = 75.0  # between two requests; clients keep connections shorter
MOST_CONNECTIONS = 8_000
_SPARE_FILES = 256  # for the state file, callbacks and the standard streams
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nContent-Length: 39\r\nConnection: close\r\n\r\n"
    b'{"error":"the request head came late"}\n'
)


def _only_our_faults(record: logging.LogRecord) -> bool:
    """Bytes that are no HTTP and clients that go away are answered or noted; they are nothing to log."""
    _, problem, _ = record.exc_info or (None, None, None)
    return not isinstance(problem, (HttpProcessingError, ConnectionError))


def logger_of(name: str) -> logging.Logger:
    """A log without what clients do wrong."""
    made = logging.getLogger(name)
    made.addFilter(_only_our_faults)
    return made


class Connection(web.RequestHandler):
    """One client. `on_end` is told when the client goes away or says that it sends nothing more."""

    __slots__ = ("_ended", "_head_count", "_head_s", "_head_timer", "_last", "_on_end")

    def __init__(self, manager: Listener, *, head_s: float, **options: Any) -> None:
        super().__init__(manager, **options)
        self._head_s = head_s
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_count = 0
        self._ended = False
        self._last: StreamReader | None = None  # the body of the last request that came
        self._on_end: Callable[[], None] | None = None

    def on_end(self, told: Callable[[], None] | None) -> bool:
        """Who is told when the client ends; False, and nobody is told, when it has ended already."""
        self._on_end = told
        return not self._ended and self.transport is not None

    @property
    def idle(self) -> bool:
        """No request is being answered, and none waits."""
        if self._messages:
            return False
        waiter = self._waiter
        # Between two of its steps aiohttp has neither: only at the start is that idleness.
        return not waiter.done() if waiter is not None else self._request_count == 0

    def data_received(self, data: bytes) -> None:
        """Hot: nearly every head comes in one piece, and needs no timer."""
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._last = self._messages[-1][1] if self._messages else None
            self._stop_head_timer()
        elif self._head_timer is None and self.idle and not self._force_close:
            self._head_count = before
            self._head_timer = self._loop.call_later(self._head_s, self._head_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        self._head_timer = None
        if self.transport is not None and self.idle and self._request_count == self._head_count:
            self.transport.write(_LATE)
            self.force_close()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The client sends nothing more. Whoever waits for an answer to a whole request gets it all the same."""
        self._tell()
        if self.transport is None or self.transport.get_extra_info("sslcontext") is not None:
            return None  # TLS has no half of a connection
        if self.idle or not self._is_whole():
            return None
        return True

    def _is_whole(self) -> bool:
        """The last request has come to its end."""
        return self._last is None or self._last.is_eof()

    async def _handle_request(self, *args: Any) -> tuple[web.StreamResponse, bool]:
        answered = await super()._handle_request(*args)
        if self._ended and not self._messages:
            self._close = True  # the last answer has been written
        return answered

    def connection_lost(self, exc: BaseException | None) -> None:
        """Nobody is there any more."""
        self._stop_head_timer()
        super().connection_lost(exc)
        self._tell()

    def _tell(self) -> None:
        self._ended = True
        told, self._on_end = self._on_end, None
        if told is not None:
            told()


class Listener(web.Server):
    """Makes connections, at most so many: when there are too many, those go that have asked nothing for longest."""

    def __init__(self, *args: Any, head_s: float = HEAD_S, most: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_s = head_s
        self._most = most or most_connections()

    def __call__(self) -> Connection:
        """The protocol of one connection."""
        return Connection(self, loop=self._loop, head_s=self._head_s, keepalive_timeout=IDLE_S, **self._kwargs)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """One more; for it another one may have to go."""
        super().connection_made(handler, transport)
        if len(self._connections) > self._most:
            self._let_one_go(handler)

    def _let_one_go(self, newest: web.RequestHandler) -> None:
        others = [other for other in self._connections if other is not newest]  # in the order in which they came
        connected = [other for other in others if isinstance(other, Connection) and other.transport is not None]
        # One that asks nothing, or else one that does not read what it has asked for.
        idle = next((other for other in connected if other.idle), None)
        stuck = idle or next((other for other in connected if other.writing_paused), newest)
        stuck.force_close()


class Runner(web.AppRunner):
    """Serves an application on connections of this kind."""

    def __init__(self, app: web.Application, *, head_s: float = HEAD_S, **options: Any) -> None:
        super().__init__(app, **options)
        self._head_s = head_s

    async def _make_server(self) -> Listener:
        made = await super()._make_server()
        answer = made.request_handler

        async def expected(request: web.BaseRequest) -> web.StreamResponse:
            # aiohttp repeats what it does not know in its answer, and fails where that is no UTF-8.
            if request.headers.get("Expect", "100-continue").lower() != "100-continue":
                return web.Response(status=417, text="only Expect: 100-continue is known\n")
            return await answer(request)

        return Listener(expected, request_factory=made.request_factory, head_s=self._head_s, **made._kwargs)


def most_connections() -> int:
    """How many connections a port may hold, by what the system allows a process."""
    try:
        import resource
    except ImportError:  # not on every platform
        return MOST_CONNECTIONS
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(64, min(MOST_CONNECTIONS, (allowed - _SPARE_FILES) // 2))
