"""What a failing test shows of the gateway: seed, ledger, queues that wait, the newest journal entries."""

from __future__ import annotations

from datetime import UTC, datetime

from camsim.client import ApiError, Client
from camsim.control.records import Entry

_ENTRIES, _QUEUES = 20, 5


def section(client: Client) -> tuple[str, str]:
    """Title and text of a report section."""
    try:
        seed, text = client.config.seed, "\n".join(_lines(client))
    except ApiError as problem:
        return "camsim", f"the simulator does not answer: {problem}"
    return f"camsim journal (seed {seed})", f"{text}\nagain: --cams-seed {seed}"


def _lines(client: Client) -> list[str]:
    config, counts = client.config, client.ledger.summary()
    entries = client.journal(limit=_ENTRIES)
    return [
        f"profile {config.profile}, clock {client.clock.mode} at {_time(client.clock.now)}",
        f"punches {counts.punches}: acknowledged {counts.acknowledged}, waiting {counts.waiting}, lost {counts.lost}; "
        f"attempts {counts.attempts}",
        *_waiting(client),
        *(_entry(entry) for entry in entries),
        *([] if entries else ["the journal is empty: nothing was sent and no command came"]),
    ]


def _waiting(client: Client) -> list[str]:
    rows = [row for row in client.devices() if row.queue.length or row.cached or not row.online]
    return [
        f"{row.stgid}: {'online' if row.online else 'offline'}, {row.cached} cached on the device, "
        f"{row.queue.length} queued ({row.queue.state}); {client.find(row.stgid).queue.why or 'no attempt failed'}"
        for row in rows[:_QUEUES]
    ]


def _entry(entry: Entry) -> str:
    parts = [
        _time(entry.at),
        entry.device or "-",
        entry.direction,
        entry.operation,
        f"user {entry.user}" if entry.user else "",
        f"attempt {entry.attempt}" if entry.attempt > 1 else "",
        f"HTTP {entry.http}" if entry.http is not None else "",
        f"status {entry.status_code}" if entry.status_code is not None else "",
        entry.verdict,
        f"({entry.why})" if entry.why else "",
        f"[{', '.join(entry.faults)}]" if entry.faults else "",
    ]
    return " ".join(part for part in parts if part)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%F %T")
