"""Whose is an address? Loopback and private ones, are one's own; all others may be a stranger's. Pure."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_OWN = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")))
PUBLIC = "not a loopback or private address"
# What a cloud answers its machines at such an address are keys; it may stand in a private range.
_METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254",
         "fd00:42::42"),
    )
)  # fmt: skip
METADATA_NAMES = frozenset(
    (
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
        "rancher-metadata",
    )
)
_SHARED = ip_network("100.64.0.0/10")
# IPv6 that carries IPv4: by the bits below which the IPv4 address ends.
_CARRIERS = (
    (ip_network("::ffff:0:0/96"), 0, "IPv4-mapped"),
    (ip_network("::ffff:0:0:0/96"), 0, "IPv4-translated"),
    (ip_network("64:ff9b::/96"), 0, "NAT64"),
    (ip_network("64:ff9b:1::/48"), 0, "NAT64"),
    (ip_network("2002::/16"), 80, "6to4"),
)
_TEREDO = ip_network("2001::/32")
_COMPATIBLE = ip_network("::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_private(address: str) -> bool:
    """True for an address that no stranger can own."""
    return why_foreign(address) is None


def why_foreign(address: str) -> str | None:
    """Why a stranger may be what finally answers at the address; None for loopback and private ones, plainly written.

    An IPv4 address inside an IPv6 one is never one's own: it goes through somebody's gateway, or hides what it is.
    """
    ip = ip_address(address.partition("%")[0])
    carried = _carried(ip) if isinstance(ip, IPv6Address) else None
    if carried is not None:
        return f"which is {carried} and another way to write it: write that one, if it is yours"
    if ip in _METADATA:
        return "where a cloud keeps its metadata"
    if any(ip in network for network in _OWN):
        return None
    return next((why for holds, why in _KINDS if holds(ip)), PUBLIC)


_KINDS: tuple[tuple[Callable[[IPv4Address | IPv6Address], bool], str], ...] = (
    (lambda ip: ip.is_link_local, "link-local, where clouds keep their metadata"),
    (lambda ip: ip.is_unspecified, "no address of a host"),
    (lambda ip: ip.is_multicast, "an address of a group of hosts"),
    (lambda ip: ip in _SHARED, "shared by the customers of a provider"),
    (lambda ip: ip.is_reserved, "reserved"),
)


def _carried(ip: IPv6Address) -> str | None:
    """The IPv4 address that an IPv6 address reaches, with the name of the form; None for one that carries none."""
    number = int(ip)
    for network, shift, form in _CARRIERS:
        if ip in network:
            return f"{form} of {_ipv4(number >> shift)}"
    if ip in _TEREDO:
        return f"Teredo of {_ipv4(~number)}"
    if (number >> 32) & 0xFFFF_FFFF in _ISATAP:
        return f"ISATAP of {_ipv4(number)}"
    if ip in _COMPATIBLE and number > 1:
        return f"IPv4-compatible of {_ipv4(number)}"
    return None


def _ipv4(number: int) -> IPv4Address:
    return IPv4Address(number & 0xFFFF_FFFF)
