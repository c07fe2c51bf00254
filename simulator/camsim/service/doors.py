"""The ports of a simulator: taken first, so that their lack is known early; open once there is somebody to serve."""

from __future__ import annotations

import socket


class DoorError(OSError):
    """A port cannot be had; the message says why and the way out."""


def bind(host: str, port: int, flag: str) -> list[socket.socket]:
    """Sockets on every address of the host name, all of one port; nobody can connect to them yet. Raises: DoorError."""
    held: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            if family == socket.AF_INET6 and len(found) > 1 and not socket.has_ipv6:
                continue
            held.append(socket.socket(family, kind, protocol))
            held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                held[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            chosen = held[0].getsockname()[1] if len(held) > 1 else port
            held[-1].bind((address[0], chosen, *address[2:]))
    except OSError as problem:
        for one in held:
            one.close()
        raise DoorError(
            f"cannot listen on {host}:{port}: {problem.strerror or problem}; "
            f"choose another with {flag}, or {flag} 0 for a free one; "
            f"{flag.replace('port', 'host')} says at which address of this machine"
        ) from None
    return held


def close(doors: list[list[socket.socket]]) -> None:
    """Let go of them."""
    for door in doors:
        for bound in door:
            bound.close()


def shown(host: str) -> str:
    """The host as it stands in a URL."""
    if ":" in host:
        return f"[{host}]"
    # Every address of the machine is one to listen on, and none to call.
    return "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104  only compared
