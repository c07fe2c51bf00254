"""How much of the time the event loop had nothing to do: a driver that never rests is itself the bottleneck."""

from __future__ import annotations

import time

import gevent

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
