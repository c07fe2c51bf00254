"""What a failing test shows of the gateway: seed, ledger, queues that wait, the newest journal entries."""

from __future__ import annotations

from datetime import UTC, datetime

from camsim.client import ApiError, Client
from camsim.control.records import Entry
from camsim.shown import for_terminal

_ENTRIES, _QUEUES = 20, 5


def section(client: Client) -> tuple[str, str]:
    """Title and text of a report section."""
    try:
        seed, text = client.config.seed, "\n".join(map(for_terminal, _lines(client)))
    except ApiError as problem:
        return "camsim", for_terminal(f"the simulator does not answer: {problem}")
    return f"camsim journal (seed {seed})", f"{text}\nagain: --cams-seed {seed}"


def _lines(client: Client) -> list[str]:
    config, counts = client.config, client.ledger.summary()
    entries = [_entry(entry) for entry in client.journal(limit=_ENTRIES)]
    return [
        f"profile {config.profile}, clock {client.clock.mode} at {_time(client.clock.now)}",
        f"punches {counts.punches}: acknowledged {counts.acknowledged}, waiting {counts.waiting}, lost {counts.lost}; "
        f"attempts {counts.attempts}",
        *_waiting(client),
        *(entries or ["the journal is empty: nothing was sent and no command came"]),
    ]


def _waiting(client: Client) -> list[str]:
    """The devices that still have something to tell, or cannot."""
    lines: list[str] = []
    for row in client.devices():
        if not (row.queue.length or row.cached or not row.online):
            continue
        link = "online" if row.online else "offline"
        why = client.find(row.stgid).queue.why or "no attempt failed"
        queue = f"{row.queue.length} queued ({row.queue.state})"
        lines.append(f"{row.stgid}: {link}, {row.cached} cached on the device, {queue}; {why}")
        if len(lines) == _QUEUES:
            break
    return lines


def _entry(entry: Entry) -> str:
    parts = [_time(entry.at), entry.device or "-", entry.direction, entry.operation]
    if entry.user:
        parts.append(f"user {entry.user}")
    if entry.attempt > 1:
        parts.append(f"attempt {entry.attempt}")
    if entry.http is not None:
        parts.append(f"HTTP {entry.http}")
    if entry.status_code is not None:  # 0 is a code
        parts.append(f"status {entry.status_code}")
    parts.append(entry.verdict)
    if entry.why:
        parts.append(f"({entry.why})")
    if entry.faults:
        parts.append(f"[{', '.join(entry.faults)}]")
    return " ".join(filter(None, parts))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%F %T")
