"""A tiny HTTP server on the test's own loop that keeps connections and notes what came, and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from camsim_conformance.sending.client import Client
from camsim_conformance.target.address import resolve
from camsim_conformance.target.profile import Device, Profile

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
DONE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"status":"done"}'

Answer = Callable[[int, bytes], Awaitable[bytes | None]]


@dataclass
class Tiny:
    """Answers with what `answer(number, body)` gives; None closes the connection without an answer."""

    answer: Answer
    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    whole_at: list[float] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                self.whole_at.append(time.monotonic())
                answer = await self.answer(len(self.bodies), self.bodies[-1])
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"connection: close" in head + answer.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def refusal(status: int, *headers: str, body: str = "") -> bytes:
    """An answer of this status."""
    lines = [f"HTTP/1.1 {status} No", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@asynccontextmanager
async def talking(
    answer: Callable[[int, bytes], Awaitable[bytes | None]], **more: object
) -> AsyncIterator[tuple[Tiny, Client]]:
    """A tiny server and a client of it."""
    tiny = Tiny(answer)
    server = await asyncio.start_server(tiny.serve, "127.0.0.1", 0)
    tiny.port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{tiny.port}/cams"
    chosen = Profile(url, (Device(TOKEN),), **{"patience_s": 2.0, **more})  # type: ignore[arg-type]
    try:
        async with Client(resolve(url), chosen) as client:
            yield tiny, client
    finally:
        server.close()
