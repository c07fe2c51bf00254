"""Patience with many tasks on one timer: a timer for every attempt would cost most after the request itself."""

from __future__ import annotations

import asyncio
from types import TracebackType

PERIOD_S = 0.05


class Patience:
    """`with patience.limit(seconds):` raises TimeoutError in the current task at most PERIOD_S after that time."""

    def __init__(self) -> None:
        self._limits: set[Limit] = set()
        self._timer: asyncio.TimerHandle | None = None

    def limit(self, seconds: float) -> Limit:
        """A context manager for one await of the current task."""
        return Limit(self, seconds)

    def watch(self, limit: Limit) -> None:
        """Start watching a limit."""
        self._limits.add(limit)
        if self._timer is None:
            self._timer = limit.loop.call_later(PERIOD_S, self._look)

    def forget(self, limit: Limit) -> None:
        """Its time did not run out."""
        self._limits.discard(limit)

    def _look(self) -> None:
        self._timer = None
        if not self._limits:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        # A list of them first, for whoever is interrupted leaves the set.
        for limit in [limit for limit in self._limits if limit.deadline <= now]:
            self._limits.discard(limit)
            limit.run_out()
        if self._limits:
            self._timer = loop.call_later(PERIOD_S, self._look)


class Limit:
    """One watched stretch of one task."""

    __slots__ = ("_late", "_patience", "_seconds", "_task", "deadline", "loop")

    def __init__(self, patience: Patience, seconds: float) -> None:
        self._patience, self._seconds, self._late = patience, seconds, False
        self.loop = asyncio.get_running_loop()
        self.deadline = 0.0
        self._task: asyncio.Task[object] | None = None

    def __enter__(self) -> None:
        self._task = asyncio.current_task(self.loop)
        self.deadline = self.loop.time() + self._seconds
        self._patience.watch(self)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patience.forget(self)
        # Somebody else may have cancelled the task meanwhile: that is no timeout, and `uncancel` counts it.
        if self._late and kind is asyncio.CancelledError and self._task is not None and self._task.uncancel() == 0:
            raise TimeoutError from problem

    def run_out(self) -> None:
        """Interrupt the task."""
        self._late = True
        if self._task is not None:
            self._task.cancel()
