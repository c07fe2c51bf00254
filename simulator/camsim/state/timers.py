"""A heap of timers in virtual milliseconds: work, retry and background."""

from __future__ import annotations

import heapq
from enum import StrEnum

import msgspec


class TimerClass(StrEnum):
    """Whether virtual time jumps to a timer: it does for work and retry, never for background."""

    WORK = "work"
    RETRY = "retry"
    BACKGROUND = "background"


CLASS_OF = {
    "execute": TimerClass.WORK,  # a device carries out a command
    "window": TimerClass.WORK,  # a command's window ends: 5 or 6
    "person": TimerClass.WORK,  # somebody shows up at an enrolment
    "flush": TimerClass.WORK,  # a paced upload
    "lazy": TimerClass.WORK,  # a v2 lazy response
    "poll": TimerClass.WORK,  # rows found in a database or file
    "deliver": TimerClass.RETRY,  # a callback is tried again
    "session": TimerClass.BACKGROUND,  # an enrolment session closes
    "zone": TimerClass.BACKGROUND,  # daylight saving begins or ends
    "licence": TimerClass.BACKGROUND,  # a licence begins or ends
}


class Timers(msgspec.Struct):
    """Due times in order; equal due times fire in the order they were set."""

    heap: list[tuple[int, int, str, str, int]] = msgspec.field(default_factory=list)
    background: list[tuple[int, int, str, str, int]] = msgspec.field(default_factory=list)
    counter: int = 0
    cancelled: dict[int, None] = msgspec.field(default_factory=dict)  # numbers, in order: a set has none to store

    def set(self, due: int, kind: str, device: str, reference: int = 0) -> int:
        """Fire `kind` for a device at `due`; returns a number to cancel it by."""
        self.counter += 1
        heap = self.background if CLASS_OF[kind] is TimerClass.BACKGROUND else self.heap
        heapq.heappush(heap, (due, self.counter, kind, device, reference))
        return self.counter

    def cancel(self, number: int | None) -> None:
        """Take back a work or retry timer that has not fired, so that time never jumps to it."""
        if number is not None:
            self.cancelled[number] = None
            self._skip_cancelled()

    def _skip_cancelled(self) -> None:
        while self.heap and self.heap[0][1] in self.cancelled:
            del self.cancelled[heapq.heappop(self.heap)[1]]
        if not self.heap:
            self.cancelled.clear()  # what is left had fired before

    def next_jump(self) -> int | None:
        """When the next work or retry timer is due."""
        return self.heap[0][0] if self.heap else None

    def next_due(self) -> int | None:
        """When the next timer of any class is due."""
        work, background = self.heap, self.background
        if work and background:
            return min(work[0][0], background[0][0])
        if work:
            return work[0][0]
        return background[0][0] if background else None

    def pop_due(self, now_ms: int) -> tuple[int, int, str, str, int] | None:
        """Take the earliest timer that is due, or None."""
        due = [heap for heap in (self.heap, self.background) if heap and heap[0][0] <= now_ms]
        fired = heapq.heappop(min(due, key=lambda heap: heap[0][:2])) if due else None
        self._skip_cancelled()
        return fired
