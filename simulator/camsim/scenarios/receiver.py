"""The built-in receiver of scenarios: constant answers on request, from done to a host that refuses connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection

import msgspec
from aiohttp import web

from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3.envelope import EnvelopeError
from camsim.service.gateway_port import log

from .assertions import Request
from .steps import Behaviour

DONE = b'{"status":"done"}'
_JSON = "application/json"
_FORM = f"{envelope_v2.FIELD}=".encode()


class ScenarioReceiver:
    """Listens on a loopback port of its own; `behave` changes how it answers from then on."""

    def __init__(self) -> None:
        self.received: list[Request] = []
        self.port = 0
        self._behaviour = Behaviour()
        self._turn = 0
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._reserved: socket.socket | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """What devices are given as their callback URL."""
        return f"http://127.0.0.1:{self.port}/callback"

    async def start(self) -> None:
        """Listen. Raises: OSError."""
        # Above what devices send, so that it is never the receiver that refuses a body.
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, logger=log, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()

    async def stop(self) -> None:
        """Let go of the port; hanging answers end."""
        self._stopping.set()
        self._release()
        if self._runner is not None:
            await self._runner.cleanup()

    async def behave(self, behaviour: Behaviour) -> None:
        """Answer so from now on."""
        self._behaviour, self._turn = behaviour, 0
        if behaviour.behave == "down":
            await self._vanish()
        elif self._site is None:
            await self._listen()

    async def _listen(self) -> None:
        if self._runner is None:
            return
        self._release()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True, backlog=1024)
        await self._site.start()
        self.port = self.port or int(self._runner.addresses[0][1])

    async def _vanish(self) -> None:
        """Nobody listens any more, connections break, and nobody else can take the port."""
        if self._site is None or self._runner is None or self._runner.server is None:
            return
        await self._site.stop()
        self._site = None
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()
        # Bound and not listening: connections are refused, and the port stays ours until it listens again.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", self.port))

    def _release(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    async def _take(self, request: web.Request) -> web.StreamResponse:
        try:
            body, complete = await request.read(), True
        except (OSError, web.HTTPException):
            body, complete = b"", False
        message = _parsed(body)
        query = request.raw_path.partition("?")[2]
        self.received.append(
            Request(request.path, query, request.headers.get("Content-Type", ""), body, message, complete)
        )
        return await self._answer(request, self._chosen(message))

    def _chosen(self, message: object) -> str | int | bytes:
        """done, hang, reset, an HTTP status, or the bytes of an answer."""
        how = self._behaviour
        if how.only is not None and how.only not in _members(message):
            return "done"
        if how.behave == "sequence":
            self._turn += 1
            if self._turn > len(how.sequence):
                return how.then
            return how.sequence[self._turn - 1]
        fixed: dict[str, int | bytes] = {"status": how.status, "answer": how.answer.encode()}
        return fixed.get(how.behave, how.behave)

    async def _answer(self, request: web.Request, chosen: str | int | bytes) -> web.StreamResponse:
        if isinstance(chosen, int):
            return web.Response(status=chosen, body=b'{"status":"error"}', content_type=_JSON)
        if isinstance(chosen, bytes):
            return web.Response(body=chosen, content_type=_JSON)
        if chosen == "hang":  # no answer, and no end before the scenario's
            await self._stopping.wait()
        if chosen in ("reset", "hang", "down") and request.transport is not None:
            request.transport.abort()
        return web.Response(body=DONE, content_type=_JSON)


def _parsed(body: bytes) -> object:
    try:
        if body.startswith(_FORM):
            return envelope_v2.read_form(body).message
        message: object = msgspec.json.decode(body)
        return message
    except (EnvelopeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _members(message: object) -> Collection[object]:
    """What `only` can name: the members of RealTime, or the Operation of a v2 message that is not encrypted."""
    if not isinstance(message, dict):
        return ()
    info, frame = message.get("ApiRequestInfo"), message.get("RealTime")
    if isinstance(info, dict):
        return (info.get("Operation"),)
    if isinstance(frame, dict):
        return frame
    return ()


def behaviour_of(body: Behaviour | str) -> Behaviour:
    """The long form of `receiver: hang`."""
    if isinstance(body, str):
        return msgspec.convert({"behave": body}, Behaviour)
    return body
