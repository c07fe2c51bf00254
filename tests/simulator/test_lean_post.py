"""Later callbacks to a URL are written and read as the first one, which goes through aiohttp's own client."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Sequence

import pytest
from aiohttp import BaseConnector
from yarl import URL

from camsim.kernel.events import Answered, Send
from camsim.service.courier import Courier
from camsim.service.lean_post import Route

DONE = b'{"status":"done"}'
ZIPPED = gzip.compress(DONE)
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(DONE), DONE)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n"
ENCODED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(ZIPPED), ZIPPED)
# What a receiver writes, and whether it closes the connection then.
ANSWERS: dict[str, tuple[bytes, bool]] = {
    "whole": (WHOLE, False),
    "whole, then closed": (WHOLE, True),
    "announced close": (WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1), True),
    "chunked": (CHUNKED, False),
    "compressed": (ENCODED, False),
    "until it closes": (b"HTTP/1.1 200 OK\r\n\r\nabc", True),
    "old protocol": (WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"), True),
    "interim first": (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE, False),
    "empty": (b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "elsewhere": (b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", False),
    "cookies": (WHOLE.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n", 1), False),
    "half": (WHOLE[:-5], True),
    "half a head": (WHOLE[:20], True),
    "nothing": (b"", True),
    "no HTTP": (b"220 smtp ready\r\n", True),
    "two lengths": (WHOLE.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n", 1), True),
    "broken chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", True),
    "too long": (b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, False),
    "too long, in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n" + b"x" * 70_000, True),
    "failed": (b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops", False),
}


class _Receiver:
    """Answers every request with the same bytes and keeps what it was sent."""

    def __init__(self, answer: bytes, closes: bool) -> None:
        self._answer, self._closes, self.requests = answer, closes, list[bytes]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"Content-Length: (\d+)", head)
                assert length is not None
                self.requests.append(head + await reader.readexactly(int(length[1])))
                writer.write(self._answer)
                if self._closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


async def _sent(
    receiver: _Receiver,
    bodies: Sequence[bytes],
    path: str = "/a?b=%20c",
    *,
    who: Sequence[str] = (),
    keepalive: bool = True,
) -> list[Answered]:
    """The reports of attempts, one after the other; `who`: name and password in the URL of each."""
    reports: list[Answered] = []
    told = asyncio.Event()

    def report(answered: Answered) -> None:
        reports.append(answered)
        told.set()

    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    carrier = Courier(report, keepalive=keepalive)
    for number, (body, user) in enumerate(zip(bodies, who or [""] * len(bodies), strict=True)):
        told.clear()
        url = f"http://{user}{host}{path.replace('{number}', str(number))}"
        carrier.send(Send("D", 1, 1, url, body, "application/json", 20.0))
        await told.wait()
        await asyncio.sleep(0.01)  # what the receiver closes is closed
    await carrier.close()
    server.close()
    return reports


def _seen(answered: Answered) -> tuple[int, bytes, str, str]:
    error = re.sub(r"127\.0\.0\.1:\d+", "HOST", answered.error)
    return answered.status, answered.body, answered.content_type, error


@pytest.mark.parametrize("name", ANSWERS)
def test_later_answers_are_read_as_the_first(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, posted = _Receiver(*ANSWERS[name]), []
    post = Route.post

    async def counted(self: Route, connector: BaseConnector, url: URL, body: bytes, answered: Answered) -> None:
        posted.append(body)
        await post(self, connector, url, body, answered)

    monkeypatch.setattr(Route, "post", counted)
    first, *later = asyncio.run(_sent(receiver, [b"{}"] * 3))
    assert [_seen(one) for one in later] == [_seen(first)] * 2
    assert receiver.requests[1:] == receiver.requests[:1] * 2
    assert len(posted) == 2


def test_each_body_has_its_length() -> None:
    bodies = [b"1", b"", b"x" * 200_000, b"22"]
    receiver = _Receiver(WHOLE, False)
    assert all(one.body == DONE for one in asyncio.run(_sent(receiver, bodies, "/\N{SNOWMAN}?a=1?b=2")))
    assert [request.partition(b"\r\n\r\n")[2] for request in receiver.requests] == bodies
    assert len({re.sub(rb"Content-Length: \d+", b"", one.partition(b"\r\n\r\n")[0]) for one in receiver.requests}) == 1


def test_a_password_of_a_url_goes_with_that_url_alone() -> None:
    receiver = _Receiver(WHOLE, False)
    who = ["", "", "me:secret@", "me:secret@", "other@", "", ""]
    reports = asyncio.run(_sent(receiver, [b"{}"] * 7, who=who))
    assert [one.error for one in reports] == [""] * 7
    named = [b"Authorization: Basic" in request for request in receiver.requests]
    assert named == [False, False, True, True, True, False, False]


def test_each_path_of_an_origin_is_its_own() -> None:
    receiver = _Receiver(WHOLE, False)
    asyncio.run(_sent(receiver, [b"{}"] * 3, "/{number}?stgid=SIM{number}"))
    lines = [request.partition(b" HTTP")[0] for request in receiver.requests]
    assert lines == [b"POST /%d?stgid=SIM%d" % (number, number) for number in range(3)]


def test_without_kept_connections_each_is_closed() -> None:
    receiver = _Receiver(WHOLE, True)
    assert [one.error for one in asyncio.run(_sent(receiver, [b"{}"] * 3, keepalive=False))] == [""] * 3
    assert all(b"Connection: close" in request for request in receiver.requests)


def test_an_answer_that_is_too_long_is_not_read_to_its_end() -> None:
    (answered,) = asyncio.run(_sent(_Receiver(*ANSWERS["too long"]), [b"{}"]))
    assert answered.error == "OversizeError: the answer is longer than 65536 bytes"
