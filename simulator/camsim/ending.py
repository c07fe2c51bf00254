"""How a command ends on SIGINT, SIGTERM and SIGHUP: at once while it starts, in order once there is something to order.

It imports next to nothing: its handlers stand before anything that takes time to load.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]
Before = Handler | int | signal.Handlers | None
INTERRUPTED = 130
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def at_once(number: int = 0, frame: FrameType | None = None) -> None:
    """End the process here and now. An exception would not do: what loads modules swallows some of them."""
    os._exit(INTERRUPTED)


def at_once_while_starting() -> None:
    """From now on a signal ends the process at once, until a command says otherwise."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, and what a shell runs behind it
            signal.signal(number, at_once)
    # The interpreter puts the default handlers back before it is gone: then a second signal would be the exit code.
    atexit.register(_ignore)


def _ignore() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _use(handlers: dict[int, Handler]) -> dict[int, Before]:
    """Put handlers in place, and give those of before. Signals are the business of the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {number: signal.getsignal(number) for number in handlers}
    for number, handler in handlers.items():
        if number == signal.SIGINT or number == signal.SIGTERM or before[number] is not signal.SIG_IGN:
            signal.signal(number, handler)
    return before


def _restore(before: dict[int, Before]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def heard(tell: Callable[[], object]) -> Iterator[None]:
    """Signals call `tell`, as often as they come; it may do no more than wake somebody."""
    before = _use(dict.fromkeys(_SIGNALS, lambda number, frame: tell()))
    try:
        yield
    finally:
        _restore(before)


@contextmanager
def interrupting() -> Iterator[None]:
    """Signals are a KeyboardInterrupt, so that what was opened is closed; only Ctrl-C may hurry that."""
    told = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:
            return
        told = True
        # A running loop has put a handler of its own there, which cancels its main task first.
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            handler(signal.SIGINT, frame)

    handlers: dict[int, Handler] = dict.fromkeys(_SIGNALS, end)
    before = _use(handlers | {signal.SIGINT: signal.default_int_handler})
    try:
        yield
    finally:
        _restore(before)
