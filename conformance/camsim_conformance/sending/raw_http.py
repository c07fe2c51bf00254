"""Requests written byte by byte, where an HTTP library would tidy up: lower case, segments, cut and lost answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from dataclasses import replace

from camsim_conformance.plan.cases import Step, Transport
from camsim_conformance.target.address import Target

from .exchange import MAX_ANSWER, Exchange, NoAnswer
from .interim import after_interim, begun, interim

SEGMENT = 97  # bytes
PAUSE_S = 0.01  # long enough that the network does not join two segments
CONTINUE_S = 1.0
_END = b"\r\n\r\n"


async def send(target: Target, step: Step, number: int, agent: str, patience_s: float) -> Exchange:
    """Send one step on a connection of its own. Never raises for what the peer does."""
    begin = time.monotonic()
    opened = await _opened(target, number, begin, patience_s)
    if isinstance(opened, Exchange):
        return opened
    reader, writer = opened
    conversation = _converse(reader, writer, target, step, number, agent, begin)
    return await _ended(conversation, writer, number, begin, patience_s)


async def send_together(target: Target, step: Step, number: int, agent: str, patience_s: float) -> list[Exchange]:
    """Send every copy of a step on a connection of its own so that all arrive at the same moment: all but their last
    bytes go ahead, then the last bytes at once. Seconds count from there. Never raises for what the peer does."""
    begin = time.monotonic()
    opened = await asyncio.gather(*(_opened(target, number, begin, patience_s) for _ in range(step.copies)))
    whole = _head(target, step, agent) + step.wire
    writers = [both[1] for both in opened if not isinstance(both, Exchange)]
    await asyncio.gather(*(_ahead(writer, whole[:-1]) for writer in writers))
    begin = time.monotonic()
    # No await between them: what is written last leaves microseconds after what is written first.
    for writer in writers:
        writer.write(whole[-1:])
    return await asyncio.gather(*(_one_of_many(both, number, begin, patience_s) for both in opened))


async def _ahead(writer: asyncio.StreamWriter, data: bytes) -> None:
    try:
        writer.write(data)
        await asyncio.wait_for(writer.drain(), CONTINUE_S)
    except (OSError, TimeoutError):
        return  # a refusal may come early: it is read with the others


async def _one_of_many(opened: _Opened, number: int, begin: float, patience_s: float) -> Exchange:
    if isinstance(opened, Exchange):
        return opened
    reader, writer = opened

    async def answer() -> Exchange:
        return _parsed(await _read(reader), number, begin, written=True)

    return await _ended(answer(), writer, number, begin, patience_s)


_Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter] | Exchange


async def _opened(target: Target, number: int, begin: float, patience_s: float) -> _Opened:
    """A connection, or the exchange that says why there is none."""
    try:
        return await asyncio.wait_for(_connect(target), patience_s)
    except (OSError, TimeoutError) as error:
        reason = NoAnswer.TIMEOUT if isinstance(error, TimeoutError) else NoAnswer.REFUSED
        return Exchange(number, no_answer=reason, detail=str(error), seconds=time.monotonic() - begin, at=begin)


async def _ended(
    conversation: Coroutine[None, None, Exchange],
    writer: asyncio.StreamWriter,
    number: int,
    begin: float,
    patience_s: float,
) -> Exchange:
    """The exchange of a conversation that is given up after a while; its connection is cut in any case."""
    try:
        return await asyncio.wait_for(conversation, patience_s)
    except TimeoutError:
        return Exchange(number, no_answer=NoAnswer.TIMEOUT, seconds=time.monotonic() - begin, at=begin)
    finally:
        # Cut, not closed politely: nothing waits for a target that does not close its side.
        writer.transport.abort()


async def _connect(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    # To the pinned address, but the certificate is asked for by the name.
    name = target.host if target.context else None
    return await asyncio.open_connection(target.address, target.port, ssl=target.context, server_hostname=name)


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    target: Target,
    step: Step,
    number: int,
    agent: str,
    begin: float,
) -> Exchange:
    early = b""
    written = True
    try:
        if step.transport is Transport.EXPECT:
            early = await _ask_first(reader, writer, _head(target, step, agent), step)
        else:
            await _write(writer, _head(target, step, agent), step)
    except OSError:
        written = False  # a refusal may arrive before the whole body is out: read it
    if step.transport in (Transport.CUT, Transport.LOST_EARLY):
        return Exchange(number, no_answer=NoAnswer.MEANT, detail="the connection was dropped on purpose", at=begin)
    # The target has begun to answer, so it has stored: the retry finds its own row.
    if step.transport is Transport.LOST_ACK:
        await _begin_of_answer(reader)
        return Exchange(number, no_answer=NoAnswer.MEANT, detail="the answer was lost on purpose", at=begin)
    return _parsed(await _read(reader, early), number, begin, written=written)


def _parsed(raw: bytes, number: int, begin: float, *, written: bool) -> Exchange:
    exchange = replace(parse(raw, number, time.monotonic() - begin), at=begin)
    # Who has the whole request and closes has dropped its answer.
    if written and exchange.no_answer is NoAnswer.CLOSED:
        return replace(exchange, dropped=1)
    return exchange


def _head(target: Target, step: Step, agent: str) -> bytes:
    lines = [
        f"POST {target.path}{step.query} HTTP/1.1",
        f"Host: {target.netloc}",
        f"User-Agent: {agent}",
        f"Content-Type: {step.content_type}",
        f"Content-Length: {len(step.wire)}",
        "Connection: close",
    ]
    if step.transport is Transport.EXPECT:
        lines.append("Expect: 100-continue")
    if step.transport is Transport.LOWER_CASE:
        lines = [lines[0], *map(_lower_case, lines[1:])]
    return "\r\n".join(lines).encode("latin-1", "replace") + _END


def _lower_case(line: str) -> str:
    name, _, value = line.partition(": ")
    return f"{name.lower()}: {value}"


async def _write(writer: asyncio.StreamWriter, head: bytes, step: Step) -> None:
    body = step.wire
    if step.transport is Transport.CUT:
        body = body[: len(body) // 2]
    if step.transport is Transport.SEGMENTS:
        # The head goes with the first piece: who waits for a body in the same read gets only a part of it.
        for piece in _segments(body):
            writer.write(head + piece)
            head = b""
            await writer.drain()
            await asyncio.sleep(PAUSE_S)
        return
    writer.write(head + body)
    await writer.drain()
    if step.transport in (Transport.CUT, Transport.LOST_EARLY):
        await asyncio.sleep(PAUSE_S)


def _segments(body: bytes) -> Iterator[bytes]:
    """Pieces of a body, cut inside a UTF-8 sign where one is near: who decodes piece by piece breaks it."""
    start = 0
    while start < len(body):
        end = start + SEGMENT
        for place in range(start + SEGMENT, min(start + 2 * SEGMENT, len(body))):
            if body[place] & 0xC0 == 0x80:  # a byte that continues a sign
                end = place
                break
        yield body[start:end]
        start = end


async def _ask_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, step: Step) -> bytes:
    """Wait a moment for 100 Continue, then send the body anyway, as HTTP asks of a client. Gives what came instead:
    the beginning of the final answer."""
    writer.write(head)
    await writer.drain()
    line = await _leave_given(reader)
    if line and not interim(line):
        return line
    writer.write(step.wire)
    await writer.drain()
    return b""


async def _leave_given(reader: asyncio.StreamReader) -> bytes:
    """The head of 100 Continue or of a final answer, whichever comes in time; hints before it are no leave."""
    try:
        async with asyncio.timeout(CONTINUE_S):
            while True:
                head = await reader.readuntil(_END)
                if not interim(head) or head.startswith(b"HTTP/1.1 100"):
                    return head
    except TimeoutError:
        return b""
    except asyncio.IncompleteReadError as short:
        return short.partial


async def _begin_of_answer(reader: asyncio.StreamReader) -> None:
    """Returns when the answer that counts begins, or none does: an interim one is sent before anything is stored."""
    pieces = bytearray()
    try:
        while not begun(pieces) and (piece := await reader.read(MAX_ANSWER)):
            pieces += piece
    except OSError:
        return


async def _read(reader: asyncio.StreamReader, early: bytes = b"") -> bytes:
    pieces = bytearray(early)
    if early and _complete(pieces):
        return early
    while len(pieces) < MAX_ANSWER:
        try:
            piece = await reader.read(MAX_ANSWER)
        except OSError:
            break
        if not piece:
            break
        pieces += piece
        if _complete(pieces):
            break
    return bytes(pieces)


def _complete(raw: bytearray) -> bool:
    """True when a Content-Length says that nothing more comes: some servers keep a closed conversation open."""
    head, end, body = after_interim(raw).partition(_END)
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            value = line.split(b":", 1)[1].strip()
            return value.isdigit() and len(body) >= int(value)
    return b"\r\ntransfer-encoding: chunked" in head.lower() and body.endswith(b"0\r\n\r\n")


def parse(raw: bytes, number: int, seconds: float) -> Exchange:
    """The exchange in the bytes of one answer."""
    raw = after_interim(raw)
    if not raw:
        return Exchange(
            number, no_answer=NoAnswer.CLOSED, seconds=seconds, detail="the connection closed without an answer"
        )
    head, end, body = raw.partition(_END)
    words = head.split(b"\r\n")[0].split(b" ", 2)
    if not end or not words[0].startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():
        return Exchange(number, no_answer=NoAnswer.BROKEN, seconds=seconds, detail=repr(raw[:60]))
    headers = tuple(map(_header, head.split(b"\r\n")[1:]))
    found = Exchange(step=number, status=int(words[1]), headers=headers, body=body, seconds=seconds)
    if "chunked" in found.header("Transfer-Encoding").lower():
        return replace(found, body=_dechunk(body))
    return found


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    return name.decode("latin-1"), value.strip().decode("latin-1")


def _dechunk(body: bytes) -> bytes:
    out = bytearray()
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            break
        if length == 0:
            break
        out += rest[:length]
        body = rest[length + 2 :]
    return bytes(out)
