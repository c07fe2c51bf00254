"""Is a host ours to send to? Loopback and private addresses are; the owner of a public one puts a line into a file.

`camsim certify` sends hostile bodies and `camsim storm` a load that takes a server down: neither may go to a stranger.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .addresses import METADATA_NAMES, PUBLIC, is_private, why_foreign

CHALLENGE_PATH = "/.well-known/camsim-challenge"
DEFAULT_PORTS = {"http": 80, "https": 443}
_TIMEOUT_S = 10.0
_LONGEST_CHALLENGE = 4096
_MOST_TRIED, _TRY_S = 4, 1.0


class SafetyError(RuntimeError):
    """The host is not shown to be one's own (exit 4); the message says how to show it."""


class UnreachableError(RuntimeError):
    """Nothing can be told about the host: it has no address, or does not answer (exit 3)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL: what a challenge file speaks for. `http` or `https` alone.

    `address`: the one the host stands for, once `pinned` has looked it up; everything goes there and nowhere else.
    """

    scheme: str
    host: str
    port: int
    address: str = field(default="", compare=False)

    @property
    def authority(self) -> str:
        """Host and port as the Host header writes them: no default port, brackets around IPv6."""
        host = self.host
        if ":" in host:
            host = f"[{host}]"
        if self.port == DEFAULT_PORTS[self.scheme]:
            return host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def origin_of(url: str) -> Origin:
    """The origin of a URL, whatever path, query and user name it has. Raises: ValueError for what is no HTTP URL."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of a host: write http://HOST:PORT/PATH or https://…")
    return Origin(parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme])


def addresses_of(origin: Origin) -> list[str]:
    """Every address of the host, IPv4 first. Raises: UnreachableError when the name server knows none."""
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(
            f"the host {origin.host!r} has no address ({error}): check the URL and the name server"
        ) from None
    # IPv4 first: many hosts announce IPv6 and listen to IPv4 alone.
    found.sort(key=lambda row: row[0] != socket.AF_INET)
    return [str(row[4][0]) for row in found]


def pinned(origin: Origin) -> tuple[Origin, str | None]:
    """The origin with its one address, and why it may be a stranger's; None for what is one's own by its address.

    Whoever connects uses this address: a name server that answers otherwise the next time moves nothing. Raises:
    UnreachableError.
    """
    addresses = addresses_of(origin)
    # One foreign address is enough: the name is somebody's who gave it that one.
    foreign = next((address for address in addresses if not is_private(address)), None)
    if foreign is not None:
        return replace(origin, address=addresses[0]), f"{origin.host} is {foreign}, {why_foreign(foreign) or PUBLIC}"
    if origin.host.rstrip(".").lower() in METADATA_NAMES:
        return replace(origin, address=addresses[0]), f"{origin.host} is the name of a cloud's metadata service"
    return replace(origin, address=_answering(addresses, origin.port)), None


def _answering(addresses: list[str], port: int) -> str:
    """Of several addresses of one's own the first that accepts: `localhost` may be served on one of two alone."""
    for address in dict.fromkeys(addresses[:_MOST_TRIED]):
        if len(addresses) == 1:
            break
        with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=_TRY_S):
            return address
    return addresses[0]


# --- whose a public host is -------------------------------------------------------------------------------------------


def nonce(origin: Origin, token: str) -> str:
    """What the owner puts into the challenge file: made from the origin, by whoever knows the AuthToken."""
    # Known only to who knows the token, and useless on any other host: a stranger's file proves nothing.
    seal = hmac.new(token.encode(), str(origin).encode(), hashlib.sha256).hexdigest()
    return f"camsim-{seal[:32]}"


def own_origin(url: str, token: str, *, claimed: bool, ca: Path | None, only: str) -> Origin:
    """The pinned origin of a URL that is one's own: loopback or private, or claimed and with the nonce put up.

    `only`: the rule, for who breaks it. Raises: SafetyError; UnreachableError when the name has no address or its host
    does not answer.
    """
    origin, foreign = pinned(origin_of(url))
    if foreign is not None:
        refuse_unclaimed(origin, token, claimed, f"{foreign}. {only}")
        refuse_unproven(origin, token, *read_challenge(origin, ca))
    return origin


