"""What happened, as the management API tells it: journal, ledger, commands. Times as in `shapes`."""

from __future__ import annotations

from typing import Any

from .shapes import Answer


class Carried(Answer, frozen=True):
    """A body on the wire: length and hash of its bytes, and the message (secrets masked)."""

    length: int
    sha256: str
    body: Any = None
    bytes: str | None = None


class Entry(Answer, frozen=True):
    """A journal entry. `at` virtual, `real` the host's seconds; `direction` is callback, rest or control."""

    seq: int
    at: float
    real: float
    device: str
    device_seq: int
    direction: str
    operation: str
    user: str
    verdict: str
    why: str
    field: str
    status_code: int | None
    http: int | None
    delivery: int
    attempt: int
    took_ms: float
    lint: tuple[str, ...]
    faults: tuple[str, ...]
    register: tuple[str, ...]
    request: Carried
    answer: Carried


class PunchRow(Answer, frozen=True):
    """What became of a punch: `attempts` in all, `acks` answered done, `cause` when it is lost for a named reason."""

    device: str
    number: int
    user: str
    log_time: str
    type: str
    sent: int
    attempts: int
    first_attempt: float | None
    first_ack: float | None
    acknowledged: bool
    acks: int
    cause: str


class Summary(Answer, frozen=True):
    """Counts that add up: punches = acknowledged + waiting + lost."""

    punches: int
    acknowledged: int
    waiting: int
    lost: int
    attempts: int
    redelivered: int
    reordered: int


class Command(Answer, frozen=True):
    """A RESTful command on its way to a device; `answered` when its HTTP call is over."""

    device: str
    id: int
    operation: str
    operation_id: str
    state: str
    received: float
    answered: bool
