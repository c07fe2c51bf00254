"""Where a run may send: one URL, resolved once, private unless its owner proves it."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .profile import Profile, UsageError

CHALLENGE_PATH = "/.well-known/camsim-challenge"
_PORTS = {"http": 80, "https": 443}


class SafetyError(RuntimeError):
    """The run is refused for safety (exit 4); the message says how to prove ownership."""


class UnreachableError(RuntimeError):
    """The target cannot be judged: it does not answer (exit 3)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A callback URL and the one address it stands for during a run."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    address: str
    public: bool
    context: ssl.SSLContext | None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def family(self) -> socket.AddressFamily:
        """Of the one address."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


def resolve(url: str, ca: Path | None = None) -> Target:
    """The target with its one address. Raises: UsageError for a bad URL; UnreachableError when DNS knows no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r}: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{url!r} is no callback URL: write http://HOST:PORT/PATH or https://…")
    if parts.username or parts.password:
        raise UsageError("the callback URL holds a user name or password: the gateway does not send these")
    port = port or _PORTS[parts.scheme]
    addresses = _addresses(parts.hostname, port)
    context = ssl.create_default_context(cafile=str(ca) if ca else None) if parts.scheme == "https" else None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    public = not all(_private(address) for address in addresses)
    return Target(url, parts.scheme, parts.hostname, port, path, addresses[0], public, context)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(
            f"the host {host!r} has no address ({error}): check the URL and the name server"
        ) from None
    found.sort(key=lambda row: row[0] != socket.AF_INET)
    return [str(row[4][0]) for row in found]


def _private(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    # Link-local is private by the book, and where clouds keep their metadata.
    return (ip.is_loopback or ip.is_private) and not ip.is_link_local and not ip.is_unspecified


def nonce(target: Target, profile: Profile) -> str:
    """What the owner of a public origin puts into the challenge file; known only to who knows the token."""
    seal = hmac.new(profile.devices[0].token.encode(), target.origin.encode(), hashlib.sha256).hexdigest()
    return f"camsim-{seal[:32]}"


def refuse_unless_allowed(target: Target, profile: Profile) -> None:
    """Returns when the address is private or ownership is claimed. Raises: SafetyError."""
    if target.public and not profile.i_own_this:
        raise SafetyError(
            f"{target.host} is {target.address}, not loopback or private. A run sends hostile bodies: only to "
            f"what is yours. If it is, put the line {nonce(target, profile)} into {target.origin}{CHALLENGE_PATH} "
            "and add --i-own-this."
        )


def refuse_unless_proven(target: Target, profile: Profile, status: int, body: bytes) -> None:
    """Returns when the challenge file of a public origin holds the nonce. Raises: SafetyError."""
    wanted = nonce(target, profile)
    if status != 200 or body.decode("utf-8", "replace").strip() != wanted:
        raise SafetyError(
            f"{target.origin}{CHALLENGE_PATH} answered HTTP {status} without the expected line. Put exactly {wanted} "
            "into that file and run again."
        )
