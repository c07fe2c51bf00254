"""What `--state` costs: deliveries a second with a state file against the same run without; replay; two designs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec

ROUNDS, EVENTS, BATCH = 5, 50_000, 50


def _deliveries(folder: Path) -> dict[str, float]:
    """Paired runs of one gateway that finds its callbacks queued."""
    import uvloop
    from callback_bench import _ours

    load = str(Path(__file__).with_name("load.py"))
    receiver = subprocess.Popen([sys.executable, load], stdout=subprocess.PIPE, text=True)
    try:
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        pairs = []
        for number in range(ROUNDS):
            without, _ = uvloop.run(_ours(port))
            pairs.append((without, uvloop.run(_ours(port, str(folder / f"{number}.db")))[0]))
    finally:
        receiver.terminate()
        receiver.wait(10)
    ratio = median(b / a for a, b in pairs)
    return {"without_per_s": median(a for a, _ in pairs), "with_per_s": median(b for _, b in pairs), "ratio": ratio}


def _replay(folder: Path) -> dict[str, float]:
    """How fast a log of punches and their answers gives the state back, and how long a snapshot takes."""
    from camsim.control.actions import AddDevices, Punches, PunchSpec
    from camsim.control.devices import DeviceSpec
    from camsim.engine import new_kernel
    from camsim.kernel.events import Answered, Event
    from camsim.knobs.register import resolve
    from camsim.service.store import Store
    from camsim.state.gateway import State

    store, kernel = Store(folder / "replay.db"), new_kernel(State(seed=1, now=1_700_000_000_000))
    kernel.use_knobs(resolve().values)
    store.begin(kernel, "manual")
    spec = DeviceSpec(count=50, users=1, callback_url="http://127.0.0.1:9/")
    events: list[Event] = [AddDevices(devices=[spec])]
    for number in range(1, 201):
        for device in range(1, 51):
            events.append(Punches(device=f"SIM{device:05d}", punches=[PunchSpec(user="1", at=1_700_000_000 + number)]))
            events.append(Answered(f"SIM{device:05d}", number, 1, 200, b'{"status":"done"}'))
    for event in events:
        kernel.handle(event, kernel.now)
        store.append(kernel.now, event)
    store.commit(kernel)
    store.abandon()
    return _read_back(folder / "replay.db", len(events))


def _read_back(path: Path, count: int) -> dict[str, float]:
    from camsim.service.store import Store

    began = time.perf_counter()
    store = Store(path)
    found = store.load()
    took = time.perf_counter() - began
    assert found.kernel is not None
    assert found.replayed == count
    began = time.perf_counter()
    store.begin(found.kernel, "manual")
    snapshot = time.perf_counter() - began
    store.abandon()
    return {"replayed_per_s": count / took, "snapshot_ms": snapshot * 1000, "snapshot_mb": path.stat().st_size / 1e6}


def _designs(folder: Path) -> dict[str, float]:
    """The two designs on the bare database: a log row an event, against the rows that the same event changes."""
    event = msgspec.msgpack.encode({"device": "SIM00001", "delivery": 17, "attempt": 1, "status": 200, "took_ms": 1.5})
    body = b"x" * 330
    log = _database(folder / "log.db", "CREATE TABLE log (seq INTEGER PRIMARY KEY, now INTEGER, event BLOB)")
    began = time.perf_counter()
    for first in range(0, EVENTS, BATCH):
        with log:
            log.executemany("INSERT INTO log VALUES (?, ?, ?)", ((first + n, 1, event) for n in range(BATCH)))
    by_log = EVENTS / (time.perf_counter() - began)
    tables = _database(
        folder / "tables.db",
        "CREATE TABLE queue (device TEXT, id INTEGER, body BLOB, tries INTEGER, due INTEGER, PRIMARY KEY (device, id))",
        "CREATE TABLE ledger (device TEXT, number INTEGER, sent INTEGER, ack INTEGER, PRIMARY KEY (device, number))",
        "CREATE TABLE journal (seq INTEGER PRIMARY KEY, device TEXT, body BLOB, verdict TEXT)",
    )
    began = time.perf_counter()
    for first in range(0, EVENTS, BATCH):
        with tables:
            for number in range(first, first + BATCH):
                _rows(tables, number, body)
    by_tables = EVENTS / (time.perf_counter() - began)
    log.close()
    tables.close()
    return {"log_events_per_s": by_log, "table_events_per_s": by_tables}


def _rows(tables: sqlite3.Connection, number: int, body: bytes) -> None:
    """What an acknowledged delivery changes: its queue row goes, the next one starts, ledger and journal tell it."""
    device = f"SIM{number % 50:05d}"
    tables.execute("INSERT INTO queue VALUES (?, ?, ?, 1, NULL)", (device, number, body))
    tables.execute("DELETE FROM queue WHERE device = ? AND id = ?", (device, number - 50))
    tables.execute("INSERT INTO ledger VALUES (?, ?, 1, NULL)", (device, number))
    tables.execute("UPDATE ledger SET ack = 1 WHERE device = ? AND number = ?", (device, number - 50))
    tables.execute("INSERT INTO journal VALUES (?, ?, ?, 'acknowledged')", (number, device, body))


def _database(path: Path, *statements: str) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    for statement in statements:
        db.execute(statement)
    return db


def measure() -> dict[str, object]:
    """Ratio with and without, replay and snapshot, and the two designs compared."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {**_deliveries(folder), "wanted": 0.7, **_replay(folder), **_designs(folder)}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
