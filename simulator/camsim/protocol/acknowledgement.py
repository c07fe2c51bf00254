"""What counts as an acknowledgement of a callback, plain or encrypted: one rule for the gateway and for its judges."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from camsim.wording import in_json, shown

from . import cipher


@dataclass(frozen=True, slots=True)
class AckRule:
    """What counts as an acknowledgement (A-CB-01, A-CB-02)."""

    http: str = "200"  # 200 | 2xx
    match: str = "exact"  # exact | case_insensitive | http_only
    content_type: str = "any"  # any | json


STRICT_ACK = AckRule()
# Almost every answer is one of these to the byte; the gateway and a storm judge each of thousands a second.
_CANONICAL = frozenset({b'{"status":"done"}', b'{"status": "done"}', b'{ "status": "done" }'})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def opened(body: bytes, key: str | None) -> tuple[bytes, bool]:
    """The plain body of an answer, and whether it was encrypted: a device with a key takes either (A-ENC-02)."""
    # JSON is never Base64: what begins like JSON needs no attempt at deciphering.
    if key is None or body.lstrip()[:1] in (b"{", b"[", b""):
        return body, False
    try:
        return cipher.decrypt(key, body), True
    except cipher.CipherError:
        return body, False


def why_no_ack(
    status: int, body: bytes, rule: AckRule = STRICT_ACK, content_type: str = "application/json"
) -> str | None:
    """None when the plain answer acknowledges, else why not (v3: `{"status":"done"}` with HTTP 200; A-CB-01)."""
    if status != 200 and not (rule.http == "2xx" and 200 <= status < 300):
        return f"HTTP {status}, 200 is expected"
    if rule.match == "http_only" or (body in _CANONICAL and rule.content_type == "any"):
        return None
    if rule.content_type == "json" and not content_type.lower().startswith("application/json"):
        return f"Content-Type is {content_type}, application/json is expected"
    return _why_not_done(body, rule)


def oddities(body: bytes) -> tuple[str, ...]:
    """What is tolerated around the JSON of a plain acknowledgement, each by name (A-CB-03)."""
    if body in _CANONICAL:
        return ()
    odd = []
    if body.startswith(_BYTE_ORDER_MARK):
        odd.append("a byte order mark before the answer (A-CB-03)")
    text = body.removeprefix(_BYTE_ORDER_MARK)
    if text.strip() != text:
        odd.append("white space around the answer (A-CB-03)")
    return tuple(odd)


def answer_of(body: bytes) -> object:
    """The JSON value of a plain answer. PHP files saved with a byte order mark send it ahead of every answer.

    Raises: ValueError when it is not JSON.
    """
    try:
        return msgspec.json.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _why_not_done(body: bytes, rule: AckRule) -> str | None:
    try:
        answer = answer_of(body)
    except ValueError:
        if not body.strip():
            return "the answer is empty"
        return f"the answer is not JSON: {_excerpt(body)}"
    if not isinstance(answer, dict):
        return f"the answer is a JSON {type(answer).__name__}, an object is expected"
    if "status" not in answer:
        return _no_status(answer)
    word = answer["status"]
    if word == "done" or (rule.match == "case_insensitive" and isinstance(word, str) and word.lower() == "done"):
        return None
    return f'"status" is {in_json(word, 81)}, exactly "done" is expected'


def _no_status(answer: dict[str, object]) -> str:
    # "Status" is what the RESTful API answers, and what people copy.
    near = [key for key in answer if key.lower() == "status"]
    return f'no member "status" (found {", ".join(shown(key, 40) for key in (near or list(answer))[:5]) or "none"})'


def _excerpt(body: bytes) -> str:
    # In one line: it stands in the middle of a sentence.
    text = " ".join(body[:80].decode("utf-8", "replace").split())
    return text + ("…" if len(body) > 80 else "")
