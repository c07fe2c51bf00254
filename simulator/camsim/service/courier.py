"""Carries callbacks to their URLs over HTTP: pooled connections, one limit an origin, faults of the transport."""

from __future__ import annotations

import asyncio
import re
import ssl
import string
import time
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

import aiohttp
from yarl import URL

from camsim.kernel.events import Answered, Send
from camsim.state.faults import Options
from camsim.wording import clean

from . import transport_faults
from .lean_post import MOST_ROUTES, Route, limited, remembering
from .timeouts import Patience
from .transport_faults import USER_AGENT

PER_ORIGIN = 100


class Courier:
    """Sends and reports; `report` gets an Answered event for every Send."""

    def __init__(
        self, report: Callable[[Answered], None], *, tls: ssl.SSLContext | bool = True, keepalive: bool = True
    ) -> None:
        self._report = report
        self._tls = tls
        self._keepalive = keepalive
        self._session: aiohttp.ClientSession | None = None
        self._origins: dict[str, asyncio.Semaphore] = {}
        self._routes: dict[tuple[str, str], Route] = {}  # of the session that is open, by origin and Content-Type
        self._urls: dict[str, tuple[URL, asyncio.Semaphore]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience = Patience()
        self._reporting = ""
        self._following: Send | None = None
        self.out: dict[str, tuple[float, Send]] = {}  # by device: since when (`perf_counter`)
        self.heard = 0.0  # when an attempt last ended

    def send(self, effect: Send) -> None:
        """Begin an attempt; the report comes later, whatever happens."""
        if effect.device == self._reporting:
            self._following = effect  # the task that reports goes on with it
            return
        task = asyncio.get_running_loop().create_task(self._carry_on(effect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is under way and close the connections."""
        old, self._session = self._session, None  # an attempt that begins meanwhile gets connections of its own
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if old is not None:
            await old.close()

    async def configure(self, tls: ssl.SSLContext | bool, keepalive: bool) -> None:
        """Use other TLS or pooling settings from the next attempt on."""
        if (tls, keepalive) != (self._tls, self._keepalive):
            self._tls, self._keepalive = tls, keepalive
            old, self._session = self._session, None
            if old is not None:
                await old.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(
                limit=0, limit_per_host=0, force_close=not self._keepalive, ttl_dns_cache=60
            )
            self._routes = {}
            self._session = aiohttp.ClientSession(
                connector=connector,
                request_class=remembering(self._keep),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None, sock_read=None),
                headers={"User-Agent": USER_AGENT},
                trust_env=False,
            )
        return self._session

    def _route(self, url: str) -> tuple[URL, asyncio.Semaphore]:
        route = self._urls.get(url)
        if route is None:
            parsed = URL(_ascii(url), encoded=True)
            gate = self._origins.setdefault(str(parsed.origin()), asyncio.Semaphore(PER_ORIGIN))
            route = self._urls[url] = (parsed, gate)
        return route

    async def _carry_on(self, first: Send) -> None:
        """Attempts of one device, one after the other, as long as each report leads to the next."""
        effect: Send | None = first
        while effect is not None:
            answered = await self._attempt(effect)
            self._reporting, self._following = effect.device, None
            try:
                self._report(answered)
            finally:
                self._reporting, effect, self._following = "", self._following, None

    async def _attempt(self, effect: Send) -> Answered:
        answered = Answered(effect.device, effect.delivery, effect.attempt, real_s=time.time())
        began, entry = time.perf_counter(), None
        try:
            url, gate = self._route(effect.url)
            async with gate:
                began = time.perf_counter()
                entry = self.out[effect.device] = began, effect
                with self._patience.limit(effect.timeout_s):
                    if effect.faults:
                        await self._carry(effect, url, answered)
                    else:
                        await self._post(effect, url, answered)
        except Exception as problem:  # whatever a peer does to us is an answer, never our failure
            answered.error = clean(_why(problem, effect))
        finally:
            if self.out.get(effect.device) is entry:  # not that of a world that began meanwhile
                self.out.pop(effect.device, None)
        self.heard = time.perf_counter()
        answered.took_ms = (self.heard - began) * 1000
        return answered

    async def _carry(self, effect: Send, url: URL, answered: Answered) -> None:
        faults = dict(effect.faults)
        if "delay" in faults:
            await asyncio.sleep(faults["delay"].get("ms", 1000) / 1000)
        if "charset" in faults:
            effect.content_type = effect.content_type.partition(";")[0] + "; charset=utf-8"
        kinds = [do for do in faults if do in transport_faults.KINDS]
        if kinds:
            await transport_faults.carry(effect, url, kinds[0], faults[kinds[0]], answered)
        else:
            await self._copies(effect, url, faults, answered)
        if "late" in faults:
            await asyncio.sleep(faults["late"].get("ms", 1000) / 1000)

    async def _copies(self, effect: Send, url: URL, faults: dict[str, Options], answered: Answered) -> None:
        """One copy, or as many as the fault says on connections of their own; the first one's answer counts."""
        copies = 1
        if "concurrent" in faults:
            copies = int(faults["concurrent"].get("copies", 2))
        others = [Answered(effect.device, effect.delivery, effect.attempt) for _ in range(copies - 1)]
        results = await asyncio.gather(
            *(self._post(effect, url, one) for one in (answered, *others)), return_exceptions=True
        )
        if isinstance(results[0], BaseException):
            raise results[0]

    def _keep(self, request: aiohttp.ClientRequest) -> None:
        """Later requests to this origin are made like this one, unless it carried a password of its URL."""
        if self._keepalive and len(self._routes) < MOST_ROUTES and "Authorization" not in request.headers:
            self._routes[str(request.url.origin()), request.headers["Content-Type"]] = Route(request)

    async def _post(self, effect: Send, url: URL, answered: Answered) -> None:
        session = self._open()
        route = self._routes.get((_origin(url), effect.content_type))
        if route is not None and session.connector is not None:
            await route.post(session.connector, url, effect.body, answered)
            return
        async with session.post(
            url,
            data=effect.body,
            headers={"Content-Type": effect.content_type},
            allow_redirects=False,
            ssl=self._tls,
        ) as response:
            answered.status = response.status
            answered.content_type = clean(response.headers.get("Content-Type", ""))
            answered.body = await limited(response.headers, response.content)


@lru_cache(maxsize=4096)
def _origin(url: URL) -> str:
    """Where a route may lead; nowhere for a URL with a name or password, whose requests are not like others."""
    return "" if url.raw_user or url.raw_password else str(url.origin())


def _ascii(url: str) -> str:
    """The URL as it goes on the wire: a host in punycode, beyond ASCII percent-encoded, the rest as it is written."""
    if url.isascii():
        return url
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{URL(f'{scheme}://{authority}').raw_authority}{quote(rest[len(authority) :], string.printable)}"


def _why(problem: Exception, effect: Send) -> str:
    if isinstance(problem, TimeoutError):
        return f"no answer within {effect.timeout_s:g} s"
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return f"TLS certificate refused: {problem.certificate_error}"
    if isinstance(problem, aiohttp.ClientConnectorSSLError):
        return f"TLS failed: {problem}"
    if isinstance(problem, aiohttp.ClientConnectorError):
        return f"cannot connect: {problem.os_error.strerror or problem.os_error}"
    if isinstance(problem, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    text = str(problem)
    return f"{type(problem).__name__}: {text[:200]}" if text else type(problem).__name__
