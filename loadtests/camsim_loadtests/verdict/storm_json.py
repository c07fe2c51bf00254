"""What storm.json holds, as types (schemas/storm.json publishes the same): written by `result`, read by the reports.

Times are seconds, rates a second, shares from 0 to 1, unless a name says otherwise.
"""

from __future__ import annotations

from typing import TypedDict

from camsim_loadtests.driver.ledger import Summary

Figures = dict[str, float | str | None]  # of a histogram: count, p50 … p99.99, max, mean, hdr


class Rate(TypedDict):
    """Arrivals asked for and reached."""

    asked: float
    reached: float
    peak_asked: float


class DriverFigures(TypedDict):
    """What the machine that drove the storm had to do, and whether it kept up."""

    workers: int
    workers_done: int
    start_up_s: float
    rss_mb: float
    cpu_s: float
    connections: int
    arrivals: int
    late: int
    late_share: float
    late_limit: float
    saturated_s: int
    lag: Figures


class Example(TypedDict):
    """The first failed attempt of a kind."""

    at: float
    user: str
    device: str
    operation: str
    attempt: int
    why: str


class ErrorRow(TypedDict):
    """Failed attempts of one kind."""

    kind: str
    count: int
    example: Example


class OutageRow(TypedDict):
    """Whole seconds without an acknowledgement."""

    from_s: int
    to_s: int
    drained_s: int | None


class UndeliveredRow(TypedDict):
    """An item nobody acknowledged."""

    user: str
    time: str
    device: str
    attempts: int


class LedgerFigures(Summary):
    """Completeness, and the first items that miss."""

    undelivered_named: list[UndeliveredRow]


class FindingRow(TypedDict):
    """One thing that is not stored as it was acknowledged."""

    user: str
    what: str
    device: str
    sent: str
    acknowledged_s: float | None


class ReadBackFigures(TypedDict):
    """What the read-back showed."""

    url: str
    time_policy: str
    users: int
    of_users: int
    punches: int
    templates: int
    missing: int
    doubled: int
    foreign: int
    settled_s: float
    missing_named: list[FindingRow]
    doubled_named: list[FindingRow]
    foreign_named: list[FindingRow]
    full: bool


class ThresholdRow(TypedDict):
    """A threshold and what was measured."""

    text: str
    metric: str
    value: float | None
    limit: float
    passed: bool | None


# [second, arrived, sent, acked, failed, backlog, p50 ms, p99 ms]
SecondRow = list[float | None]


class StormDocument(TypedDict):
    """All of it."""

    schemaVersion: int
    suite: str
    version: str
    outcome: str
    exit_code: int
    doubts: list[str]
    target: str
    profile: str
    purpose: str
    seed: int
    started: str
    settings: dict[str, object]
    rate: Rate
    duration_s: float
    deadline_s: float
    drain_s: float | None
    latency: Figures
    answer: Figures
    driver: DriverFigures
    counts: dict[str, int]
    errors: list[ErrorRow]
    outages: list[OutageRow]
    ledger: LedgerFigures
    readback: ReadBackFigures | None
    thresholds: list[ThresholdRow]
    seconds: list[SecondRow]
