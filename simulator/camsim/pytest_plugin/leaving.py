"""Ends threads of applications under test: politely, then by an exception inside them, then they are left behind."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Iterable

# Real seconds an application has to end by itself; few after Ctrl-C, for whoever pressed it waits.
_USUAL_S, _HASTY_S, _AT_LAST_S = 1.5, 0.3, 0.2
_hasty = threading.Event()


def hurry(now: bool = True) -> None:
    """The session was interrupted, and nobody is waited for long from now on; or another one begins."""
    if now:
        _hasty.set()
    else:
        _hasty.clear()


def patience_s() -> float:
    """How long to wait for something that should end by itself."""
    return _HASTY_S if _hasty.is_set() else _USUAL_S


def join(threads: Iterable[threading.Thread], what: str, within_s: float = _AT_LAST_S) -> None:
    """Wait for threads that were told to end; one that blocks is named on stderr and left behind.

    No thread can be killed. An exception is raised inside it, which ends it as soon as it runs Python again; and all
    of them are daemons, so none keeps the process.
    """
    for thread in _waited(list(threads), within_s):
        sys.stderr.write(f"{what} does not end, it is left behind at\n{_where(thread)}")
        # What a handler catches is an Exception at most.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def _waited(threads: list[threading.Thread], seconds: float) -> list[threading.Thread]:
    """Those that are still alive then."""
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread for thread in threads if thread.is_alive()]


def _where(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)[-3:]) if frame else ""
