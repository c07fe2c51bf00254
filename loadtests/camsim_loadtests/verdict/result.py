"""The result of a storm, as storm.json holds it: built from the raw counts, the ledger and the read-back. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import msgspec

from camsim.secrecy import without_credentials
from camsim_loadtests.driver.histogram import Latencies, coarse_percentile
from camsim_loadtests.driver.ledger import Ledger
from camsim_loadtests.driver.tally import Second
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings
from camsim_loadtests.workers.collector import RawResult

from .reconcile import Comparison
from .storm_json import (
    DriverFigures,
    ErrorRow,
    LedgerFigures,
    ReadBackFigures,
    SecondRow,
    StormDocument,
    UndeliveredRow,
)
from .thresholds import LATE_LIMIT, OUTCOMES, Exit, Judged

SCHEMA_VERSION = 1
SUITE = "camsim-storm"
# The file of the authority is no secret, but a path of somebody's machine.
_NOT_SHOWN = ("auth_token", "security_key", "ca_file")
_COUNTED = ("arrived", "acked", "attempts", "errors", "retries", "duplicates", "lost_acks", "reconnects", "inversions")
MOST_NAMED = 100


class Outage(msgspec.Struct, frozen=True):
    """Whole seconds in which work waited and nothing was acknowledged, and how long the backlog then took to drain."""

    from_s: int
    to_s: int
    drained_s: int | None


class Measured(msgspec.Struct, kw_only=True):
    """Everything the judge looks at."""

    raw: RawResult
    plan: Plan
    ledger: Ledger
    comparison: Comparison | None = None
    latency: Latencies
    answer: Latencies
    lag: Latencies


def measure(settings: Settings, raw: RawResult, comparison: Comparison | None = None) -> Measured:
    """The raw result with its histograms and ledger opened."""
    plan = Plan(settings)
    return Measured(
        raw=raw,
        plan=plan,
        ledger=Ledger(plan.total, raw.rows),
        comparison=comparison,
        latency=Latencies(raw.latency),
        answer=Latencies(raw.answer),
        lag=Latencies(raw.lag),
    )


def metrics(measured: Measured) -> dict[str, float | None]:
    """Every value a threshold may name; seconds, counts and shares."""
    counts, summary = measured.raw.counts, measured.ledger.summary()
    values = measured.latency.figures()
    for name, value in measured.answer.figures().items():
        values[f"answer_{name}"] = value
    for name in ("errors", "retries", "inversions"):
        values[name] = float(counts.get(name, 0))
    values["undelivered"] = values["lost"] = float(summary["undelivered"])
    found = measured.comparison
    if found:
        values["missing"], values["doubled"] = float(found.missing), float(found.doubled)
        values["foreign"] = float(found.foreign)
        # What was acknowledged and is not stored is as lost as what was never acknowledged.
        values["lost"] = float(summary["undelivered"] + found.missing)
    values["error_share"] = _share(counts, "errors", "attempts")
    values["late_share"] = _share(counts, "late", "arrivals")
    values["rate"], values["drain"] = reached_rate(measured), drain_s(measured)
    return values


def _share(counts: dict[str, int], part: str, whole: str) -> float | None:
    if not counts.get(whole):
        return None
    return counts.get(part, 0) / counts[whole]


def reached_rate(measured: Measured) -> float:
    """Items acknowledged a second, over the storm's duration or until the last acknowledgement, whichever is longer."""
    last = measured.ledger.last_ack_ms() / 1000
    span = max(measured.plan.settings.duration_s, last)
    # A backlog is flushed as fast as the receiver takes it: the duration is only when devices come back.
    if measured.plan.profile.backlog and last:
        span = last
    return measured.raw.counts.get("acked", 0) / span


def drain_s(measured: Measured) -> float | None:
    """Seconds from the last arrival to the last acknowledgement; None when something was never acknowledged."""
    if any(True for _ in measured.ledger.open()):
        return None
    last_arrival = _highest(measured, "last_arrival_ms")
    return round(max(0.0, measured.ledger.last_ack_ms() - last_arrival) / 1000, 3)


def _levels(measured: Measured, name: str) -> list[float]:
    """A level of every worker that reported one."""
    return [levels.get(name, 0.0) for levels in measured.raw.levels.values()]


def _highest(measured: Measured, name: str) -> float:
    return max(_levels(measured, name), default=0.0)


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
    """Seconds until no more waits than before the outage."""
    for number in range(start, max(seconds) + 1):
        second = seconds.get(number, Second())
        backlog += second.arrived - second.acked
        if backlog <= before:
            return number - start + 1
    return None


