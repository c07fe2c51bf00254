"""Patience of a client: what waits for ever is told, with the way out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from camsim.control import routes
from camsim.control.answers import ClockView

from .wire import Api, ApiError

# Threads of the simulator, of applications it serves and of reference receivers: none of them moves the clock.
_OURS = ("camsim", "cams_serve", "receiver-")
_WAY_OUT = "use `with gateway.auto():`, or advance the clock from another thread"


class Watch:
    """Called again and again while a call waits. Raises: ApiError `deadlock` when time stands and nobody moves it."""

    def __init__(self, api: Api, patience: float) -> None:
        self._api, self._patience = api, patience
        self._stands: tuple[float, float] | None = None  # since when (monotonic), and where

    def __call__(self) -> None:
        """Look once."""
        view, now = self._api.ask(routes.CLOCK), time.monotonic()
        if view.mode != "manual" or view.moving or not view.held:
            self._stands = None
            return
        if self._stands is None or self._stands[1] != view.now:
            self._stands = now, view.now
            return
        if now - self._stands[0] >= self._patience or _nobody_else():
            message = f"deadlock: a RESTful call waits for virtual time, which stands at {view.text} (clock manual)"
            raise ApiError("deadlock", message, _WAY_OUT)


def unanswered(view: ClockView) -> ApiError:
    """Somebody waits, and the oldest callback that is out has been out for too long."""
    first = view.out[0]
    text = f"callback {first.operation} of {first.device} (attempt {first.attempt}, out for {first.real_s:.1f} s)"
    return ApiError("unanswered", f"{text} is not answered", "does the application hang?")


@contextmanager
def on_a_loop() -> Iterator[None]:
    """An application on the event loop that waits here cannot answer: say so."""
    try:
        yield
    except ApiError as problem:
        if problem.code != "unanswered" or not _loop_runs():
            raise
        hint = "this call blocks the event loop of its thread: await gateway.in_thread(gateway.run_until_idle)"
        raise ApiError(problem.code, problem.message, hint, problem.http) from None


def _loop_runs() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _nobody_else() -> bool:
    """Whether this is the only thread of the process that could move the clock."""
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    return all(thread.name.startswith(_OURS) for thread in others)
