"""What counts as done: an acknowledged callback, or an answered RESTful command. Pure."""

from __future__ import annotations

import msgspec

from camsim.protocol.acknowledgement import opened, why_no_ack

# Codes that tell of the user's own state: in a flood of commands about the same people they are answers like success.
_ANSWERED = frozenset({0, 8, 9, 10, 11, 15})


def callback_problem(status: int, body: bytes, key: str | None) -> str | None:
    """None for an acknowledgement, plain or encrypted (A-ENC-02), else the reason."""
    if key is not None:
        body, _ = opened(body, key)
    return why_no_ack(status, body)


def command_problem(status: int, body: bytes, key: str | None) -> str | None:
    """None for a documented answer about the command, else the reason."""
    if status != 200:
        return f"HTTP {status}, 200 is expected"
    plain, _ = opened(body, key)
    try:
        answer = msgspec.json.decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"the answer is not JSON: {body[:80].decode('utf-8', 'replace')}"
    code = _status_code(answer)
    if isinstance(code, int) and code in _ANSWERED:
        return None
    return f"StatusCode {code}: {answer}"[:160]


def _status_code(answer: object) -> object:
    if not isinstance(answer, dict):
        return None
    # LoadLog answers its page with a Status alone.
    if "StatusCode" not in answer and answer.get("Status") == "done":
        return 0
    return answer.get("StatusCode")


def kind_of(status: int, problem: str) -> str:
    """A short name under which equal failures are counted."""
    if problem.startswith("StatusCode"):
        return problem.partition(":")[0]
    if status != 200:
        return f"HTTP {status}"
    return "not an acknowledgement"