def refuse_unclaimed(origin: Origin, token: str, claimed: bool, reason: str) -> None:
    """Returns when somebody claims the public host with --i-own-this; `reason` says why it has to be theirs.

    Raises: SafetyError with the line that proves it.
    """
    if not claimed:
        raise SafetyError(
            f"{reason} If it is, put the line {nonce(origin, token)} into {origin}{CHALLENGE_PATH} "
            "and add --i-own-this."
        )


def refuse_unproven(origin: Origin, token: str, status: int, body: bytes) -> None:
    """Returns when the challenge file, answered so, holds the nonce. Raises: SafetyError."""
    wanted = nonce(origin, token)
    if status != 200 or body.decode("utf-8", "replace").strip() != wanted:
        raise SafetyError(
            f"{origin}{CHALLENGE_PATH} answered HTTP {status} without the expected line. Put exactly {wanted} "
            "into that file and run again."
        )


def read_challenge(origin: Origin, ca: Path | None = None) -> tuple[int, bytes]:
    """GET the challenge file: status and body. `ca`: the authority of an HTTPS host, PEM. Raises: UnreachableError."""
    connection = connect(origin, ca, _TIMEOUT_S)
    try:
        connection.request("GET", CHALLENGE_PATH)
        answer = connection.getresponse()
        return answer.status, answer.read(_LONGEST_CHALLENGE)
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{origin} does not answer: {error}") from None
    finally:
        connection.close()


# --- connections ------------------------------------------------------------------------------------------------------


class _Until(io.RawIOBase):
    """What a socket brings until a moment: its own limit would begin again with every byte that drips in."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, until: float) -> None:
        self._sock, self._raw, self._until = sock, raw, until

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As a socket's file does. Raises: TimeoutError after the moment."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer was not complete in time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer) or 0

    def close(self) -> None:
        """The socket's file too: the library closes the socket itself before the body is read."""
        self._raw.close()
        super().close()


class _Final(http.client.HTTPResponse):
    """The answer that counts, whole within the connection's time limit.

    The library skips 100 alone of the interim ones (RFC 9110, section 15.2), and limits each read, not all of them.
    """

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        limit = sock.gettimeout()
        if limit is not None:
            self.fp = io.BufferedReader(_Until(sock, self.fp.detach(), time.monotonic() + limit))

    def begin(self) -> None:
        """Read up to the end of the head. Raises: http.client.HTTPException, OSError."""
        super().begin()
        while 101 < self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]  # else it has begun already
            super().begin()


class _Plain(http.client.HTTPConnection):
    response_class = _Final

    def __init__(self, origin: Origin, timeout_s: float, context: ssl.SSLContext | None) -> None:
        super().__init__(origin.host, origin.port, timeout=timeout_s)
        self.default_port = DEFAULT_PORTS[origin.scheme]
        self._origin, self._limit_s, self._tls = origin, timeout_s, context

    def connect(self) -> None:
        """To the pinned address, proved by the name. Raises: OSError."""
        sock = socket.create_connection((self._origin.address or self._origin.host, self._origin.port), self._limit_s)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = sock if self._tls is None else self._tls.wrap_socket(sock, server_hostname=self._origin.host)
        except OSError:
            sock.close()
            raise

    def request(self, *args: Any, **more: Any) -> None:
        """As the library does, with the whole time limit for this exchange. Raises: OSError."""
        if self.sock is not None:
            self.sock.settimeout(self._limit_s)  # the last answer has used up its own
        super().request(*args, **more)


def connect(origin: Origin, ca: Path | None, timeout_s: float) -> http.client.HTTPConnection:
    """A connection that opens with its first request; TLS trusts `ca` alone where one is given.

    An answer has to be whole within `timeout_s`; redirects are not followed.
    """
    context = None
    if origin.scheme == "https":
        context = ssl.create_default_context(cafile=ca)
    return _Plain(origin, timeout_s, context)
