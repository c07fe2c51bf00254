"""A service on an event loop in a thread of its own, beside whatever the test does."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from . import leaving

T = TypeVar("T")
START_S = 10.0


class Background(Generic[T]):
    """`service` runs from construction to `stop`. Raises: what starting it raises, RuntimeError when it blocks."""

    def __init__(
        self, start: Callable[[], Coroutine[Any, Any, T]], stop: Callable[[T], Awaitable[None]], name: str
    ) -> None:
        self._stop, self._name, self._ending = stop, name, False
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_Daemons())
        # A daemon, and so is every thread that is begun in it: none of them keeps the process.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        try:
            self.service = asyncio.run_coroutine_threadsafe(start(), self._loop).result(START_S + 2)
        except TimeoutError:
            self._end()
            raise RuntimeError(f"{name} did not start within {START_S + 2:g} s: it blocks its event loop") from None
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the service, its loop and its thread; a thread that blocks is left behind."""
        try:
            with suppress(TimeoutError):
                self._begin_to_stop().result(leaving.patience_s())
        finally:
            self._end()

    def _begin_to_stop(self) -> Future[None]:
        ended: Future[None] = Future()

        def tell(task: asyncio.Task[None]) -> None:
            problem = None if task.cancelled() else task.exception()
            if problem is None:
                ended.set_result(None)
            else:
                ended.set_exception(problem)

        # The coroutine is made by the loop: one that is blocked would never await it, which is a warning.
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._stopped()).add_done_callback(tell))
        return ended

    async def _stopped(self) -> None:
        await self._stop(self.service)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _run(self) -> None:
        while not self._ending:
            try:
                self._loop.run_forever()
            except BaseException:  # SystemExit and KeyboardInterrupt of an application go through its task and the loop
                if not self._ending:
                    traceback.print_exc()
        self._loop.set_exception_handler(_quiet)
        self._loop.close()

    def _end(self) -> None:
        self._ending = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        leaving.join([self._thread], self._name)


class _Daemons(ThreadPoolExecutor):
    """A thread a call for `to_thread` and its like: the pool's own threads are waited for when the process ends."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call it in a thread."""
        future: Future[T] = Future()
        threading.Thread(target=_call, args=(future, lambda: fn(*args, **kwargs)), name="cams_serve call").start()
        return future


def _call(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as problem:
        future.set_exception(problem)
    else:
        future.set_result(result)


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tasks that ignored being cancelled are no news when the test is over."""
