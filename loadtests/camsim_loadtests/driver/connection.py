"""One keep-alive HTTP/1.1 connection of the driver: lean, because its cost is a driver's capacity.

Plain gevent sockets with geventhttpclient's parser; Locust's FastHttpSession costs several times as much a request.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import gevent.socket
import msgspec
from gevent import ssl
from geventhttpclient.response import HTTPResponse

MAXIMUM_ANSWER = 64 * 1024  # at most 64 kB of an answer are read
_READ = 16 * 1024


class LineError(OSError):
    """The request got no HTTP answer; `kind` names the cause in a word or two."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What came back."""

    status: int
    body: bytes


class Target:
    """Where the storm goes: the address looked up once, the head of a request written once."""

    def __init__(self, url: str, timeout_s: float, ca_file: str = "") -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.timeout_s = timeout_s
        self.tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        self._authority = parts.netloc.rpartition("@")[2]
        self._address: tuple[Any, ...] | None = None

    def head(self, content_type: str, query: str = "") -> bytes:
        """Everything before the length of a request."""
        path = self.path + (("&" if "?" in self.path else "?") + query if query else "")
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self._authority}\r\nUser-Agent: camsim-storm\r\n"
            f"Content-Type: {content_type}\r\nAccept: */*\r\nContent-Length: "
        ).encode()

    def connect(self) -> Any:
        """A connected socket. Raises: LineError."""
        sock = None
        try:
            if self._address is None:
                self._address = gevent.socket.getaddrinfo(self.host, self.port, 0, gevent.socket.SOCK_STREAM)[0]
            family, kind, protocol, _, address = self._address
            sock = gevent.socket.socket(family, kind, protocol)
            sock.settimeout(self.timeout_s)
            sock.connect(address)
            sock.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
            return self.tls.wrap_socket(sock, server_hostname=self.host) if self.tls else sock
        except OSError as error:
            if sock is not None:
                sock.close()
            raise LineError(_kind(error, "cannot connect"), str(error)) from None


class Line:
    """A connection that opens when it is needed and stays open as long as the peer lets it."""

    __slots__ = ("_sock", "_target", "reconnects")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sock: Any = None
        self.reconnects = 0

    def post(self, head: bytes, body: bytes) -> Answer:
        """The answer to one request. Raises: LineError when none comes in time."""
        reused = self._sock is not None
        try:
            return self._exchange(head, body)
        except _StaleError:
            self.close()
            if not reused:
                raise LineError("connection closed", "before any byte of an answer") from None
        # The peer had closed an idle connection: that is no failure of the request (RFC 9112, section 9.3.1).
        self.reconnects += 1
        try:
            return self._exchange(head, body)
        except _StaleError:
            self.close()
            raise LineError("connection closed", "before any byte of an answer") from None

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _exchange(self, head: bytes, body: bytes) -> Answer:
        deadline = time.monotonic() + self._target.timeout_s
        if self._sock is None:
            self._sock = self._target.connect()
        try:
            self._sock.sendall(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            return self._read(deadline)
        except (BrokenPipeError, ConnectionResetError):
            raise _StaleError from None
        except LineError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise LineError(_kind(error, "connection failed"), str(error)) from None

    def _read(self, deadline: float) -> Answer:
        data = self._sock.recv(_READ)
        if not data:
            raise _StaleError
        return plain_answer(data) or self._parse(data, deadline)

    def _parse(self, data: bytes, deadline: float) -> Answer:
        parser = HTTPResponse("POST")
        while True:
            self._feed(parser, data)  # the empty end tells the parser that a body without a length is complete
            if parser.message_complete and parser.get_code() >= 200:
                break
            if not data:
                raise LineError("connection closed", "in the middle of an answer")
            if time.monotonic() > deadline:
                raise TimeoutError("the answer was not complete in time")
            data = self._sock.recv(_READ)
        if not data or not parser.should_keep_alive():
            self.close()
        return Answer(parser.get_code(), bytes(parser._body_buffer))

    def _feed(self, parser: HTTPResponse, data: bytes) -> None:
        try:
            parser.feed(data)
        except Exception as error:
            if not data:
                raise LineError("connection closed", "in the middle of an answer") from None
            raise LineError("not HTTP", f"{error}: {data[:60]!r}") from None
        if len(parser._body_buffer) > MAXIMUM_ANSWER:
            raise LineError("answer too long", f"more than {MAXIMUM_ANSWER} bytes")


def plain_answer(data: bytes) -> Answer | None:
    """The answer when it came whole, with a length, on a connection that stays open; None leaves it to the parser.

    Almost every answer is of this kind, and reading it so costs a tenth of parsing every header.
    """
    end = data.find(b"\r\n\r\n")
    head = data[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if end < 0 or at < 0 or not head.startswith(b"http/1.1 ") or b"\r\ntransfer-encoding:" in head:
        return None
    if b"\r\nconnection:" in head and b"\r\nconnection: keep-alive" not in head:
        return None
    status, length = head[9:12], head[at + 17 :].partition(b"\r\n")[0].strip()
    if not status.isdigit() or status[:1] == b"1" or not length.isdigit() or len(data) != end + 4 + int(length):
        return None
    return Answer(int(status), data[end + 4 :])


class _StaleError(Exception):
    """The peer closed before it said anything."""


def _kind(error: OSError, otherwise: str) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLError):
        return "TLS"
    return otherwise
