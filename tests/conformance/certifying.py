"""Short ways to a certified run for the tests of the suite."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from camsim_conformance.report.document import document
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
FAST = {"settle_s": 0.3, "patience_s": 3.0}


def profile(url: str, readback: str | None = None, *globs: str, **more: Any) -> Profile:
    """A profile with a short settle time; `globs` choose requirements."""
    fields: dict[str, Any] = {"features": frozenset({"core"}), **FAST, **more}
    return Profile(url, fields.pop("devices", (Device(TOKEN),)), readback=readback, globs=globs or ("*",), **fields)


def run(chosen: Profile) -> Result:
    """The result of a profile."""
    record = Session(chosen).run()
    return conclude(record, judge_all(record.observed()))


def gathered(chosen: Profile) -> RunRecord:
    """What the run gathered, not judged."""
    return Session(chosen).run()


def told(chosen: Profile) -> dict[str, Any]:
    """The document of a run."""
    return document(run(chosen))


def judged(record: RunRecord) -> dict[str, Any]:
    """The document of what a run gathered."""
    return document(conclude(record, judge_all(record.observed())))


def verdicts(result: Result) -> dict[str, str]:
    """Verdict by requirement id."""
    return {row.requirement.id: str(row.verdict) for row in result.requirements}


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The base URL of a server with this handler."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


Answer = Callable[[str, list[str]], Any]
CAPABILITIES = {"time_policy": "instant", "keeps": ["punches", "type", "input"]}


@contextmanager
def adapter(answer: Answer, capabilities: Any = CAPABILITIES, status: int = 200) -> Iterator[str]:
    """A read-back that answers `answer(kind, users)`, true or not."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            kind = parts.path.rsplit("/", 1)[-1]
            document = capabilities if kind == "capabilities" else answer(kind, parse_qs(parts.query).get("user", []))
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status if kind != "capabilities" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with serving(Handler) as url:
        yield url


class TcpServer:
    """A TCP server that does `serve(reader, writer)` with every connection, in a thread of its own."""

    def __init__(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> None:
        self._serve = serve
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._open: set[asyncio.WriteTransport] = set()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        # Handshakes that break off, connections cut by a dying server: what this server meets is the test's business.
        self._loop.set_exception_handler(lambda *_: None)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        await self.listen(None)

    async def listen(self, tls: ssl.SSLContext | None) -> None:
        """Serve until the end is set; no connection outlives it."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for transport in self._open:
            transport.abort()
        # An aborted transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer.transport)
        try:
            await self._serve(reader, writer)
        finally:
            # `serve` may have been cancelled, or have failed, before it closed what it was given.
            writer.close()
            self._open.discard(writer.transport)

    def __enter__(self) -> TcpServer:
        self._thread.start()
        self._ready.wait(5)
        return self

    def die(self) -> None:
        """Stop listening, now; from inside `serve`."""
        self._end.set()

    def __exit__(self, *_: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(5)


def rows(result: Mapping[str, Any], requirement: str) -> dict[str, Any]:
    """The document's row of a requirement."""
    return next(row for row in result["requirements"] if row["id"] == requirement)
