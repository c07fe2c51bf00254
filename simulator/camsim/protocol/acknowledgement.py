"""What to send and when, for one device: strict order, one in flight, retried until the answer acknowledges."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class AckRule:
    """What counts as an acknowledgement (A-CB-01, A-CB-02)."""

    http: str = "200"  # 200 | 2xx
    match: str = "exact"  # exact | case_insensitive | http_only
    content_type: str = "any"  # any | json


STRICT_ACK = AckRule()


_CANONICAL = frozenset({b'{"status":"done"}', b'{"status": "done"}', b'{ "status": "done" }'})


def why_no_ack(
    status: int, body: bytes, rule: AckRule = STRICT_ACK, content_type: str = "application/json"
) -> str | None:
    """None when the answer acknowledges, else the reason in words (v3: `{"status":"done"}` with HTTP 200; A-CB-01)."""
    if status != 200 and not (rule.http == "2xx" and 200 <= status < 300):
        return f"HTTP {status}, 200 is expected"
    if rule.match == "http_only" or (body in _CANONICAL and rule.content_type == "any"):
        return None
    if rule.content_type == "json" and not content_type.lower().startswith("application/json"):
        return f"Content-Type is {content_type}, application/json is expected"
    return _why_not_done(body, rule)


def _why_not_done(body: bytes, rule: AckRule) -> str | None:
    try:
        answer = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "the answer is empty" if not body.strip() else f"the answer is not JSON: {_excerpt(body)}"
    if not isinstance(answer, dict):
        return f"the answer is a JSON {type(answer).__name__}, an object is expected"
    if "status" not in answer:
        near = [key for key in answer if isinstance(key, str) and key.lower() == "status"]
        return f'no member "status" (found {", ".join(map(repr, near or list(answer)[:5])) or "none"})'
    word = answer["status"]
    if word == "done" or (rule.match == "case_insensitive" and isinstance(word, str) and word.lower() == "done"):
        return None
    return f'"status" is {_excerpt(msgspec.json.encode(word))}, exactly "done" is expected'


def _excerpt(body: bytes) -> str:
    text = body[:80].decode("utf-8", "replace")
    return text + ("…" if len(body) > 80 else "")
