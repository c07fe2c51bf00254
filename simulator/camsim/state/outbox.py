"""What to send and when, for one device: strict order, one in flight, retried until the answer acknowledges."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import msgspec

from .blocks import Blocks, decoded, whole
from .telling import Telling

BLOCK = 256  # deliveries that are sealed together
DOCUMENTED_STEPS_S = (30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


# A-CB-06: presets of the retry schedule, seconds; the last step repeats for ever.
PRESETS: Mapping[str, tuple[float, ...]] = {
    "documented": DOCUMENTED_STEPS_S,
    "vendor_v1": (30.0,),
    "svix": (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0),
    "convoy_linear": (10.0,),
    "convoy_exp": (10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0),
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds to wait after the first, second, … failed attempt; the last one repeats for ever (A-CB-06)."""

    steps_s: tuple[float, ...] = DOCUMENTED_STEPS_S

    def delay_ms(self, attempts: int) -> int:
        """Milliseconds from the failure of attempt number `attempts` (1 is the first) to the next one."""
        return int(self.steps_s[min(attempts, len(self.steps_s)) - 1] * 1000)


class QueueState(StrEnum):
    """What the queue of a device is doing."""

    IDLE = "idle"
    SENDING = "sending"
    HOLD = "hold"
    HELD_BY_OPERATOR = "held"


class Delivery(msgspec.Struct, gc=False):
    """One callback: `body` is frozen when it is queued, so that every attempt is byte-equal (A-CB-07). Times in ms."""

    id: int
    name: str
    body: bytes
    queued_at: int
    punch: int | None = None  # the device's log number of the punch it tells, for the ledger
    user: str = ""
    log_time: int | None = None
    anomaly: str = ""
    attempts: int = 0
    first_at: int | None = None
    frozen_key: str | None = None
    more: Telling | None = None  # what comes right behind it, rendered when its own first attempt begins


