"""How much of the time the event loop had nothing to do: a driver that never rests is itself the bottleneck."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent

from .tally import LATE_MS, Tally

FULL = 0.05  # of a second: an idle share below it means that the driver is saturated


class IdleMeter:
    """Measures the time between the moments before and after the loop's wait for events."""

    def __init__(self) -> None:
        loop = gevent.get_hub().loop
        self._idle_s = 0.0
        self._waiting_since: float | None = None
        # gevent runs its own callbacks as a prepare watcher of the middle priority: ours comes after it.
        self._before, self._after = loop.prepare(priority=loop.MINPRI), loop.check(priority=loop.MAXPRI)
        self._before.start(self._waits)
        self._after.start(self._wakes)

    def take(self) -> float:
        """Seconds of rest since the last call."""
        idle, self._idle_s = self._idle_s, 0.0
        return idle

    def stop(self) -> None:
        """Measure no more."""
        for watcher in (self._before, self._after):
            watcher.stop()
            watcher.close()

    def _waits(self) -> None:
        self._waiting_since = time.perf_counter()

    def _wakes(self) -> None:
        if self._waiting_since is not None:
            self._idle_s += time.perf_counter() - self._waiting_since
            self._waiting_since = None


class SaturationWatch:
    """Counts the arrivals of a second as late when the loop never rested in it and work piled up.

    In a storm of backlogs a device arrives once with all of its own: `flushing` tells how many have some of it left.
    """

    def __init__(self, tally: Tally, backlogs: bool, flushing: Callable[[], int]) -> None:
        self._tally, self._backlogs, self._flushing = tally, backlogs, flushing
        self._meter = IdleMeter()
        self._since_ms, self._arrivals, self._late = 0.0, 0, 0  # when this second began

    def look(self, now_ms: float, open_items: int) -> None:
        """Called all the time; judges once a second."""
        passed = now_ms - self._since_ms
        if passed < 1000:
            return
        tally = self._tally
        arrivals, late = tally.arrivals_seen - self._arrivals, tally.late_seen - self._late
        rested = self._meter.take() * 1000 / passed
        # By Little's law so much open work means more than 50 ms of waiting, and it waited for this process.
        if rested < FULL and open_items > max(10, arrivals * LATE_MS / passed):
            tally.saturated(self._held_up(arrivals - late))
        self._since_ms, self._arrivals, self._late = now_ms, tally.arrivals_seen, tally.late_seen

    def _held_up(self, arrivals: int) -> int:
        if not self._backlogs:
            return arrivals
        # A device is late once, however many seconds its backlog waits.
        return min(self._flushing(), self._tally.arrivals_seen - self._tally.late_seen)

    def stop(self) -> None:
        """Measure no more."""
        self._meter.stop()
