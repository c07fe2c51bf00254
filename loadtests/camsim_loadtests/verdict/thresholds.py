"""Thresholds and the verdict of a storm: `p95<2s`, `lost==0`. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from enum import IntEnum

import msgspec

LATE_LIMIT = 0.01  # share of arrivals that may be driven late


class Exit(IntEnum):
    """Exit codes, as everywhere in camsim."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    COULD_NOT_JUDGE = 3
    REFUSED = 4


OUTCOMES: Mapping[Exit, str] = {
    Exit.PASSED: "passed",
    Exit.FAILED: "failed",
    Exit.COULD_NOT_JUDGE: "could-not-judge",
}

_SYMBOLS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_UNITS: Mapping[str, float] = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "%": 0.01, "/s": 1.0}
_TIMES = ("p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean")
_COUNTS = ("lost", "missing", "doubled", "foreign", "undelivered", "errors", "retries", "inversions")
_RATIOS = ("error_share", "late_share", "rate", "drain")
NEEDS_READBACK = frozenset({"missing", "doubled", "foreign"})
METRICS = (*_TIMES, *(f"answer_{name}" for name in _TIMES), *_COUNTS, *_RATIOS)
_TEXT = re.compile(r"\s*([a-z_0-9.]+)\s*(<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)\s*(ms|s|m|%|/s|)\s*")


class ThresholdError(ValueError):
    """A `--fail-on` text that cannot be understood."""


class Threshold(msgspec.Struct, frozen=True):
    """What must hold; `limit` in seconds, counts or shares."""

    text: str
    metric: str
    symbol: str
    limit: float

    def holds(self, value: float) -> bool:
        """True when the measured value is allowed."""
        return _SYMBOLS[self.symbol](value, self.limit)


class Judged(msgspec.Struct, frozen=True):
    """A threshold and what was measured; `passed` is None where nothing was measured."""

    text: str
    metric: str
    value: float | None
    limit: float
    passed: bool | None


def parse(text: str) -> Threshold:
    """A threshold: what must hold, else the run fails. Raises: ThresholdError with the metrics there are."""
    found = _TEXT.fullmatch(text)
    if found is None or found[1] not in METRICS:
        raise ThresholdError(
            f"--fail-on {text!r} is no threshold: METRIC OP NUMBER[ms|s|m|%|/s] as p95<2s or lost==0; "
            f"metrics are {', '.join(METRICS)}"
        )
    return Threshold(text.strip(), found[1], found[2], float(found[3]) * _UNITS[found[4]])


def chosen(texts: list[str], deadline_s: float, readback: bool) -> list[Threshold]:
    """The thresholds asked for, else the usual ones: nothing lost or doubled, p95 within the deadline.

    Raises: ThresholdError also for one that needs a read-back that is not there.
    """
    usual = ["lost==0", f"p95<={deadline_s:g}s"] + (["doubled==0"] if readback else [])
    thresholds = [parse(text) for text in (texts or usual)]
    for threshold in thresholds:
        if threshold.metric in NEEDS_READBACK and not readback:
            raise ThresholdError(
                f"--fail-on {threshold.text!r} needs --readback URL: what is stored cannot be seen otherwise"
            )
    return thresholds


def judged(thresholds: list[Threshold], metrics: Mapping[str, float | None]) -> list[Judged]:
    """Each threshold with its value."""
    rows = []
    for threshold in thresholds:
        value = metrics.get(threshold.metric)
        passed = None if value is None else threshold.holds(value)
        rows.append(Judged(threshold.text, threshold.metric, value, threshold.limit, passed))
    return rows


def verdict(rows: list[Judged], doubts: list[str]) -> Exit:
    """Failed when a threshold is broken; with doubts (a late driver, a lost worker) only a broken count is certain."""
    broken = [row for row in rows if row.passed is False]
    if any(row.metric in _COUNTS or not doubts for row in broken):
        return Exit.FAILED
    return Exit.COULD_NOT_JUDGE if doubts or any(row.passed is None for row in rows) else Exit.PASSED


def driver_doubts(counts: Mapping[str, int], workers: int, done: int, crash: str) -> list[str]:
    """Why the driver's own measurements cannot be trusted; empty when they can."""
    doubts = []
    if crash:
        doubts.append(f"a worker failed: {crash.strip().splitlines()[-1]}")
    if done < workers:
        doubts.append(f"only {done} of {workers} workers reported their end")
    arrivals, late = counts.get("arrivals", 0), counts.get("late", 0)
    if arrivals == 0:
        doubts.append("nothing was driven")
    elif late / arrivals > LATE_LIMIT:
        share = f"{late} of {arrivals} arrivals ({late / arrivals:.1%}) were driven more than 50 ms late"
        busy = counts.get("saturated_s", 0)
        doubts.append(
            f"{share}{f', the driver had no rest in {busy} s' if busy else ''}: use more --processes or a lower --rate"
        )
    return doubts
