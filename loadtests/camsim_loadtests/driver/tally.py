"""What a worker counted: reported in steps, merged by addition, whatever the order of the reports."""

from __future__ import annotations

from collections import Counter

import msgspec

from .histogram import Latencies, bucket

LATE_MS = 50.0  # an arrival driven later than this was the driver's fault


class ErrorKind(msgspec.Struct):
    """Failed attempts of one kind; `example` is the first one seen, in words."""

    count: int = 0
    example: dict[str, object] = msgspec.field(default_factory=dict)


class Second(msgspec.Struct):
    """One second of the run. `latency` counts coarse buckets (histogram.bucket) of what was acknowledged in it."""

    arrived: int = 0
    sent: int = 0
    acked: int = 0
    failed: int = 0
    latency: dict[int, int] = msgspec.field(default_factory=dict)


class Step(msgspec.Struct):
    """One report of a worker: everything since its last one, and a few levels as they are now."""

    worker: int
    latency: str = ""  # HDR, from the scheduled moment to the first acknowledgement
    answer: str = ""  # HDR, from the first byte sent to the last byte read, every attempt
    lag: str = ""  # HDR, how late the driver itself was
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    errors: dict[str, ErrorKind] = msgspec.field(default_factory=dict)
    seconds: dict[int, Second] = msgspec.field(default_factory=dict)
    rows: bytes = b""  # ledger rows, see ledger.ROW
    levels: dict[str, float] = msgspec.field(default_factory=dict)
    done: bool = False
    crash: str = ""  # the driver itself failed: a traceback


class Tally:
    """Counts between two reports of one worker."""

    def __init__(self, worker: int = 0) -> None:
        self.worker = worker
        self.latency, self.answer, self.lag = Latencies(), Latencies(), Latencies()
        self.counts: Counter[str] = Counter()
        self.errors: dict[str, ErrorKind] = {}
        self.seconds: dict[int, Second] = {}
        self.rows = bytearray()
        self.arrivals_seen = self.late_seen = 0  # since the start, not since the last step

    def second(self, now_ms: float) -> Second:
        """The record of the second in which `now_ms` lies."""
        number = int(now_ms // 1000)
        found = self.seconds.get(number)
        if found is None:
            found = self.seconds[number] = Second()
        return found

    def arrived(self, now_ms: float, count: int) -> None:
        """A device was given `count` more to tell."""
        self.counts["arrived"] += count
        self.second(now_ms).arrived += count

    def lagged(self, late_ms: float) -> None:
        """The driver was late by so much for one arrival; told once for each."""
        self.counts["arrivals"] += 1
        self.arrivals_seen += 1
        self.lag.record(late_ms * 1000)
        if late_ms > LATE_MS:
            self.late_seen += 1
            self.counts["late"] += 1

    def saturated(self, late: int) -> None:
        """In a second without rest so many more arrivals were driven late."""
        self.counts["saturated_s"] += 1
        self.counts["late"] += late
        self.late_seen += late

    def acknowledged(self, now_ms: float, latency_ms: float) -> None:
        """An item got its first acknowledgement, `latency_ms` after its scheduled moment."""
        self.counts["acked"] += 1
        self.latency.record(latency_ms * 1000)
        second = self.second(now_ms)
        second.acked += 1
        number = bucket(latency_ms)
        second.latency[number] = second.latency.get(number, 0) + 1

    def failed(self, now_ms: float, kind: str, example: dict[str, object]) -> None:
        """An attempt brought no acknowledgement."""
        self.counts["errors"] += 1
        self.second(now_ms).failed += 1
        self.errors.setdefault(kind, ErrorKind(0, example)).count += 1

    def step(self, levels: dict[str, float], done: bool, crash: str = "") -> Step:
        """Everything since the last step; the tally starts anew."""
        step = Step(
            worker=self.worker,
            latency=self.latency.encode(),
            answer=self.answer.encode(),
            lag=self.lag.encode(),
            counts=dict(self.counts),
            errors=self.errors,
            seconds=self.seconds,
            rows=bytes(self.rows),
            levels=levels,
            done=done,
            crash=crash,
        )
        for latencies in (self.latency, self.answer, self.lag):
            latencies.reset()
        self.counts, self.errors, self.seconds, self.rows = Counter(), {}, {}, bytearray()
        return step


class Totals:
    """All steps of all workers, added up."""

    def __init__(self) -> None:
        self.latency, self.answer, self.lag = Latencies(), Latencies(), Latencies()
        self.counts: Counter[str] = Counter()
        self.errors: dict[str, ErrorKind] = {}
        self.seconds: dict[int, Second] = {}
        self.levels: dict[int, dict[str, float]] = {}
        self.done: set[int] = set()
        self.crash = ""

    def add(self, step: Step) -> None:
        """Take one report in."""
        for mine, theirs in ((self.latency, step.latency), (self.answer, step.answer), (self.lag, step.lag)):
            mine.merge(theirs)
        self.counts.update(step.counts)
        for kind, error in step.errors.items():
            self.errors.setdefault(kind, ErrorKind(0, error.example)).count += error.count
        for number, second in step.seconds.items():
            _add_second(self.seconds.setdefault(number, Second()), second)
        self.levels[step.worker] = step.levels
        self.crash = self.crash or step.crash
        if step.done:
            self.done.add(step.worker)

    def level(self, name: str) -> float:
        """A level summed over the workers."""
        return sum(levels.get(name, 0.0) for levels in self.levels.values())


def _add_second(mine: Second, theirs: Second) -> None:
    mine.arrived += theirs.arrived
    mine.sent += theirs.sent
    mine.acked += theirs.acked
    mine.failed += theirs.failed
    for number, count in theirs.latency.items():
        mine.latency[number] = mine.latency.get(number, 0) + count
