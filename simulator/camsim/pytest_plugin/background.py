"""A service on an event loop in a thread of its own, beside whatever the test does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
_STOP_S = 10.0


class Background(Generic[T]):
    """`service` runs from construction to `stop`. Raises: what starting it raises."""

    def __init__(
        self, start: Callable[[], Coroutine[Any, Any, T]], stop: Callable[[T], Awaitable[None]], name: str
    ) -> None:
        self._stop = stop
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        try:
            self.service = asyncio.run_coroutine_threadsafe(start(), self._loop).result()
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the service, its loop and its thread."""
        try:
            asyncio.run_coroutine_threadsafe(self._stopped(), self._loop).result(_STOP_S)
        finally:
            self._end()

    async def _stopped(self) -> None:
        await self._stop(self.service)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_S)
        if not self._loop.is_running():
            self._loop.close()
