"""One client of the target: pooled connections, a pinned address, a capped rate, no redirects; it waits when asked."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from .kept import Keeper, Try, ended
from .loop_lag import LoopLag
from .pacing import BACK_OFF_S, Line, Pace, asked_wait_s

AGENT = f"camsim-conformance/{SUITE_VERSION}"
# What the HTTP library writes as it is meant; the other transports are written by hand.
_LIBRARY = frozenset({Transport.POOLED, Transport.CHUNKED})
CHUNK = 512  # bytes; small, so that also a punch is more than one chunk


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


class Client:
    """Sends steps; an async context manager. `deferred` counts sends that the target asked to repeat later;
    `answered_at` is when it last answered anything, on the monotonic clock."""

    def __init__(self, target: Target, profile: Profile) -> None:
        self.target = target
        self.profile = profile
        self.pace = Pace(profile.rate)
        self.line = Line(profile.in_flight, profile.deadline_s)
        self.deferred = 0
        self.answered_at = 0.0
        self._lag = LoopLag()
        self._on_wire = 0
        self._starts = 0
        self._always_deferred = False

    async def __aenter__(self) -> Client:
        # The line says how many are in flight; a limit here would make a second queue that nobody sees.
        self._kept = Keeper(_Pinned(self.target), limit=0, ssl=self.target.context or True)
        timeout = aiohttp.ClientTimeout(total=self.profile.patience_s)
        self._session = aiohttp.ClientSession(connector=self._kept, timeout=timeout, headers={"User-Agent": AGENT})
        self._lag.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._lag.stop()
        await self._session.close()
        await asyncio.sleep(0)

    async def get(self, path: str) -> tuple[int, bytes]:
        """GET a path of the target's origin. Raises: aiohttp.ClientError, TimeoutError."""
        async with self._session.get(f"{self.target.origin}{path}", allow_redirects=False) as answer:
            return answer.status, await _body(answer)

    async def send(
        self, step: Step, number: int = 0, *, patience_s: float | None = None, urgent: bool = False
    ) -> Exchange:
        """One copy of a step; `patience_s` instead of the profile's; `urgent` goes ahead of what waits. An answer that
        asks to come later is obeyed, up to five tries in all. Never raises for what the peer does."""
        if patience_s is None:
            patience_s = self.profile.patience_s
        tries = 1
        exchange = await self._once(step, number, patience_s, urgent=urgent)
        while await self._wait_if_asked(exchange, tries):
            tries += 1
            # Ahead of others: whoever was sent away once is not to be sent away until it has no tries left.
            exchange = await self._once(step, number, patience_s, urgent=True)
        return replace(exchange, deferred=tries - 1)

    async def send_together(self, step: Step, *, patience_s: float, number: int = 0) -> list[Exchange]:
        """All copies of a step at the same moment, each on a connection of its own. As `send` otherwise."""
        await self.line.enter(step.copies)
        try:
            await self.pace.turn()
            with self._on_the_wire(step.copies) as alone:
                found = await raw_http.send_together(self.target, step, number, AGENT, patience_s)
        finally:
            self.line.leave(step.copies)
        return list(await asyncio.gather(*(self._taken(exchange, step, alone, patience_s) for exchange in found)))

    async def _taken(self, exchange: Exchange, step: Step, alone: bool, patience_s: float) -> Exchange:
        """A copy as it is kept; sent again, by itself, when its answer asks for that."""
        noted = self._noted(exchange, alone)
        # A burst that is meant to be one is too much at once at any rate: it is no reason for a lower one.
        if not await self._wait_if_asked(noted, 1, slower=False):
            return noted
        again = await self.send(step, noted.step, patience_s=patience_s, urgent=True)
        return replace(again, deferred=again.deferred + 1)

    async def _once(self, step: Step, number: int, patience_s: float, *, urgent: bool) -> Exchange:
        await self.line.enter(urgent=urgent)
        try:
            await self.pace.turn()
            with self._on_the_wire(1) as alone:
                started = self._starts
                if step.transport in _LIBRARY:
                    exchange = await self._pooled(step, number, patience_s)
                else:
                    exchange = await raw_http.send(self.target, step, number, AGENT, patience_s)
            noted = self._noted(exchange, alone)
            if step.transport is Transport.POOLED:
                self.line.note(noted, step.what, undisturbed=alone and started == self._starts)
            return noted
        finally:
            self.line.leave()

    @contextmanager
    def _on_the_wire(self, copies: int) -> Iterator[bool]:
        """Gives whether nothing else is in flight at the start."""
        alone = self._on_wire == 0
        self._on_wire += copies
        self._starts += 1
        try:
            yield alone
        finally:
            self._on_wire -= copies

    def _noted(self, exchange: Exchange, alone: bool) -> Exchange:
        if exchange.answered:
            self.answered_at = time.monotonic()
        return replace(exchange, alone=alone, lag_s=self._lag.since(exchange.at))

    async def _wait_if_asked(self, exchange: Exchange, tries: int, *, slower: bool = True) -> bool:
        """Whether the step is to be sent again, after the time that the answer asked for."""
        wait_s = asked_wait_s(exchange, tries)
        if wait_s is None:
            # Who says so to everything is not asked five times each: once, until something else was answered.
            self._always_deferred = exchange.status in (429, 503) and tries > len(BACK_OFF_S)
            return False
        if self._always_deferred:
            return False
        self.deferred += 1
        if slower:
            self.pace.slow_down(exchange.at)
        self.pace.pause(wait_s)
        await asyncio.sleep(wait_s)
        return True

    async def _pooled(self, step: Step, number: int, patience_s: float) -> Exchange:
        begin = time.monotonic()
        retried, dropped, why = 0, 0, ""
        while True:
            attempt = Try()
            self._kept.current.set(attempt)
            try:
                status, headers, body = await self._post(step, patience_s)
                exchange = Exchange(step=number, status=status, headers=headers, body=body)
                self._kept.answered(attempt)
                break
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                dropped += self._kept.dropped(attempt, error)
                # A connection that ended: the gateway would open another one as well.
                if retried or not ended(error):
                    exchange = _silent(error, number)
                    break
                retried, why = 1, _why_retried(attempt, error)
        return replace(
            exchange,
            seconds=time.monotonic() - begin,
            at=begin,
            reused=attempt.reused,
            retried=retried,
            why_retried=why,
            dropped=dropped,
        )

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


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def _silent(error: Exception, number: int) -> Exchange:
    detail = str(error) or type(error).__name__
    return Exchange(step=number, no_answer=_why(error), detail=detail[:200])


def _why_retried(attempt: Try, error: Exception) -> str:
    kind = "a kept connection" if attempt.reused else "a new connection"
    return f"{kind} ended: {str(error) or type(error).__name__}"[:200]


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
