"""Raw HTTP/1.1 over asyncio: a constant-answer server and a closed-loop client, too thin to be the bottleneck."""

from __future__ import annotations

import asyncio
import sys
import time

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"status":"done"}'


class ConstantServer(asyncio.Protocol):
    """Answers every request with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, gap, rest = self._buffer.partition(b"\r\n\r\n")
            if not gap:
                return
            lower = head.lower()
            start = lower.find(b"content-length:") + 15
            length = int(lower[start : lower.find(b"\r\n", start) if lower.find(b"\r\n", start) > 0 else None])
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._transport.write(ANSWER)  # type: ignore[attr-defined]


class ClosedLoop(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[int], until: float) -> None:
        self._requests, self._done, self._until, self.count = requests, done, until, 0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        self._transport.write(self._requests[self.count % len(self._requests)])  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, rest = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        lower = head.lower()
        start = lower.index(b"content-length:") + 15
        end = lower.find(b"\r\n", start)
        length = int(lower[start : end if end > 0 else None])
        if len(rest) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head[:100])
        self._buffer = b""
        self.count += 1
        if time.perf_counter() >= self._until:
            self._transport.close()
            self._done.set_result(self.count)
            return
        self._next()


async def requests_per_second(host: str, port: int, requests: list[bytes], connections: int, seconds: float) -> float:
    """Closed loop over some connections; the rate that was reached."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    futures = []
    for _ in range(connections):
        done: asyncio.Future[int] = loop.create_future()
        await loop.create_connection(lambda done=done: ClosedLoop(requests, done, began + seconds), host, port)
        futures.append(done)
    total = sum(await asyncio.gather(*futures))
    return total / (time.perf_counter() - began)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(ConstantServer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def post(path: str, body: bytes, content_type: str = "application/json") -> bytes:
    """The bytes of a keep-alive POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.install()
    except ImportError:
        pass
    try:
        asyncio.run(_serve())
    except KeyboardInterrupt:
        sys.exit(0)