class Outbox(msgspec.Struct):
    """The callback queue of one device. The caller gives the time and carries the bytes.

    A long queue has three parts: `pending` with the head, what is sealed in blocks of BLOCK deliveries, and `tail`.
    """

    pending: list[Delivery] = msgspec.field(default_factory=list)
    start_index: int = 0
    blocks: Blocks | None = None
    tail: list[Delivery] = msgspec.field(default_factory=list)
    next_block: int = 1  # where the numbers of its blocks begin
    state: QueueState = QueueState.IDLE
    next_at: int | None = None
    problem: str | None = None
    received: int = 0
    pushed: int = 0
    held: bool = False
    last_attempt_at: int | None = None
    aside: list[Delivery] = msgspec.field(default_factory=list)  # what an ended service holds back (V2-29)
    unrendered: int = 0  # in the `more` of deliveries

    def __len__(self) -> int:
        sealed = 0 if self.blocks is None else len(self.blocks) * BLOCK
        return len(self.aside) + len(self.pending) - self.start_index + sealed + len(self.tail) + self.unrendered

    def push(self, delivery: Delivery) -> None:
        """Queue one more behind the others."""
        self.received += 1
        if not self.tail and self.blocks is None and len(self.pending) - self.start_index < 2 * BLOCK:
            self.pending.append(delivery)
            return
        if len(self.tail) >= BLOCK:  # not the last one: whoever has pushed it may add to it
            self._seal()
        self.tail.append(delivery)

    def _seal(self) -> None:
        if self.blocks is None:
            self.blocks = Blocks(self.next_block)
        self.blocks.add(zlib.compress(_ENCODER.encode(self.tail), 1))
        self.next_block, self.tail = self.blocks.next_number, []

    def _refill(self) -> None:
        """Two are open at least, if there are two: the head, and what comes after it."""
        if self.blocks is not None:
            first = next(iter(self.blocks.held))
            self.pending.extend(_opened(self.blocks.drop(first)))
            self.blocks = self.blocks if len(self.blocks) else None
        elif self.tail:
            self.pending.extend(self.tail)
            self.tail = []

    def _behind(self) -> Iterator[Delivery]:
        """What stands behind the open part, in order."""
        for data in list(self.blocks.held.values()) if self.blocks is not None else ():
            yield from _opened(data)
        yield from self.tail

    def push_more(self, behind: Delivery, more: Telling) -> None:
        """Queue what is to be rendered later, right behind a delivery."""
        behind.more = more
        self.received += more.count
        self.unrendered += more.count

    def render_more(self, rendered: list[Delivery]) -> None:
        """What was to be rendered later stands behind the head now."""
        self.pending[self.start_index + 1 : self.start_index + 1] = rendered
        self.unrendered -= len(rendered)

    def head(self) -> Delivery | None:
        """The delivery everything else waits for."""
        return self.pending[self.start_index] if self.start_index < len(self.pending) else None

    def waiting(self) -> Iterable[Delivery]:
        """Everything queued and rendered: what was set aside, then the head and what is behind it."""
        return chain(self.aside, self.pending[self.start_index :], self._behind())

    def start(self, now_ms: int) -> Delivery | None:
        """Begin the next attempt if one is due: the head, counted as attempted; None when nothing is due."""
        if self.start_index >= len(self.pending) or self.held or self.state is QueueState.SENDING:
            return None
        if self.state is QueueState.HOLD and self.next_at is not None and now_ms < self.next_at:
            return None
        delivery = self.pending[self.start_index]
        delivery.attempts += 1
        if delivery.first_at is None:
            delivery.first_at = now_ms
        self.state, self.next_at, self.last_attempt_at = QueueState.SENDING, None, now_ms
        return delivery

    def settle(self, now_ms: int, problem: str | None, schedule: Schedule) -> Delivery:
        """End the attempt: acknowledged (None) takes the head off, a problem puts the queue on hold until `next_at`."""
        delivery = self.pending[self.start_index]
        self.problem = problem
        if problem is None:
            self._drop_head()
            self.pushed += 1
            self.state = QueueState.IDLE
        else:
            self.state = QueueState.HOLD
            self.next_at = now_ms + schedule.delay_ms(delivery.attempts)
        return delivery

    def abandon(self, now_ms: int) -> None:
        """Forget that an attempt was under way: it is due again at once (after a restart)."""
        if self.state is QueueState.SENDING:
            self.state, self.next_at = QueueState.HOLD, now_ms

    def retry_now(self, now_ms: int) -> None:
        """Make the next attempt due now."""
        if self.state is QueueState.HOLD:
            self.next_at = now_ms

    def clear(self) -> list[Delivery]:
        """Throw away what waits, except a delivery under way; returns what was thrown away (A-CB-09)."""
        first = self.start_index + (self.state is QueueState.SENDING)
        dropped = [*self.aside, *self.pending[first:], *self._behind()]
        del self.pending[first:]
        self.aside, self.tail, self.blocks, self.unrendered = [], [], None, 0
        self._forget_hold()
        return dropped

    def take_head(self) -> Delivery:
        """Take the head out, of which no attempt is under way; what it was on hold for is over."""
        delivery = self.pending[self.start_index]
        if delivery.more is not None:
            self.unrendered -= delivery.more.count
        self._drop_head()
        self._forget_hold()
        return delivery

    def set_aside(self) -> None:
        """Let the others pass the head, which waits until `take_back`."""
        delivery = self.take_head()
        if delivery.more is not None:
            self.unrendered += delivery.more.count
        self.aside.append(delivery)

    def take_back(self) -> None:
        """What was set aside stands before the others again, behind an attempt that is under way."""
        first = self.start_index + (self.state is QueueState.SENDING)
        self.pending[first:first] = self.aside
        self.aside = []

    def _forget_hold(self) -> None:
        if self.state is QueueState.HOLD:
            self.state, self.next_at, self.problem = QueueState.IDLE, None, None

    def _drop_head(self) -> None:
        self.start_index += 1
        if self.start_index > 64 and self.start_index * 2 > len(self.pending):
            del self.pending[: self.start_index]
            self.start_index = 0
        if len(self.pending) - self.start_index < 2 and (self.tail or self.blocks is not None):
            self._refill()

    def lose_block(self, number: int) -> str:
        """A block cannot be read any more: the queue goes on without it."""
        if self.blocks is None or number not in self.blocks.held:
            return ""
        self.blocks.drop(number)
        self.blocks = self.blocks if len(self.blocks) else None
        return f"{BLOCK} callbacks of its queue"


def _opened(data: bytes) -> list[Delivery]:
    return _DECODER.decode(zlib.decompress(data))


_ENCODER = msgspec.msgpack.Encoder(enc_hook=whole)
_DECODER = msgspec.msgpack.Decoder(list[Delivery], dec_hook=decoded)
