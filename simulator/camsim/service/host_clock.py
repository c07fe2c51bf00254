"""The host's time, never backwards: the monotonic clock, from the last moment at which the wall clock was ahead."""

from __future__ import annotations

import time

JUMP_MS = 500  # the wall clock may differ by so much, as it does where it is slewed, before that counts


class HostClock:
    """Milliseconds since 1970. Sleep of the machine and a clock set forward pass; a clock set back is not followed."""

    def __init__(self) -> None:
        self._wall, self._steady = _wall_ms(), _steady_ms()

    def now_ms(self) -> int:
        """The present moment."""
        wall, steady = _wall_ms(), _steady_ms()
        expected = self._wall + (steady - self._steady)
        if wall <= expected + JUMP_MS:
            return expected
        self._wall, self._steady = wall, steady
        return wall


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000


_CLOCK = HostClock()


def host_ms() -> int:
    """The host's time for everything in this process, ms since 1970."""
    return _CLOCK.now_ms()
