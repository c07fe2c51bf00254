"""Interim answers (1xx) before the one that counts: a client reads and forgets them (RFC 9110, section 15.2)."""

from __future__ import annotations

import re

_END = b"\r\n\r\n"
# 101 is none: it is the last thing said in HTTP on a connection.
_INTERIM = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d[ \r]")
_LONGEST_BEGIN = len(b"HTTP/1.1 100 ")


def interim(head: bytes | bytearray) -> bool:
    """True when an answer that begins so is an interim one."""
    return _INTERIM.match(head) is not None


def after_interim(raw: bytes | bytearray) -> bytes:
    """What came after interim answers; empty while there is nothing but those, or a part of one."""
    rest = bytes(raw)
    while interim(rest):
        rest = rest.partition(_END)[2]
    return rest


def begun(raw: bytes | bytearray) -> bool:
    """True when the answer that counts has begun."""
    rest = after_interim(raw)
    # So few bytes may still become an interim answer.
    return len(rest) >= _LONGEST_BEGIN or (bool(rest) and not b"HTTP/1.1 1".startswith(rest[:10]))
