"""Arrival curves: how the arrivals of a storm spread over its duration. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import accumulate

_STEPS = 1024


class Curve:
    """A density over [0, 1); `at` maps the share of arrivals to the share of time (the inverse of the distribution)."""

    __slots__ = ("_sums", "density", "peak")

    def __init__(self, density: Callable[[float], float]) -> None:
        self.density = density
        heights = [density((step + 0.5) / _STEPS) for step in range(_STEPS)]
        whole = sum(heights)
        sums = [0.0, *accumulate(height / whole for height in heights)]
        # Where the density ends early, rounding stops the sums just short of 1: no share must fall behind that end.
        self._sums = [1.0 if value > 1 - 1e-9 else value for value in sums]
        self.peak = max(heights) * _STEPS / whole

    def at(self, share: float) -> float:
        """The moment, as a share of the duration, by which `share` of all arrivals have come; both in [0, 1]."""
        sums = self._sums
        upper = bisect_left(sums, share, 1)
        below, above = sums[upper - 1], sums[upper]
        inside = (share - below) / (above - below) if above > below else 0.0
        return (upper - 1 + inside) / _STEPS


RECONNECT_SHARE = 0.1  # of the duration, within which all devices of an offline recovery come back


def _bell(moment: float) -> float:
    return 0.4 + 1.2 * math.sin(math.pi * moment) ** 2


CURVES: Mapping[str, Curve] = {
    "flat": Curve(lambda moment: 1.0),
    "bell": Curve(_bell),
    "ramp": Curve(lambda moment: 0.2 + 1.6 * moment),
    "reconnect": Curve(lambda moment: 1.0 if moment < RECONNECT_SHARE else 0.0),
}
