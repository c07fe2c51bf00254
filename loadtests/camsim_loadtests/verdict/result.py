"""The result of a storm, as storm.json holds it: built from the raw counts, the ledger and the read-back. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from camsim_loadtests.driver.histogram import Latencies, coarse_percentile
from camsim_loadtests.driver.ledger import Ledger
from camsim_loadtests.driver.tally import Second
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.workers.collector import Raw

from .reconcile import Comparison
from .thresholds import LATE_LIMIT, OUTCOMES, Exit, Judged

SCHEMA_VERSION = 1
SUITE = "camsim-storm"
_SECRETS = ("auth_token", "security_key", "ca_file")


class Outage(msgspec.Struct, frozen=True):
    """Whole seconds in which work waited and nothing was acknowledged, and how long the backlog then took to drain."""

    from_s: int
    to_s: int
    drained_s: int | None


class Measured(msgspec.Struct):
    """Everything the judge looks at."""

    raw: Raw
    plan: Plan
    ledger: Ledger
    comparison: Comparison | None = None
    latency: Latencies = msgspec.field(default_factory=Latencies)
    answer: Latencies = msgspec.field(default_factory=Latencies)
    lag: Latencies = msgspec.field(default_factory=Latencies)


def measure(raw: Raw, comparison: Comparison | None = None) -> Measured:
    """The raw result with its histograms and ledger opened."""
    plan = Plan(raw.settings)
    ledger = Ledger(plan.total)
    ledger.take(raw.rows)
    return Measured(raw, plan, ledger, comparison, Latencies(raw.latency), Latencies(raw.answer), Latencies(raw.lag))


def metrics(measured: Measured) -> dict[str, float | None]:
    """Every value a threshold may name; seconds, counts and shares."""
    counts, summary, found = measured.raw.counts, measured.ledger.summary(), measured.comparison
    values: dict[str, float | None] = {}
    for prefix, latencies in (("", measured.latency), ("answer_", measured.answer)):
        values |= {
            prefix + name: value for name, value in latencies.summary().items() if isinstance(value, float | int)
        }
    missing = found.missing if found else 0
    attempts, arrivals = counts.get("attempts", 0), counts.get("arrivals", 0)
    values |= {name: float(counts.get(name, 0)) for name in ("errors", "retries", "inversions")}
    values |= {"undelivered": float(summary["undelivered"]), "lost": float(summary["undelivered"] + missing)}
    if found:
        values |= {"missing": float(missing), "doubled": float(found.doubled), "foreign": float(found.foreign)}
    values["error_share"] = counts.get("errors", 0) / attempts if attempts else None
    values["late_share"] = counts.get("late", 0) / arrivals if arrivals else None
    values["rate"], values["drain"] = reached_rate(measured), drain_s(measured)
    return values


def reached_rate(measured: Measured) -> float:
    """Items acknowledged a second, over the storm's duration or until the last acknowledgement, whichever is longer."""
    settings = measured.raw.settings
    last = measured.ledger.last_ack_ms() / 1000
    span = last if measured.plan.profile.backlog and last else max(settings.duration_s, last)
    return measured.raw.counts.get("acked", 0) / span


def drain_s(measured: Measured) -> float | None:
    """Seconds from the last arrival to the last acknowledgement; None when something was never acknowledged."""
    if any(True for _ in measured.ledger.open()):
        return None
    last_arrival = max((levels.get("last_arrival_ms", 0.0) for levels in measured.raw.levels.values()), default=0.0)
    return round(max(0.0, measured.ledger.last_ack_ms() - last_arrival) / 1000, 3)


def outages(seconds: dict[int, Second]) -> list[Outage]:
    """Stalls of the receiver as the acknowledgements show them."""
    found: list[Outage] = []
    backlog, before, start = 0, 0, None
    span = range(max(seconds, default=-1) + 1)
    for number in span:
        second = seconds.get(number, Second())
        if start is None and second.acked == 0 and backlog + second.arrived > 0:
            start, before = number, backlog
        elif start is not None and second.acked:
            found.append(Outage(start, number, _drained(seconds, number, backlog, before)))
            start = None
        backlog += second.arrived - second.acked
    if start is not None:
        found.append(Outage(start, span.stop, None))
    return found


def _drained(seconds: dict[int, Second], start: int, backlog: int, before: int) -> int | None:
    for number in range(start, max(seconds) + 1):
        second = seconds.get(number, Second())
        backlog += second.arrived - second.acked
        if backlog <= before:
            return number - start + 1
    return None


