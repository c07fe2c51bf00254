"""Requests damaged on purpose, written by hand: slowly, in part, or with a reset."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from urllib.parse import urlsplit

from yarl import URL

from camsim.kernel.events import Answered, Send
from camsim.state.faults import Options

KINDS = frozenset({"slow", "truncate", "reset_before", "reset_after"})
MAX_ANSWER = 64 * 1024
USER_AGENT = "camsim"
# 103 Early Hints and the like come before the answer that counts (RFC 9110, section 15.2).
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_STATUS = re.compile(rb"[1-9][0-9]{2}")
_INTERIM = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d")


async def carry(effect: Send, url: URL, do: str, options: Options, answered: Answered) -> None:
    """Write the request by hand: slowly, in part, or with a reset."""
    parts = urlsplit(effect.url)
    secure = parts.scheme == "https"
    if secure:
        context = ssl._create_unverified_context()  # noqa: S323  a fault on purpose
        reader, writer = await asyncio.open_connection(url.host, url.port, ssl=context, server_hostname=url.host)
    else:
        reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        await _ACTS[do](effect, url, options, reader, writer, answered)
    finally:
        writer.close()


def _head(effect: Send, url: URL) -> bytes:
    return (
        f"POST {url.raw_path_qs or '/'} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nUser-Agent: {USER_AGENT}\r\n"
        f"Content-Type: {effect.content_type}\r\nContent-Length: {len(effect.body)}\r\nConnection: close\r\n\r\n"
    ).encode()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: linger for zero seconds."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _slow(
    effect: Send,
    url: URL,
    options: Options,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answered: Answered,
) -> None:
    writer.write(_head(effect, url))
    pieces = 10
    size = max(1, -(-len(effect.body) // pieces))
    for start in range(0, len(effect.body), size):
        writer.write(effect.body[start : start + size])
        await writer.drain()
        await asyncio.sleep(options.get("ms", 500) / 1000 / pieces)
    await _read_answer(reader, answered)


async def _truncate(
    effect: Send,
    url: URL,
    options: Options,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answered: Answered,
) -> None:
    writer.write(_head(effect, url) + effect.body[: len(effect.body) // 2])
    await writer.drain()
    answered.error = "the request was cut short (fault truncate)"


async def _reset_before(
    effect: Send,
    url: URL,
    options: Options,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answered: Answered,
) -> None:
    _reset(writer)
    answered.error = "the connection was reset before the body (fault reset_before)"


async def _reset_after(
    effect: Send,
    url: URL,
    options: Options,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answered: Answered,
) -> None:
    writer.write(_head(effect, url) + effect.body)
    await writer.drain()
    # The receiver must have the bytes before the reset can overtake them: its first byte of an answer proves it.
    try:
        async with asyncio.timeout(1):
            await reader.read(1)
    except TimeoutError:
        pass
    _reset(writer)
    answered.error = "the connection was reset after the body (fault reset_after)"


_ACTS = {"slow": _slow, "truncate": _truncate, "reset_before": _reset_before, "reset_after": _reset_after}


async def _read_answer(reader: asyncio.StreamReader, answered: Answered) -> None:
    data = await reader.read(MAX_ANSWER)
    while more := await reader.read(MAX_ANSWER):
        data = (data + more)[:MAX_ANSWER]
    head, _, body = data.partition(b"\r\n\r\n")
    while _INTERIM.match(head):
        head, _, body = body.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split(b" ")
    if len(words) < 2 or not _STATUS.fullmatch(words[1]):
        raise ConnectionError("the answer is no HTTP")
    answered.status = int(words[1])
    if b"transfer-encoding: chunked" in head.lower():
        body = _dechunked(body)
    answered.body = body


def _dechunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        text = size.split(b";")[0].strip()
        length = int(text, 16) if _CHUNK_SIZE.fullmatch(text) else 0
        if length == 0:
            break
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole
