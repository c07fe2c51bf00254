"""How fast and how many at once: both are only ever as much as the target says, or shows, that it can take."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from statistics import median

from .exchange import Exchange, NoAnswer

SAVED_S = 0.025  # of a pause, so much may be made up for by sends that follow at once
LOWEST_RATE = 2.0  # sends a second
RISE = 0.05
HIGHEST_RATE = 1000.0
MOST_WAIT_S = 30.0  # for whatever a Retry-After says
BACK_OFF_S = (1.0, 2.0, 4.0, 4.0)  # without a Retry-After; after the last one an answer 429 is the answer
MOST_QUIET = 32  # latencies of quiet sends that are kept
SLOWER = 4  # times the quiet latency: the sends of a crowd wait for each other
CALM = 1.5  # times the quiet latency: a crowd is answered as a single send is
NOISE_S = 0.05


class Pace:
    """Spaces sends so that no more than `rate` start in a second. It halves its rate when it is told to.

    While nothing tells it, it rises again: by a twentieth of what is allowed in a second of sending; where that is
    less, by a twentieth of itself with each send. So one who refuses now and then whatever the rate is ends no run.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.most = rate
        self.lowered = 0
        self._next = 0.0
        self._paused_until = 0.0
        self._lowered_at = 0.0
        self._starts: deque[float] = deque(maxlen=int(HIGHEST_RATE))

    async def turn(self) -> None:
        """Returns when the next send may start."""
        while True:
            now = time.monotonic()
            self._next = due = max(self._next + 1.0 / self.rate, now - SAVED_S, self._paused_until)
            if due > now:
                await asyncio.sleep(due - now)
            # A pause that began meanwhile holds for whoever waited already.
            if time.monotonic() >= self._paused_until:
                break
        self._starts.append(time.monotonic())
        self._rise()

    def _rise(self) -> None:
        # By what is sent, not by the clock: time without sends shows nothing.
        self.rate = min(self.most, self.rate + RISE * min(self.most / self.rate, self.rate))

    def slow_down(self, sent_at: float) -> None:
        """A send of this moment was answered 429 or 503: from now on they start half as often."""
        # One burst is told off once: what was sent before the rate was lowered says nothing of the lower one.
        if sent_at > self._lowered_at and self.rate > LOWEST_RATE:
            now = time.monotonic()
            self.rate = max(LOWEST_RATE, self._real_rate(now) / 2)
            self.lowered += 1
            self._lowered_at = now

    @property
    def slowed(self) -> bool:
        """True while the rate is lower than what is allowed, for the target's sake."""
        return self.rate < self.most

    def pause(self, wait_s: float) -> None:
        """Nothing starts for so long."""
        self._paused_until = max(self._paused_until, time.monotonic() + wait_s)

    def _real_rate(self, now: float) -> float:
        """Sends in the last second, or the allowed rate when that second was none of undisturbed sending."""
        while self._starts and self._starts[0] < now - 1.0:
            self._starts.popleft()
        if now - self._paused_until < 1.0 or not self._starts:
            return self.rate
        return min(self.rate, float(len(self._starts)))


class Line:
    """Who may be in flight: `limit` sends at most, fewer while the target answers one after another.

    A crowd starts no larger than a target that serves one at a time could answer within half the deadline. It is
    halved when an answer takes longer than half the deadline and more than four times as long as one to a send of its
    kind that is alone, and doubles again while its answers are as quick as those.
    """

    def __init__(self, limit: int, deadline_s: float) -> None:
        self.limit = limit
        self.most = limit
        self.busy = 0
        self.lowered = 0
        self._half_deadline_s = deadline_s / 2
        # By kind of step: photos may be slow for ever, and that is no crowd.
        self._quiet: dict[str, deque[float]] = {}
        self._calm = 0
        self._changed_at = 0.0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def enter(self, places: int = 1, *, urgent: bool = False) -> None:
        """Returns when so many places are taken, in the order of asking; `urgent` goes ahead of all who wait."""
        if not self._waiting and self._fits(places):
            self.busy += places
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if urgent:
            self._waiting.appendleft((places, turn))
            self._admit()
        else:
            self._waiting.append((places, turn))
        try:
            await turn
        except asyncio.CancelledError:
            # Admitted and cancelled at the same moment: the places are free again.
            if turn.done() and not turn.cancelled():
                self.leave(places)
            raise

    def leave(self, places: int = 1) -> None:
        """Gives places back."""
        self.busy -= places
        self._admit()

    def _fits(self, places: int) -> bool:
        # More copies than places go out when nothing else is in flight.
        return self.busy == 0 or self.busy + places <= self.most

    def _admit(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            places, turn = self._waiting.popleft()
            if not turn.done():
                self.busy += places
                turn.set_result(None)

    def room_for(self, count: int) -> None:
        """A step that is a crowd by itself gets its places, whatever was seen before."""
        self.most = max(self.most, count)
        self._admit()

    def begin_crowd(self) -> None:
        """From here many go at once: as many as the quiet answers allow."""
        quiet = self._quiet_s("")
        while quiet is not None and self.most > 1 and self.most * quiet > self._half_deadline_s:
            self._fewer()

    def _quiet_s(self, kind: str) -> float | None:
        """Seconds of the answer to a send that is alone, of this kind where one is known."""
        known = self._quiet.get(kind)
        if known is None:
            known = deque(seconds for some in self._quiet.values() for seconds in some)
        return median(known) if known else None

    def note(self, exchange: Exchange, kind: str, *, undisturbed: bool) -> None:
        """One answer to a step of a kind: alone on the line from its start to its end, or one of a crowd."""
        if not exchange.answered and exchange.no_answer is not NoAnswer.TIMEOUT:
            return
        if undisturbed and exchange.answered:
            self._quiet.setdefault(kind, deque(maxlen=MOST_QUIET)).append(exchange.seconds)
        quiet = self._quiet_s(kind)
        if quiet is None:
            quiet = exchange.seconds
        if exchange.seconds > self._half_deadline_s and exchange.seconds > SLOWER * quiet:
            # What began before the last change says nothing of it.
            if self.most > 1 and exchange.at >= self._changed_at:
                self._fewer()
            return
        self._calm = self._calm + 1 if exchange.seconds < CALM * quiet + NOISE_S else 0
        if self.most < self.limit and self._calm >= 2 * self.most:
            self.most = min(self.limit, 2 * self.most)
            self._calm = 0
            self._admit()

    def _fewer(self) -> None:
        self.most = max(1, self.most // 2)
        self.lowered += 1
        self._calm = 0
        self._changed_at = time.monotonic()


def asked_wait_s(exchange: Exchange, tries: int) -> float | None:
    """Seconds that an answer asks to wait before the same is sent again; None when it is the answer, as it is after
    `tries` that were answered so."""
    if exchange.status not in (429, 503) or tries > len(BACK_OFF_S):
        return None
    told = retry_after_s(exchange.header("Retry-After"), datetime.now(UTC))
    if told is None and exchange.status == 429:
        return BACK_OFF_S[tries - 1]
    return told


def retry_after_s(text: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or an HTTP date, at most 30; None when it says neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_WAIT_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max(0.0, (when - now).total_seconds()), MOST_WAIT_S)
