"""Is a host ours to send to? Loopback and private addresses are; the owner of a public one puts a line into a file.

`camsim certify` sends hostile bodies and `camsim storm` a load that takes a server down: neither may go to a stranger.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CHALLENGE_PATH = "/.well-known/camsim-challenge"
DEFAULT_PORTS = {"http": 80, "https": 443}
_TIMEOUT_S = 10.0
_LONGEST_CHALLENGE = 4096


class SafetyError(RuntimeError):
    """The host is not shown to be one's own (exit 4); the message says how to show it."""


class UnreachableError(RuntimeError):
    """Nothing can be told about the host: it has no address, or does not answer (exit 3)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL: what a challenge file speaks for. `http` or `https` alone."""

    scheme: str
    host: str
    port: int

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


def is_private(address: str) -> bool:
    """True for an address that no stranger can own."""
    ip = ipaddress.ip_address(address.split("%")[0])
    # Link-local is private by the book, and where clouds keep their metadata.
    return (ip.is_loopback or ip.is_private) and not ip.is_link_local and not ip.is_unspecified


def nonce(origin: Origin, token: str) -> str:
    """What the owner puts into the challenge file: made from the origin, by whoever knows the AuthToken."""
    # Known only to who knows the token, and useless on any other host: a stranger's file proves nothing.
    seal = hmac.new(token.encode(), str(origin).encode(), hashlib.sha256).hexdigest()
    return f"camsim-{seal[:32]}"


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


class _Final(http.client.HTTPResponse):
    """The answer that counts: the library skips 100 alone of the interim ones (RFC 9110, section 15.2)."""

    def begin(self) -> None:
        """Read up to the end of the head. Raises: http.client.HTTPException, OSError."""
        super().begin()
        while 101 < self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]  # else it has begun already
            super().begin()


class _Plain(http.client.HTTPConnection):
    response_class = _Final


class _Secure(http.client.HTTPSConnection):
    response_class = _Final


def connect(origin: Origin, ca: Path | None, timeout_s: float) -> http.client.HTTPConnection:
    """A connection that opens with its first request; TLS trusts `ca` alone where one is given."""
    if origin.scheme == "http":
        return _Plain(origin.host, origin.port, timeout=timeout_s)
    context = ssl.create_default_context(cafile=ca)
    return _Secure(origin.host, origin.port, timeout=timeout_s, context=context)
