"""Where a run may send: one URL, resolved once, private unless its owner proves it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from camsim import ownership
from camsim.ownership import CHALLENGE_PATH, DEFAULT_PORTS, Origin, SafetyError, UnreachableError
from camsim.secrecy import without_credentials

from .profile import Profile, UsageError

# What others need to know of ownership comes from here, so that they know one module of addresses.
__all__ = [
    "CHALLENGE_PATH",
    "SafetyError",
    "Target",
    "UnreachableError",
    "nonce",
    "refuse_unless_allowed",
    "refuse_unless_proven",
    "resolve",
]


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
    why_public: str = ""

    @property
    def owned(self) -> Origin:
        """What the challenge file speaks for."""
        return Origin(self.scheme, self.host, self.port)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return str(self.owned)

    @property
    def netloc(self) -> str:
        """The Host header."""
        return self.owned.authority

    @property
    def family(self) -> socket.AddressFamily:
        """Of the one address."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET


def resolve(url: str, ca: Path | None = None) -> Target:
    """The target with its one address. Raises: UsageError for a bad URL; UnreachableError when DNS knows no address."""
    shown = without_credentials(url)
    if "@SECRET@" in url:
        raise UsageError(f"{shown!r}: the secret in this URL is not kept in a report; give --url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{shown!r}: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise UsageError(f"{shown!r} is no callback URL: write http://HOST:PORT/PATH or https://…")
    if parts.username or parts.password:
        raise UsageError("the callback URL holds a user name or password: the gateway does not send these")
    port = port or DEFAULT_PORTS[parts.scheme]
    origin, foreign = ownership.pinned(Origin(parts.scheme, parts.hostname, port))
    context = None
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca)
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return Target(
        url=url,
        scheme=parts.scheme,
        host=parts.hostname,
        port=port,
        path=path,
        address=origin.address,
        public=foreign is not None,
        why_public=foreign or "",
        context=context,
    )


def nonce(target: Target, profile: Profile) -> str:
    """What the owner of a public origin puts into the challenge file; known only to who knows the first token."""
    return ownership.nonce(target.owned, profile.devices[0].token)


def refuse_unless_allowed(target: Target, profile: Profile) -> None:
    """Returns when the address is private or ownership is claimed. Raises: SafetyError."""
    if target.public:
        reason = f"{target.why_public or target.host}. A run sends hostile bodies: only to what is yours."
        ownership.refuse_unclaimed(target.owned, profile.devices[0].token, profile.i_own_this, reason)


def refuse_unless_proven(target: Target, profile: Profile, status: int, body: bytes) -> None:
    """Returns when the challenge file of a public origin holds the nonce. Raises: SafetyError."""
    ownership.refuse_unproven(target.owned, profile.devices[0].token, status, body)