def document(
    measured: Measured, judged: list[Judged], exit_code: Exit, doubts: list[str], version: str
) -> StormDocument:
    """storm.json (schemas/storm.json)."""
    raw, plan = measured.raw, measured.plan
    settings = plan.settings
    return {
        "schemaVersion": SCHEMA_VERSION,
        "suite": SUITE,
        "version": version,
        "outcome": OUTCOMES[exit_code],
        "exit_code": int(exit_code),
        "doubts": doubts,
        "target": without_credentials(settings.url),
        "profile": settings.profile,
        "purpose": plan.profile.purpose,
        "seed": settings.seed,
        "started": _written(settings.start_s),
        "settings": _public(settings),
        "rate": {
            "asked": settings.rate,
            "reached": round(reached_rate(measured), 2),
            "peak_asked": round(settings.rate * plan.curve.peak, 1),
        },
        "duration_s": settings.duration_s,
        "deadline_s": settings.deadline_s,
        "drain_s": drain_s(measured),
        "latency": measured.latency.summary(),
        "answer": measured.answer.summary(),
        "driver": _driver(measured),
        "counts": {name: raw.counts.get(name, 0) for name in _COUNTED},
        "errors": _errors(raw),
        "outages": msgspec.to_builtins(outages(raw.seconds)),
        "ledger": _ledger(measured),
        "readback": _readback(measured.comparison),
        "thresholds": msgspec.to_builtins(judged),
        "seconds": second_rows(raw.seconds),
    }


def _public(settings: Settings) -> dict[str, object]:
    shown: dict[str, object] = msgspec.structs.asdict(settings)
    for name in _NOT_SHOWN:
        del shown[name]
    return shown | {"url": without_credentials(settings.url), "encrypted": bool(settings.security_key)}


def _errors(raw: RawResult) -> list[ErrorRow]:
    rows: list[ErrorRow] = []
    for kind, error in sorted(raw.errors.items()):
        rows.append({"kind": kind, "count": error.count, "example": msgspec.to_builtins(error.example)})
    return rows


def _ledger(measured: Measured) -> LedgerFigures:
    return {**measured.ledger.summary(), "undelivered_named": undelivered(measured)}


def undelivered(measured: Measured) -> list[UndeliveredRow]:
    """The first items nobody acknowledged, by user and time."""
    plan, ledger = measured.plan, measured.ledger
    wanted = set(islice(ledger.open(), MOST_NAMED))
    rows: list[UndeliveredRow] = []
    for device in sorted(set(map(plan.device_of, wanted))):
        serial = plan.device(device).serial
        for item in plan.items(device):
            if item.seq in wanted:
                rows.append(
                    {
                        "user": item.user_id,
                        "time": _written(item.log_time),
                        "device": serial,
                        "attempts": ledger.entry(item.seq).attempts,
                    }
                )
    return rows


def _written(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _driver(measured: Measured) -> DriverFigures:
    raw = measured.raw
    return {
        "workers": raw.workers,
        "workers_done": len(raw.workers_done),
        "start_up_s": round(raw.start_up_s, 3),
        "rss_mb": round(_highest(measured, "rss_mb"), 1),
        "cpu_s": round(sum(_levels(measured, "cpu_s")), 3),
        "connections": int(sum(_levels(measured, "connections"))),
        "arrivals": raw.counts.get("arrivals", 0),
        "late": raw.counts.get("late", 0),
        "late_share": _share(raw.counts, "late", "arrivals") or 0.0,
        "late_limit": LATE_LIMIT,
        "saturated_s": raw.counts.get("saturated_s", 0),
        "lag": measured.lag.summary(),
    }


def _readback(comparison: Comparison | None) -> ReadBackFigures | None:
    if comparison is None:
        return None
    rows: ReadBackFigures = msgspec.to_builtins(comparison) | {"full": comparison.full}
    return rows


def second_rows(seconds: dict[int, Second]) -> list[SecondRow]:
    """A row for every second of the run."""
    rows: list[SecondRow] = []
    backlog = 0
    for number in range(max(seconds, default=-1) + 1):
        second = seconds.get(number, Second())
        backlog += second.arrived - second.acked
        p50, p99 = _coarse(second, 50), _coarse(second, 99)
        rows.append([number, second.arrived, second.sent, second.acked, second.failed, backlog, p50, p99])
    return rows


def _coarse(second: Second, percent: float) -> float | None:
    value = coarse_percentile(second.latency.items(), percent)
    return None if value is None else round(value, 2)
