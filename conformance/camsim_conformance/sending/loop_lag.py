"""How late our own event loop is: what our own load makes slow is never held against a target."""

from __future__ import annotations

import asyncio
import time
from collections import deque

TICK_S = 0.05
MOST_TICKS = 4096  # more than three minutes of them, longer than any exchange


class LoopLag:
    """Sleeps 50 ms again and again and notes by how much it overslept; between `start` and `stop`."""

    def __init__(self) -> None:
        # Every tick with the time at which it woke and the seconds it was late.
        self._ticks: deque[tuple[float, float]] = deque(maxlen=MOST_TICKS)
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._due = time.monotonic() + TICK_S
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self._due - time.monotonic()))
            now = time.monotonic()
            self._ticks.append((now, now - self._due))
            self._due = now + TICK_S

    def since(self, begin: float) -> float:
        """The greatest lag seen since a moment of the monotonic clock, in seconds."""
        if self._task is None:
            return 0.0
        # A tick that is overdue belongs to it as well: an answer may be looked at before the tick wakes.
        greatest = max(0.0, time.monotonic() - self._due)
        for woke, late in reversed(self._ticks):
            if woke < begin:
                break
            greatest = max(greatest, late)
        return greatest
