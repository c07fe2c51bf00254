"""One keep-alive HTTP/1.1 connection of the driver: lean, because its cost is a driver's capacity.

Plain gevent sockets with geventhttpclient's parser; Locust's FastHttpSession costs several times as much a request. Why
not h11: docs/decisions/0004-answers-without-h11.md.
"""

from __future__ import annotations

import time
from typing import Protocol, cast
from urllib.parse import urlsplit

import gevent
import gevent.socket
import msgspec
from gevent import ssl
from geventhttpclient.response import HTTPResponse

from camsim.ownership import DEFAULT_PORTS

MAXIMUM_ANSWER = 64 * 1024  # at most 64 kB of an answer are read
_READ = 16 * 1024


class ConnectionFailedError(OSError):
    """The request got no HTTP answer; `kind` names the cause in a word or two."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(": ".join(filter(None, (kind, detail))))
        self.kind = kind


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What came back."""

    status: int
    body: bytes


class Socket(Protocol):
    """What is used of a gevent socket, plain or TLS."""

    def sendall(self, data: bytes) -> object: ...
    def recv(self, size: int) -> bytes: ...
    def close(self) -> object: ...


class Target:
    """Where the storm goes: the address looked up once, the head of a request written once."""

    def __init__(self, url: str, timeout_s: float, ca_file: str = "", address: str = "") -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.port = parts.port or DEFAULT_PORTS[parts.scheme]
        self.path = parts.path or "/"
        if parts.query:
            self.path += "?" + parts.query
        self.timeout_s = timeout_s
        self.tls = None
        if parts.scheme == "https":
            self.tls = ssl.create_default_context(cafile=ca_file or None)
        self._authority = parts.netloc.rpartition("@")[2]
        self._pinned = address or self.host
        self._address: tuple[int, int, int, object] | None = None

    def head(self, content_type: str, query: str = "") -> bytes:
        """Everything before the length of a request."""
        path = self.path
        if query:
            separator = "&" if "?" in path else "?"
            path += separator + query
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self._authority}\r\nUser-Agent: camsim-storm\r\n"
            f"Content-Type: {content_type}\r\nAccept: */*\r\nContent-Length: "
        ).encode()

    def connect(self) -> Socket:
        """A connected socket. Raises: ConnectionFailedError."""
        family, kind, protocol, address = self._located()
        sock = gevent.socket.socket(family, kind, protocol)
        try:
            # All of it: the socket's own limit begins again with every byte of a TLS handshake that drips in.
            with gevent.Timeout(self.timeout_s, TimeoutError("no connection in time")):
                sock.connect(address)
                # Head and body leave in one write, but an answer must not wait for a segment's acknowledgement.
                sock.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
                if self.tls is not None:
                    sock = self.tls.wrap_socket(sock, server_hostname=self.host)
            sock.settimeout(self.timeout_s)
            return cast(Socket, sock)
        except OSError as error:
            sock.close()
            raise ConnectionFailedError(_kind(error, "cannot connect"), str(error)) from None

    def _located(self) -> tuple[int, int, int, object]:
        # Once a storm: thousands of connections would else be thousands of questions to the name server.
        if self._address is None:
            try:
                rows = gevent.socket.getaddrinfo(self._pinned, self.port, 0, gevent.socket.SOCK_STREAM)
            except OSError as error:
                raise ConnectionFailedError("cannot connect", str(error)) from None
            family, kind, protocol, _, address = rows[0]
            self._address = (family, kind, protocol, address)
        return self._address


class Connection:
    """Opens when it is needed and stays open as long as the peer lets it."""

    __slots__ = ("_sock", "_target", "reconnects")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sock: Socket | None = None
        self.reconnects = 0

    def post(self, head: bytes, body: bytes) -> Answer:
        """The answer to one request. Raises: ConnectionFailedError when none comes in time."""
        reused = self._sock is not None
        try:
            return self._exchange(head, body)
        except _StaleError:
            self.close()
            if not reused:
                raise ConnectionFailedError("connection closed", "before any byte of an answer") from None
        # The peer had closed an idle connection: that is no failure of the request (RFC 9112, section 9.3.1).
        self.reconnects += 1
        try:
            return self._exchange(head, body)
        except _StaleError:
            self.close()
            raise ConnectionFailedError("connection closed", "before any byte of an answer") from None

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _exchange(self, head: bytes, body: bytes) -> Answer:
        deadline = time.monotonic() + self._target.timeout_s
        sock = self._sock
        if sock is None:
            sock = self._sock = self._target.connect()
        try:
            sock.sendall(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            data = sock.recv(_READ)
            if not data:
                raise _StaleError
            return plain_answer(data) or self._parse(sock, data, deadline)
        except (BrokenPipeError, ConnectionResetError):
            raise _StaleError from None
        except ConnectionFailedError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise ConnectionFailedError(_kind(error, "connection failed"), str(error)) from None

    def _parse(self, sock: Socket, data: bytes, deadline: float) -> Answer:
        parser = HTTPResponse("POST")
        while True:
            _feed(parser, data)  # the empty end tells the parser that a body without a length is complete
            # 100 Continue is no answer: the one that counts follows it (RFC 9110, section 15.2).
            if parser.message_complete and parser.get_code() >= 200:
                break
            if not data:
                raise ConnectionFailedError("connection closed", "in the middle of an answer")
            # The socket's own limit starts again with every byte: a peer that sends slowly needs this one.
            if time.monotonic() > deadline:
                raise TimeoutError("the answer was not complete in time")
            data = sock.recv(_READ)
        if not data or not parser.should_keep_alive():
            self.close()
        return Answer(parser.get_code(), bytes(parser._body_buffer))


def _feed(parser: HTTPResponse, data: bytes) -> None:
    try:
        parser.feed(data)
    except Exception as error:
        if not data:
            raise ConnectionFailedError("connection closed", "in the middle of an answer") from None
        raise ConnectionFailedError("not HTTP", f"{error}: {data[:60]!r}") from None
    if len(parser._body_buffer) > MAXIMUM_ANSWER:
        raise ConnectionFailedError("answer too long", f"more than {MAXIMUM_ANSWER} bytes")


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
