"""Is an answer an acknowledgement? The simulator's own rule, and what is canonical beyond it."""

from __future__ import annotations

import json

from camsim.protocol import acknowledgement
from camsim_conformance.plan.cases import Step
from camsim_conformance.target.profile import Profile

from .exchange import Exchange


def opened(exchange: Exchange, profile: Profile, step: Step) -> tuple[bytes, bool]:
    """The plain body of an answer, and whether it was encrypted (either is allowed, A-ENC-02)."""
    number = min(step.device, len(profile.devices) - 1)
    return acknowledgement.opened(exchange.body, profile.devices[number].key)


def why_not(exchange: Exchange, profile: Profile, step: Step) -> str | None:
    """None when the answer acknowledges, else why it does not."""
    if exchange.status is None:
        return exchange.text()
    body, _ = opened(exchange, profile, step)
    why = acknowledgement.why_no_ack(exchange.status, body)
    if why is None and any(word != "done" for word in statuses(body)):
        return f'several members "status": {", ".join(map(repr, statuses(body)))}'
    return why


def statuses(body: bytes) -> list[object]:
    """The values of all members `status` of the answer's object; JSON readers differ in which of several they take."""
    if body.count(b'"status"') < 2:
        return ["done"]
    found: list[object] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found[:] = [value for name, value in pairs if name == "status"]  # of the outermost object in the end
        return dict(pairs)

    try:
        json.loads(body.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=members)
    except (ValueError, RecursionError):
        return []
    return found


def acknowledged(exchange: Exchange, profile: Profile, step: Step) -> bool:
    """True for HTTP 200 with a JSON object whose status is exactly done."""
    return why_not(exchange, profile, step) is None


def oddities(exchange: Exchange, profile: Profile, step: Step) -> list[str]:
    """What is accepted but not canonical about an acknowledgement."""
    body, encrypted = opened(exchange, profile, step)
    found = []
    # An encrypted answer is Base64: what type it should have, nobody says (A-ENC-02).
    kind = exchange.header("Content-Type").partition(";")[0].strip().lower()
    if kind != "application/json" and not encrypted:
        found.append(f"Content-Type is {kind or 'missing'}")
    extra = _extra_members(body)
    if extra:
        found.append(f"extra members: {', '.join(extra[:5])}")
    if len(statuses(body)) > 1:
        found.append('several members "status", all done')
    if body.startswith(b"\xef\xbb\xbf"):
        found.append("a byte order mark")
    # The gateway would have been without an answer, whatever our second try was told.
    if exchange.dropped:
        found.append(f"the connection closed without an answer {times(exchange.dropped)} before it")
    return found


def times(count: int) -> str:
    """`once`, `twice`, `5 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _extra_members(body: bytes) -> list[str]:
    try:
        answer = acknowledgement.answer_of(body)
    except ValueError:
        return []
    return sorted(set(answer) - {"status"}) if isinstance(answer, dict) else []
