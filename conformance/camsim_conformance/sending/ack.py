"""Is an answer an acknowledgement? The simulator's own rule, and what is canonical beyond it."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.protocol import cipher
from camsim.protocol.acknowledgement import why_no_ack
from camsim_conformance.plan.cases import Step
from camsim_conformance.target.profile import Profile

from .exchange import Exchange


def opened(exchange: Exchange, profile: Profile, step: Step) -> tuple[bytes, bool]:
    """The plain body of an answer, and whether it was encrypted (either is allowed, A-ENC-02)."""
    number = min(step.device, len(profile.devices) - 1)
    key = profile.devices[number].key
    if key is None or exchange.body.lstrip()[:1] in (b"{", b"[", b""):
        return exchange.body, False
    try:
        return cipher.decrypt(key, exchange.body), True
    except ValueError:
        return exchange.body, False


def why_not(exchange: Exchange, profile: Profile, step: Step) -> str | None:
    """None when the answer acknowledges, else why it does not."""
    if exchange.status is None:
        return exchange.text()
    body, _ = opened(exchange, profile, step)
    return why_no_ack(exchange.status, body)


def acknowledged(exchange: Exchange, profile: Profile, step: Step) -> bool:
    """True for HTTP 200 with a JSON object whose status is exactly done."""
    return why_not(exchange, profile, step) is None


def oddities(exchange: Exchange, profile: Profile, step: Step) -> list[str]:
    """What is accepted but not canonical about an acknowledgement."""
    body, encrypted = opened(exchange, profile, step)
    found = []
    kind = exchange.header("Content-Type").partition(";")[0].strip().lower()
    if kind != "application/json" and not encrypted:
        found.append(f"Content-Type is {kind or 'missing'}")
    message = _parsed(body)
    extra = sorted(set(message) - {"status"}) if isinstance(message, dict) else []
    if extra:
        found.append(f"extra members: {', '.join(map(str, extra[:5]))}")
    if body.startswith(b"\xef\xbb\xbf"):
        found.append("a byte order mark")
    return found


def _parsed(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
