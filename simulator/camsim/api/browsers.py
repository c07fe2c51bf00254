"""Keeps pages in browsers out of the control API: whose Host is served, and which Origin may call.

Every page that somebody opens may send requests to this port. A browser says so in headers that no page can change:
`Origin` and `Sec-Fetch-Site`. Programs send neither, and stay as they are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

from aiohttp import web

from camsim.kernel.events import ControlError

_AUTHORITY = re.compile(r"(\[[0-9a-f.]*:[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{0,5}))?", re.ASCII)
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)", re.ASCII)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.ASCII | re.IGNORECASE)
_SAME_SITES = ("same-origin", "none")  # `none`: somebody typed the address
_DEFAULT_PORT = 80
_HOST_HINT = "call it by 127.0.0.1, localhost or [::1]; camsim serve --allowed-host NAME serves another name too"
_ORIGIN_HINT = (
    "pages of other origins may not drive the simulator: call it from a program, "
    "which sends neither Origin nor Sec-Fetch-Site"
)


class Authority(NamedTuple):
    """Host and port of a Host header or an origin, in lower case."""

    host: str
    port: int


def authority_of(text: str) -> Authority | None:
    """`HOST[:PORT]`, without a port that of HTTP; None for what is none."""
    found = _AUTHORITY.fullmatch(text.lower())
    if found is None:
        return None
    return Authority(found[1], int(found[2] or _DEFAULT_PORT))


def known_names(hosts: Iterable[str]) -> frozenset[str]:
    """Hosts that are served beside loopback, as `_is_served` compares them; a port is of no account."""
    names = set()
    for host in hosts:
        written = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
        found = authority_of(written)
        names.add(_plain(found.host) if found else host.lower())
    return frozenset(names)


def admit(request: web.Request, names: frozenset[str]) -> None:
    """Returns for programs and for pages that this port has served itself. Raises: ControlError 403."""
    served = _host(request, names)
    headers = request.headers
    if headers.getall("Sec-Fetch-Site", [_SAME_SITES[0]]) not in ([site] for site in _SAME_SITES):
        told = ", ".join(headers.getall("Sec-Fetch-Site"))
        raise _foreign(f"Sec-Fetch-Site {told!r} is a page of another origin")
    origins = headers.getall("Origin", [])
    if origins and (len(origins) > 1 or served is None or not _is_origin_of(origins[0], served)):
        raise _foreign(f"Origin {', '.join(origins)!r} is not the origin of this API")


def _foreign(message: str) -> ControlError:
    return ControlError(403, "foreign_origin", _printable(message), _ORIGIN_HINT)


def _host(request: web.Request, names: frozenset[str]) -> Authority | None:
    """The authority that was called; None for HTTP/1.0 without one, which no browser speaks."""
    hosts = request.headers.getall("Host", [])
    absolute = _ABSOLUTE.match(request.raw_path)
    if absolute is not None:  # such a target goes before the header (RFC 9112, section 3.2.2)
        hosts = [*hosts, absolute[1]]
    if not hosts:
        if (request.version.major, request.version.minor) <= (1, 0):
            return None
        raise ControlError(403, "wrong_host", "no Host header", _HOST_HINT)
    found = [authority_of(host) for host in hosts]
    for host, authority in zip(hosts, found, strict=True):
        # A page that rebinds a name of its own to 127.0.0.1 calls us by that name.
        if authority is None or not _is_served(authority.host, names):
            raise ControlError(403, "wrong_host", _printable(f"Host {host!r} is not served"), _HOST_HINT)
    if len(set(found)) > 1:
        raise ControlError(403, "wrong_host", _printable(f"two hosts: {', '.join(hosts)}"), _HOST_HINT)
    return found[0]


def _is_served(host: str, names: frozenset[str]) -> bool:
    name = _plain(host)
    return name in names or name == "localhost" or _is_loopback(name)


def _plain(host: str) -> str:
    """Without the brackets of IPv6, and without the dot of a full name."""
    return host.strip("[]").removesuffix(".")


def _is_loopback(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_origin_of(origin: str, served: Authority) -> bool:
    """Scheme, host and port are those of this port under the name it was called by: no other page's are."""
    found = _ORIGIN.fullmatch(origin.lower())
    return found is not None and found[1] == "http" and authority_of(found[2]) == served


def _printable(text: str) -> str:
    """Headers may hold any bytes; the answer is JSON."""
    return text.encode("utf-8", "replace").decode()[:300]
