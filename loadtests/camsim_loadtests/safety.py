"""Where a storm may go, and whether this machine can carry it: checked before anything is sent."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import resource
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

CHALLENGE_PATH = "/.well-known/camsim-challenge"
_SPARE_DESCRIPTORS = 128  # Locust, its sockets between processes, log and report files
_TIMEOUT_S = 10.0
_LONGEST_CHALLENGE = 4096


class RefusedError(RuntimeError):
    """The target is not shown to be one's own (exit 4)."""


class DescriptorError(ValueError):
    """The machine allows too few open files (exit 2); the message holds the command to run."""


class UnreachableError(RuntimeError):
    """Nothing can be told about the target (exit 3)."""


def refuse_strangers(url: str, auth_token: str, i_own_this: bool) -> None:
    """Returns for a loopback or private address, or a public one whose owner put the nonce up.

    Raises: RefusedError; UnreachableError when the name has no address.
    """
    parts = urlsplit(url)
    address = next((found for found in _addresses(parts) if not _private(found)), None)
    if address is None:
        return
    wanted = nonce(url, auth_token)
    if not i_own_this:
        raise RefusedError(
            f"{parts.hostname} is {address}, not a loopback or private address: a storm may only go to what is "
            f"yours. If it is, put the line {wanted} into {_origin(parts)}{CHALLENGE_PATH} and add --i-own-this."
        )
    status, body = _challenge(parts)
    if status != 200 or body.strip() != wanted:
        raise RefusedError(
            f"{_origin(parts)}{CHALLENGE_PATH} answered HTTP {status} without the line {wanted}; put exactly that "
            "there."
        )


def nonce(url: str, auth_token: str) -> str:
    """What the owner of a public origin puts into the challenge file: the same as for `camsim certify`."""
    seal = hmac.new(auth_token.encode(), _origin(urlsplit(url)).encode(), hashlib.sha256).hexdigest()
    return f"camsim-{seal[:32]}"


def _origin(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or _default_port(parts)
    return f"{parts.scheme}://{host}" + ("" if port == _default_port(parts) else f":{port}")


def _default_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _addresses(parts: SplitResult) -> list[str]:
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or _default_port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(
            f"the host {parts.hostname!r} has no address ({error}); check the URL and the name server"
        ) from None
    return [str(row[4][0]) for row in found]


def _private(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    # Link-local is private by the book, and where clouds keep their metadata.
    return (ip.is_loopback or ip.is_private) and not ip.is_link_local and not ip.is_unspecified


def _challenge(parts: SplitResult) -> tuple[int, str]:
    host, port = parts.hostname or "", parts.port or _default_port(parts)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        line: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    else:
        line = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        line.request("GET", CHALLENGE_PATH)
        answer = line.getresponse()
        return answer.status, answer.read(_LONGEST_CHALLENGE).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{_origin(parts)} does not answer: {error}") from None
    finally:
        line.close()


def raise_descriptor_limit(connections: int) -> int:
    """Raise this process's soft limit so that it and its children can hold so many connections; the limit now in force.

    Raises: DescriptorError with the command to run when the hard limit is below the need.
    """
    needed = connections + _SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(1, hard - _SPARE_DESCRIPTORS)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise DescriptorError(
            f"{connections} connections a process need {needed} open files, this machine's hard limit is {hard}. Run\n"
            f"    sudo prlimit --pid $$ --nofile={needed}:{needed}\n"
            f"in this shell and start again, or use --connections for at most {most} a worker."
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        return needed
    return soft
