"""What counts as done: an acknowledged callback, or an answered RESTful command. Pure."""

from __future__ import annotations

import msgspec

from camsim.protocol.acknowledgement import why_no_ack
from camsim.protocol.cipher import CipherError, decrypt

# Codes that tell of the user's own state: in a flood of commands about the same people they are answers like success.
_ANSWERED = frozenset({0, 8, 9, 10, 11, 15})


def callback_problem(status: int, body: bytes, key: str | None) -> str | None:
    """None for an acknowledgement, plain or encrypted (A-ENC-02), else the reason."""
    problem = why_no_ack(status, body)
    if problem is None or key is None or status != 200:
        return problem
    plain = _opened(key, body)
    return problem if plain is None else why_no_ack(status, plain)


def command_problem(status: int, body: bytes, key: str | None) -> str | None:
    """None for a documented answer about the command, else the reason."""
    if status != 200:
        return f"HTTP {status}, 200 is expected"
    plain = body if key is None else _opened(key, body) or body
    try:
        answer = msgspec.json.decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"the answer is not JSON: {body[:80].decode('utf-8', 'replace')}"
    code = answer.get("StatusCode", 0 if answer.get("Status") == "done" else None) if isinstance(answer, dict) else None
    return None if code in _ANSWERED else f"StatusCode {code}: {answer}"[:160]


def kind_of(status: int, problem: str) -> str:
    """A short name under which equal failures are counted."""
    if problem.startswith("StatusCode"):
        return problem.partition(":")[0]
    return f"HTTP {status}" if status != 200 else "not an acknowledgement"


def _opened(key: str, body: bytes) -> bytes | None:
    try:
        return decrypt(key, body)
    except CipherError:
        return None
