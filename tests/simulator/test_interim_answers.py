"""Interim answers (103 Early Hints and the like): whoever sends skips them, the answer after them counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from camsim.kernel.events import Answered, Send
from camsim.ownership import Origin, connect
from camsim.service.courier import Courier

DONE = b'{"status":"done"}'
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\nX: 5\r\n\r\n"
FINAL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\nConnection: close\r\n\r\n" + DONE


async def hinting() -> tuple[asyncio.Server, int]:
    """A server that sends hints twice before it answers."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        writer.write(HINTS)
        await writer.drain()
        writer.write(HINTS + FINAL)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("faults", [(), (("slow", {"ms": 10}),)])
def test_the_courier_takes_the_answer_after_hints(faults: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    async def main() -> Answered:
        server, port = await hinting()
        told: asyncio.Queue[Answered] = asyncio.Queue()
        courier = Courier(told.put_nowait)
        url = f"http://127.0.0.1:{port}/"
        courier.send(Send("D", 1, 1, url, b"{}", "application/json", timeout_s=5.0, faults=faults))
        answered = await told.get()
        await courier.close()
        server.close()
        return answered

    answered = asyncio.run(main())
    assert (answered.status, answered.body, answered.error) == (200, DONE, "")


def test_a_connection_of_ours_takes_the_answer_after_hints() -> None:
    def ask(port: int) -> tuple[int, str | None, bytes]:
        connection = connect(Origin("http", "127.0.0.1", port), None, 5.0)
        connection.request("POST", "/", b"{}")
        answer = connection.getresponse()
        found = (answer.status, answer.getheader("Link"), answer.read())
        connection.close()
        return found

    async def main() -> tuple[int, str | None, bytes]:
        server, port = await hinting()
        found = await asyncio.to_thread(ask, port)
        server.close()
        return found

    assert asyncio.run(main()) == (200, None, DONE)