def document(
    measured: Measured, judged: list[Judged], exit_code: Exit, doubts: list[str], version: str
) -> dict[str, Any]:
    """storm.json (schemas/storm.json)."""
    raw, settings, plan = measured.raw, measured.raw.settings, measured.plan
    public = {name: value for name, value in msgspec.to_builtins(settings).items() if name not in _SECRETS}
    return {
        "schemaVersion": SCHEMA_VERSION,
        "suite": SUITE,
        "version": version,
        "outcome": OUTCOMES[exit_code],
        "exit_code": int(exit_code),
        "doubts": doubts,
        "target": settings.url,
        "profile": settings.profile,
        "purpose": plan.profile.purpose,
        "seed": settings.seed,
        "started": datetime.fromtimestamp(settings.start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "settings": public | {"encrypted": bool(settings.security_key)},
        "rate": {"asked": settings.rate, "reached": round(reached_rate(measured), 2), "peak_asked": _peak(measured)},
        "duration_s": settings.duration_s,
        "deadline_s": settings.deadline_s,
        "drain_s": drain_s(measured),
        "latency": measured.latency.summary(),
        "answer": measured.answer.summary(),
        "driver": _driver(measured),
        "counts": {name: raw.counts.get(name, 0) for name in _COUNTED},
        "errors": [
            {"kind": kind, "count": error.count, "example": error.example} for kind, error in sorted(raw.errors.items())
        ],
        "outages": msgspec.to_builtins(outages(raw.seconds)),
        "ledger": measured.ledger.summary() | {"undelivered_named": undelivered(measured)},
        "readback": _readback(measured.comparison),
        "thresholds": msgspec.to_builtins(judged),
        "seconds": second_rows(raw.seconds),
    }


_COUNTED = ("arrived", "acked", "attempts", "errors", "retries", "duplicates", "lost_acks", "reconnects", "inversions")
MOST_NAMED = 100


def undelivered(measured: Measured) -> list[dict[str, Any]]:
    """The first items nobody acknowledged, by user and time."""
    wanted = {seq for seq, _ in zip(measured.ledger.open(), range(MOST_NAMED), strict=False)}
    rows = []
    for device in sorted({measured.plan.device_of(seq) for seq in wanted}):
        for item in measured.plan.items(device):
            if item.seq in wanted:
                when = datetime.fromtimestamp(item.log_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                attempts = measured.ledger.entry(item.seq).attempts
                serial = measured.plan.device(device).serial
                rows.append({"user": item.user_id, "time": when, "device": serial, "attempts": attempts})
    return rows


def _peak(measured: Measured) -> float:
    return round(measured.raw.settings.rate * measured.plan.curve.peak, 1)


def _driver(measured: Measured) -> dict[str, Any]:
    raw = measured.raw
    arrivals, late = raw.counts.get("arrivals", 0), raw.counts.get("late", 0)
    return {
        "workers": raw.workers,
        "workers_done": len(raw.workers_done),
        "start_up_s": round(raw.start_up_s, 3),
        "rss_mb": round(max((levels.get("rss_mb", 0.0) for levels in raw.levels.values()), default=0.0), 1),
        "cpu_s": round(sum(levels.get("cpu_s", 0.0) for levels in raw.levels.values()), 3),
        "connections": int(sum(levels.get("connections", 0) for levels in raw.levels.values())),
        "arrivals": arrivals,
        "late": late,
        "late_share": late / arrivals if arrivals else 0.0,
        "late_limit": LATE_LIMIT,
        "saturated_s": raw.counts.get("saturated_s", 0),
        "lag": measured.lag.summary(),
    }


def _readback(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {**msgspec.to_builtins(comparison), "full": comparison.full}


def second_rows(seconds: dict[int, Second]) -> list[list[float | int | None]]:
    """`[second, arrived, sent, acked, failed, backlog, p50 ms, p99 ms]` for every second of the run."""
    rows: list[list[float | int | None]] = []
    backlog = 0
    for number in range(max(seconds, default=-1) + 1):
        second = seconds.get(number, Second())
        backlog += second.arrived - second.acked
        p50, p99 = (coarse_percentile(second.latency.items(), percent) for percent in (50, 99))
        rows.append(
            [number, second.arrived, second.sent, second.acked, second.failed, backlog, _round(p50), _round(p99)]
        )
    return rows


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
