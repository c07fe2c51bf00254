"""What the master of a storm gathers from its workers: live progress on the way, one raw result at the end."""

from __future__ import annotations

from pathlib import Path

import msgspec

from camsim_loadtests.driver.tally import ErrorKind, Second, Step, Totals
from camsim_loadtests.plan.settings import Settings

PROGRESS_FILE, RAW_FILE = "progress.jsonl", "raw.msgpack"
GRACE_S = 15.0  # beyond the drain limit, for a worker that no longer reports


class RawResult(msgspec.Struct, kw_only=True):
    """A finished storm, not yet judged: what its workers reported, added up."""

    workers: int
    workers_done: list[int]
    start_up_s: float
    crash: str
    counts: dict[str, int]
    errors: dict[str, ErrorKind]
    seconds: dict[int, Second]
    levels: dict[int, dict[str, float]]
    latency: str
    answer: str
    lag: str
    rows: bytes  # of the ledger, as the workers packed them, in the order in which they came


class Progress(msgspec.Struct, kw_only=True):
    """One line of live progress: latencies in seconds; `reached` is what the last whole second acknowledged."""

    at_s: float
    total: int
    arrived: int
    acked: int
    open: int
    errors: int
    retries: int
    reached: int
    late: int
    p50: float | None
    p95: float | None
    p99: float | None


class Collector:
    """Adds up steps; knows when nothing more is to be expected."""

    def __init__(self, settings: Settings, workers: int, start_up_s: float, folder: Path | None) -> None:
        self.settings, self.workers, self.start_up_s = settings, workers, start_up_s
        self.totals = Totals()
        self.rows = bytearray()
        self._folder = folder
        if folder is not None:
            (folder / PROGRESS_FILE).touch()  # from now on whoever stops it stops a storm

    def take(self, step: Step) -> None:
        """Add one report of a worker."""
        self.totals.add(step)
        # Rows stay as the worker packed them: whoever judges opens them, once.
        self.rows += step.rows

    def finished(self, elapsed_s: float) -> bool:
        """True when every worker is done, one crashed, or the time for it is over."""
        limit = self.settings.duration_s + self.settings.drain_limit_s + GRACE_S
        return len(self.totals.done) == self.workers or bool(self.totals.crash) or elapsed_s > limit

    def progress(self, elapsed_s: float) -> Progress:
        """Where the storm stands."""
        totals = self.totals
        # Every worker reports once a second: two seconds back, all of them have told their part of it.
        whole = totals.seconds.get(int(elapsed_s) - 2, Second())
        return Progress(
            at_s=round(elapsed_s, 1),
            total=self.settings.total,
            arrived=totals.counts["arrived"],
            acked=totals.counts["acked"],
            open=int(totals.level("open")),
            errors=totals.counts["errors"],
            retries=totals.counts["retries"],
            reached=whole.acked,
            late=totals.counts["late"],
            p50=totals.latency.percentile(50),
            p95=totals.latency.percentile(95),
            p99=totals.latency.percentile(99),
        )

    def write_progress(self, elapsed_s: float) -> None:
        """Append a line for whoever watches."""
        if self._folder is not None:
            with (self._folder / PROGRESS_FILE).open("ab") as file:
                file.write(msgspec.json.encode(self.progress(elapsed_s)) + b"\n")

    def raw(self) -> RawResult:
        """Everything, for the judge."""
        totals = self.totals
        return RawResult(
            workers=self.workers,
            workers_done=sorted(totals.done),
            start_up_s=self.start_up_s,
            crash=totals.crash,
            counts=dict(totals.counts),
            errors=totals.errors,
            seconds=totals.seconds,
            levels=totals.levels,
            latency=totals.latency.encode(),
            answer=totals.answer.encode(),
            lag=totals.lag.encode(),
            rows=bytes(self.rows),
        )

    def write_raw(self) -> None:
        """Leave the raw result where the command finds it; complete or not there at all."""
        if self._folder is not None:
            part = self._folder / f"{RAW_FILE}.part"
            part.write_bytes(msgspec.msgpack.encode(self.raw()))
            part.rename(self._folder / RAW_FILE)


def read_raw(folder: Path) -> RawResult | None:
    """The raw result of a storm, None when it left none."""
    file = folder / RAW_FILE
    if not file.exists():
        return None
    return msgspec.msgpack.decode(file.read_bytes(), type=RawResult)


def read_progress(line: bytes) -> Progress:
    """One line of the progress file."""
    return msgspec.json.decode(line, type=Progress)
