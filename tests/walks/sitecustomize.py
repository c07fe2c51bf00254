"""Python imports this at the start of a process that has it on its path: notes the hops of a walk as they are taken.

CAMSIM_WALK_HOPS: names `module:function` separated by blanks; CAMSIM_WALK_LOG: the file that `PID NAME` lines go to.
"""

from __future__ import annotations

import os
import sys
from types import FrameType

import greenlet

NAMES = frozenset(os.environ["CAMSIM_WALK_HOPS"].split())
LOG = os.open(os.environ["CAMSIM_WALK_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def see(frame: FrameType, event: str, _: object) -> None:
    """Note a call of one of the hops; a line is written at once, so that lines of two processes stay in order."""
    if event == "call":
        name = f"{frame.f_globals.get('__name__')}:{frame.f_code.co_qualname}"
        if name in NAMES:
            os.write(LOG, f"{os.getpid()} {name}\n".encode())


def switched(event: str, _: object) -> None:
    """Each greenlet of Locust has a profile function of its own."""
    if event in ("switch", "throw"):
        sys.setprofile(see)


sys.setprofile(see)
greenlet.settrace(switched)
