"""What the control API answers about queues, commands, faults, journal and ledger. Times as in `answers`."""

from __future__ import annotations

from typing import Any

import msgspec

from .answers import Answer

# --- queues and commands ----------------------------------------------------------------------------------------------


class Head(Answer, frozen=True):
    """The callback at the head of a queue."""

    delivery: int
    operation: str
    user: str
    attempts: int


class Queue(Answer, frozen=True):
    """`GET devices/{stgid}/queue`: `why` says why the last answer was no acknowledgement."""

    received: int
    queued: int
    pushed: int
    state: str
    head: Head | None
    attempts: int
    last_attempt: float | None
    next_retry: float | None
    why: str | None
    cached_on_device: int


class QueueDone(Answer, frozen=True, omit_defaults=True):
    """What an operator did with a queue; `dropped` callbacks only of a reset."""

    stgid: str
    did: str
    dropped: int | None = None


COMMAND_STATES = ("waiting", "running", "parked", "lost")


class Command(Answer, frozen=True):
    """A RESTful command on its way to a device; `answered` when its HTTP call is over."""

    device: str
    id: int
    operation: str
    operation_id: str
    state: str
    received: float
    answered: bool


class Commands(Answer, frozen=True):
    """`GET commands`."""

    commands: list[Command]


# --- faults -----------------------------------------------------------------------------------------------------------


class Fault(Answer, frozen=True, rename={"options": "with"}):
    """A fault in force; `hits` of `seen` occasions were struck; `options` is `with` on the wire."""

    id: int
    where: str
    match: dict[str, str]
    when: dict[str, Any]
    do: str
    options: dict[str, Any]
    hits: int
    seen: int
    from_knob: bool = False


class Faults(Answer, frozen=True):
    """`GET faults`, those that knobs imply included."""

    faults: list[Fault]


class FaultCatalogue(Answer, frozen=True):
    """`GET faults/catalogue`: what each fault does, by where it strikes."""

    where: dict[str, dict[str, str]]


class FaultsRemoved(Answer, frozen=True):
    """How many faults were taken out."""

    removed: int


# --- journal ----------------------------------------------------------------------------------------------------------


class Carried(Answer, frozen=True, omit_defaults=True):
    """A body on the wire: length and hash of its bytes, and the message (secrets masked), null where it is no JSON.

    `bytes` as text only from a simulator that shows everything.
    """

    length: int
    sha256: str
    body: Any
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


class Journal(Answer, frozen=True):
    """`GET journal`: the newest entries, oldest of them first; `dropped` were forgotten to stay in bounds."""

    dropped: int
    entries: list[Entry]


class Count(Answer, frozen=True):
    """How many entries match."""

    count: int


class Waited(Answer, frozen=True):
    """How many entries match, and whether as many as were wanted."""

    count: int
    reached: bool


class Cleared(Answer, frozen=True):
    """The journal is empty."""

    cleared: bool


# --- ledger -----------------------------------------------------------------------------------------------------------


class PunchRow(Answer, frozen=True):
    """What became of a punch: `attempts` in all, `acks` answered done, `cause` when it is lost for a named reason.

    `first_sequence` is the place of its first attempt among those of the device.
    """

    device: str
    number: int
    user: str
    log_time: str
    type: str
    sent: int
    attempts: int
    first_attempt: float | None
    first_sequence: int | None
    first_ack: float | None
    acknowledged: bool
    acks: int
    cause: str


class Left(Answer, frozen=True):
    """What the punches come to that left the ledger to keep it within its bounds."""

    punches: int = 0
    acknowledged: int = 0
    lost: int = 0
    redelivered: int = 0
    reordered: int = 0


class Summary(Answer, frozen=True):
    """Counts that add up: punches = acknowledged + waiting + lost; those that `left` are among them."""

    punches: int
    acknowledged: int
    waiting: int
    lost: int
    attempts: int
    redelivered: int
    reordered: int
    left: Left = Left()


class LedgerView(Answer, frozen=True):
    """`GET ledger`; no rows where only the summary is asked for.

    `findings` are punches that were lost, doubled or out of order and are no longer among the rows.
    """

    summary: Summary
    punches: list[PunchRow]
    findings: list[PunchRow] = msgspec.field(default_factory=list)
