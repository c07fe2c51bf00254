"""The synchronous receiver's HTTP side: threads, keep-alive, both ways to frame a body, and a bound on everything."""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import parse_qs, urlsplit

from camsim.receiver.devices import Settings
from camsim.receiver.sightings import Sighting

from .reading import Callback, UnreadableError, read, rows
from .rows import NoteRow
from .storage import Storage

DONE = b'{"status":"done"}'
REJECTED = b'{"status":"rejected"}'
CAPABILITIES = {
    "time_policy": "instant",
    "keeps": ["punches", "templates", "users", "type", "input", "temperature", "mask", "device"],
}
_MOST_IDS = 100
_PATIENCE_S = 15.0
_DRAIN_BYTES = 64 * 1024 * 1024
_DRAIN_S = 2.0
Answer = tuple[int, bytes]
Accepted = socket.socket | tuple[bytes, socket.socket]  # as socketserver types both of its kinds


class TooLargeError(Exception):
    """The body is larger than this receiver reads."""


class BadFramingError(Exception):
    """The body's length is neither stated nor chunked in a readable way."""


class SqliteServer(ThreadingHTTPServer):
    """Listens at once; `serve_forever` in a thread of the caller's, `stop` from any other."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        address: tuple[str, int],
        settings: Settings,
        path: str = ":memory:",
        seen: Callable[[Sighting], None] | None = None,
    ) -> None:
        self.settings = settings
        self.seen = seen
        self.storage = Storage(path)
        self._open: set[socket.socket] = set()
        try:
            super().__init__(address, _Handler)
        except OSError:
            self.storage.close()
            raise

    def process_request(self, request: Accepted, client_address: object) -> None:
        """Remember the connection, so that `stop` can end one that idles between two requests."""
        self._open.add(cast("socket.socket", request))  # of a TCP server, never a datagram
        super().process_request(request, client_address)

    def shutdown_request(self, request: Accepted) -> None:
        """Forget a connection that ended."""
        self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A peer that goes away in the middle is no news."""

    def stop(self) -> None:
        """Stop listening, end idle connections, close the database."""
        self.shutdown()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self.storage.close()

    def answer(self, body: bytes) -> Answer:
        """Store a callback and say what to answer: done for all that is authentic, whatever became of it (V3:1166)."""
        try:
            callback = read(body, self.settings)
        except UnreadableError as error:
            return self._tell("?", str(error), 400, b'{"status":"unreadable"}')
        if not self._authentic(callback.token):
            return self._tell(callback.version, "token", 401, REJECTED)
        return self._tell(callback.version, self._keep(callback), 200, DONE)

    def _authentic(self, token: str) -> bool:
        known = [device.token for device in self.settings.devices]
        return not known or any(hmac.compare_digest(token.encode(), one.encode()) for one in known)

    def _keep(self, callback: Callback) -> str:
        found = rows(callback, self.settings)
        try:
            self.storage.apply(found)
        except Exception as error:
            # A value the database refuses must not hold the device's queue (V3:1166).
            self.storage.apply([NoteRow("failed", "", type(error).__name__)])
            return "failed"
        return ", ".join(dict.fromkeys(type(row).__name__.removesuffix("Row").lower() for row in found)) or "empty"

    def _tell(self, version: str, what: str, status: int, body: bytes) -> Answer:
        if self.seen is not None:
            self.seen(Sighting(version, what, status))
        return status, body

    def read_back(self, path: str, query: str) -> Answer:
        """Answer a `GET /readback/…` (conformance, Read-back)."""
        users = parse_qs(query, keep_blank_values=True).get("user", [])
        pages: dict[str, Callable[[], object]] = {
            "capabilities": lambda: CAPABILITIES,
            "punches": lambda: {"punches": self.storage.punches(users)},
            "templates": lambda: {"templates": self.storage.templates(users)},
            "users": lambda: {"users": self.storage.users(users)},
            "counts": self.storage.counts,
        }
        page = pages.get(path.removeprefix("/readback/"))
        if not self.settings.readback or page is None:
            return 404, b'{"error":"no such page; read-back is on with --readback"}'
        if len(users) > _MOST_IDS:
            return 400, b'{"error":"at most 100 ids a request"}'
        return 200, json.dumps(page(), ensure_ascii=False, separators=(",", ":")).encode()


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads whole requests, so that the next one on it starts where it should."""

    protocol_version = "HTTP/1.1"
    server_version = "camsim-receiver"
    sys_version = ""
    timeout = _PATIENCE_S
    wbufsize = -1
    disable_nagle_algorithm = True
    server: SqliteServer

    def do_POST(self) -> None:
        try:
            body = self._body()
        except TooLargeError:
            self._refuse(413, b'{"status":"too large"}')
        except BadFramingError:
            self._refuse(400, b'{"status":"unreadable"}')
        else:
            self._send(*self.server.answer(body))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/readback/"):
            self._send(*self.server.read_back(parts.path, parts.query))
        else:
            self._send(405, b'{"status":"POST a callback here"}')

    def handle_expect_100(self) -> bool:
        """Send the interim answer at once: answers are buffered, and the peer waits for this one."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def log_message(self, format: str, *args: object) -> None:
        """The sightings tell what came; the access log would only repeat it."""

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0").strip()
        if not length.isdigit():
            raise BadFramingError
        if int(length) > self.server.settings.max_body:
            raise TooLargeError
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > self.server.settings.max_body:
                raise TooLargeError
            body += self._exactly(size)
            self.rfile.readline(3)
        while self.rfile.readline(1025).strip():  # trailers end with an empty line
            pass
        return bytes(body)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(1025).split(b";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            raise BadFramingError from None

    def _exactly(self, length: int) -> bytes:
        data = self.rfile.read(length)  # as much as asked for, unless the peer went away
        if len(data) < length:
            raise ConnectionError("the peer stopped in the middle of a body")
        return data

    def _refuse(self, status: int, body: bytes) -> None:
        """Answer, then swallow what still comes: closing at once would reset the connection under the answer."""
        self.close_connection = True
        self._send(status, body)
        self.wfile.flush()
        self.connection.settimeout(_DRAIN_S)
        end, left = time.monotonic() + _DRAIN_S, _DRAIN_BYTES
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and time.monotonic() < end and (data := self.rfile.read1(65536)):
                left -= len(data)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
