"""One client of the target: pooled connections, a pinned address, a capped rate, no redirects."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from camsim_conformance import SUITE_VERSION
from camsim_conformance.plan.cases import Step, Transport
from camsim_conformance.target.address import Target
from camsim_conformance.target.profile import Profile

from . import raw_http
from .exchange import MAX_ANSWER, Exchange, NoAnswer

AGENT = f"camsim-conformance/{SUITE_VERSION}"
# What the HTTP library writes as it is meant; the other transports are written by hand.
_LIBRARY = frozenset({Transport.POOLED, Transport.CHUNKED})
RATE = 400.0  # sends a second at most: the suite judges what is right, a storm judges what is fast
IN_FLIGHT = 16
CHUNK = 512  # bytes; small, so that also a punch is more than one chunk
BURST = 10  # sends that may follow at once after a pause


class _Pinned(AbstractResolver):
    """Answers with the one address found at the start, whatever the name server says later."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        # A name that gets another address half-way must not carry hostile bodies to somebody else.
        if host != self._target.host:
            raise OSError(f"{host!r} is not the target {self._target.host!r}")
        return [
            ResolveResult(
                hostname=host, host=self._target.address, port=port, family=self._target.family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Pace:
    """Spaces sends so that no more than `rate` start in a second."""

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._next = 0.0

    async def turn(self) -> None:
        """Returns when the next send may start."""
        now = time.monotonic()
        self._next = max(self._next + self._gap, now - BURST * self._gap)
        if self._next > now:
            await asyncio.sleep(self._next - now)


class Client:
    """Sends steps; an async context manager."""

    def __init__(self, target: Target, profile: Profile) -> None:
        self.target = target
        self.profile = profile
        self._pace = Pace(RATE)
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)

    async def __aenter__(self) -> Client:
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(self.target), ssl=self.target.context or True, limit=IN_FLIGHT
        )
        timeout = aiohttp.ClientTimeout(total=self.profile.patience_s)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, headers={"User-Agent": AGENT})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await asyncio.sleep(0)

    async def get(self, path: str) -> tuple[int, bytes]:
        """GET a path of the target's origin. Raises: aiohttp.ClientError, TimeoutError."""
        async with self._session.get(f"{self.target.origin}{path}", allow_redirects=False) as answer:
            return answer.status, await _body(answer)

    async def send(self, step: Step, number: int = 0, *, patience_s: float | None = None) -> Exchange:
        """One copy of a step; `patience_s` instead of the profile's. Never raises for what the peer does."""
        if patience_s is None:
            patience_s = self.profile.patience_s
        async with self._in_flight:
            await self._pace.turn()
            if step.transport in _LIBRARY:
                return await self._pooled(step, number, patience_s)
            return await raw_http.send(self.target, step, number, AGENT, patience_s)

    async def _pooled(self, step: Step, number: int, patience_s: float) -> Exchange:
        begin = time.monotonic()
        for fresh in (False, True):
            try:
                status, headers, body = await self._post(step, patience_s)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                # A kept connection that the target had closed meanwhile: the gateway would open another one as well.
                if fresh or not _ended(error):
                    return _silent(error, number, time.monotonic() - begin)
            else:
                seconds = time.monotonic() - begin
                return Exchange(step=number, status=status, headers=headers, body=body, seconds=seconds)
        raise AssertionError("the second try always returns")

    async def _post(self, step: Step, patience_s: float) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        # aiohttp sends in chunks whatever it is given piece by piece.
        data = _pieces(step.wire) if step.transport is Transport.CHUNKED else step.wire
        async with self._session.post(
            self._url(step),
            data=data,
            headers={"Content-Type": step.content_type},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=patience_s),
        ) as answer:
            return answer.status, tuple(answer.headers.items()), await _body(answer)

    def _url(self, step: Step) -> URL:
        # Already encoded: the doubled query of the live gateway must arrive as it is written.
        return URL(f"{self.target.origin}{self.target.path}{step.query}", encoded=True)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """The body up to its end, or as much as is read of one; a single read gives no more than one chunk."""
    body = bytearray()
    while len(body) < MAX_ANSWER and (piece := await answer.content.read(MAX_ANSWER - len(body))):
        body += piece
    return bytes(body)


def _ended(error: Exception) -> bool:
    """Whether a connection that stood was closed or reset; which of the two depends on who is quicker."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def _silent(error: Exception, number: int, seconds: float) -> Exchange:
    detail = str(error) or type(error).__name__
    return Exchange(step=number, no_answer=_why(error), detail=detail[:200], seconds=seconds)


def _why(error: Exception) -> NoAnswer:
    if isinstance(error, TimeoutError):
        return NoAnswer.TIMEOUT
    if isinstance(error, aiohttp.ClientConnectorSSLError | aiohttp.ClientConnectorCertificateError | ssl.SSLError):
        return NoAnswer.TLS
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return NoAnswer.REFUSED
    if isinstance(error, aiohttp.ClientOSError | aiohttp.ServerConnectionError | ConnectionError):
        return NoAnswer.CLOSED
    return NoAnswer.BROKEN
