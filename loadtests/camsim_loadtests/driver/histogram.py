"""Latencies as HDR histograms: mergeable, three significant digits from 1 µs to an hour."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hdrh.histogram import HdrHistogram

LOWEST_US, HIGHEST_US, DIGITS = 1, 3_600_000_000, 3
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
_PER_DOUBLING = 8
_KEPT_BITS = 12


class Latencies:
    """Recorded in microseconds, told in seconds.

    Values wait in a dictionary, rounded to twelve bits (finer than three digits), until somebody asks: entering each
    into the histogram at once would be a tenth of the driver's work.
    """

    __slots__ = ("_histogram", "_waiting")

    def __init__(self, encoded: str | bytes = b"") -> None:
        if encoded:
            self._histogram = HdrHistogram.decode(encoded)
        else:
            self._histogram = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
        self._waiting: dict[int, int] = {}

    def record(self, microseconds: float) -> None:
        """Count one; what lies outside the range counts at its end."""
        value = int(microseconds)
        shift = value.bit_length() - _KEPT_BITS
        if shift > 0:
            value = value >> shift << shift
        self._waiting[value] = self._waiting.get(value, 0) + 1

    def _settled(self) -> HdrHistogram:
        for value, count in self._waiting.items():
            self._histogram.record_value(min(max(value, LOWEST_US), HIGHEST_US), count)
        self._waiting.clear()
        return self._histogram

    def merge(self, encoded: str | bytes) -> None:
        """Add what another process recorded."""
        self._settled().decode_and_add(encoded)

    def encode(self) -> str:
        """The common text form of HDR histograms (V2, compressed, Base64)."""
        return str(self._settled().encode().decode())

    def reset(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._histogram.reset()

    @property
    def count(self) -> int:
        """How many were recorded."""
        return int(self._settled().get_total_count())

    def percentile(self, percent: float) -> float | None:
        """Seconds within which `percent` of the recorded came; None when nothing was recorded."""
        return self._seconds(self._settled().get_value_at_percentile(percent))

    def highest(self) -> float | None:
        """The slowest, seconds."""
        return self._seconds(self._settled().get_max_value())

    def mean(self) -> float | None:
        """Seconds."""
        return self._seconds(self._settled().get_mean_value())

    def _seconds(self, microseconds: float) -> float | None:
        # An empty histogram tells zeros, which would look like answers that took no time.
        return microseconds / 1e6 if self.count else None

    def figures(self) -> dict[str, float | None]:
        """Seconds by the name of their percentile, the slowest and the mean."""
        rows = {f"p{percent:g}": self.percentile(percent) for percent in PERCENTILES}
        return rows | {"max": self.highest(), "mean": self.mean()}

    def summary(self) -> dict[str, float | str | None]:
        """For a report: how many, their figures, and the histogram itself."""
        return {"count": self.count, **self.figures(), "hdr": self.encode()}


def bucket(milliseconds: float) -> int:
    """The number of a coarse bucket, eight to a doubling: what is kept for each second of a run."""
    return max(0, math.ceil(math.log2(max(milliseconds, 0.125) * 8) * _PER_DOUBLING))


def bucket_end(number: int) -> float:
    """The upper end of a coarse bucket in milliseconds."""
    return float(2 ** (number / _PER_DOUBLING)) / 8


def coarse_percentile(counts: Iterable[tuple[int, int]], percent: float) -> float | None:
    """Milliseconds at a percentile of (bucket, count) pairs; None without any."""
    ordered = sorted(counts)
    wanted = sum(count for _, count in ordered) * percent / 100
    seen = 0
    for number, count in ordered:
        seen += count
        if seen >= wanted:
            return bucket_end(number)
    return None
