"""The state file: nothing accepted is lost, whatever ends the process, and a file that cannot be used is named."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from running_sim import START_MS, Loop, Sim, device

from camsim.actions import devices as adding
from camsim.control.actions import AddDevices
from camsim.control.devices import DeviceSpec
from camsim.engine import new_kernel
from camsim.host import Host, HostError
from camsim.kernel.events import Request
from camsim.knobs.register import resolve
from camsim.service.state_file import StoreError
from camsim.service.state_reader import StoredClock
from camsim.service.store import Store
from camsim.settings import Settings
from camsim.state.gateway import State, whole

Start = Callable[..., Sim]
ROOT = Path(__file__).resolve().parents[2]
DELETE = {"Delete": {"User": {"UserID": "3"}}}


@pytest.fixture(autouse=True)
def _few_devices_sleep_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "SLEEP_FROM", 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def crash(sim: Sim) -> None:
    """The process is gone: nothing is flushed, the lock is free."""

    async def vanish() -> None:
        durable = sim.host.runtime.durable
        assert durable is not None
        sim.host.runtime._fail("killed")  # held calls end, as their connections would
        await sim.host.runtime.courier.close()
        await durable.at_rest()
        durable.store.abandon()

    sim.loop.run(vanish())


def encode(state: State) -> bytes:
    """As bytes that depend neither on the order of sets, nor on 0 being written as 0.0, nor on what a list hides."""
    journal = state.journal
    shown = msgspec.structs.replace(journal, entries=journal.entries[journal.start :], start=0)
    read = msgspec.msgpack.decode(whole(msgspec.structs.replace(state, journal=shown)))
    return msgspec.json.encode(_plain(read), order="deterministic")


def _plain(value: object) -> object:
    """Numbers as floats, sets of words in order."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        return sorted(items) if items and all(isinstance(item, str) for item in items) else items  # type: ignore[type-var]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def encoded(sim: Sim) -> bytes:
    return encode(sim.host.runtime.kernel.state)


def lively(sim: Sim) -> None:
    """Something of everything: queues on hold, cached records, parked commands, faults, an edited user, a set clock."""
    sim.control("add_fault", "", where="callback.answer", do="drop", when={"p": 0.3})
    sim.control("punches", punches=[{"user": "1", "count": 20}, {"user": "2", "photo": True}])
    sim.control("put_user", user="9", first_name="Nine", templates=["Card", "Fingerprint"])
    sim.control("date", by="+13d")
    sim.advance(100)
    sim.receiver.answer = (500, b"")
    sim.punch("3")
    sim.advance(100)
    sim.control("offline")
    sim.punch("1")
    sim.rest_later(DELETE)


# --- what survives ----------------------------------------------------------------------------------------------------


def test_a_replayed_log_gives_the_state_back_byte_for_byte(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    lively(sim)
    before = encoded(sim)
    crash(sim)

    found = Store(path).load()

    assert found.kernel is not None
    assert found.replayed > 40
    assert encode(found.kernel.state) == before


def test_a_snapshot_alone_gives_the_state_back_byte_for_byte(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    lively(sim)
    before = encoded(sim)
    sim.loop.run(sim.host.stop())

    found = Store(path).load()

    assert found.kernel is not None
    assert found.replayed == 0
    assert encode(found.kernel.state) == before


def test_users_logs_queue_and_clock_are_as_they_were(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    lively(sim)
    before = (sim.digest(), len(sim.slot().outbox), len(sim.slot().device.pending), sim.now)
    crash(sim)

    again = start_sim(state=path, clock="real")

    assert (again.digest(), len(again.slot().outbox), len(again.slot().device.pending), again.now) == before
    assert again.host.runtime.clock.text == "manual"


def test_everything_accepted_arrives_after_a_crash_and_nothing_acknowledged_comes_again(
    start_sim: Start, path: Path
) -> None:
    sim = start_sim(state=path)
    for _ in range(5):
        sim.punch("1")
    sim.idle()
    sim.control("uplink", "", up=False)
    for _ in range(5):
        sim.punch("2")
    crash(sim)

    again = start_sim(state=path)
    again.control("uplink", "", up=True)
    again.idle()

    bodies = [item.body for item in sim.receiver.received]
    assert len(bodies) == len(set(bodies)) == 10


def test_only_the_delivery_in_flight_is_repeated(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    sim.receiver.answer = (500, b"")
    for user in ("1", "2", "3"):
        sim.punch(user)
    crash(sim)
    sent = len(sim.receiver.received)
    sim.receiver.answer = (200, b'{"status":"done"}')

    again = start_sim(state=path)
    again.idle()

    later = [item.message["RealTime"]["PunchLog"]["UserId"] for item in sim.receiver.received[sent:]]
    assert later == ["1", "2", "3"]


def test_a_held_call_dies_and_its_command_is_carried_out(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path, knobs={"rest.latency": "15s"})
    call = sim.rest_later(DELETE)
    crash(sim)
    call.cancel()

    again = start_sim(state=path)
    again.idle()

    assert "3" not in again.slot().device.users


def test_timers_go_on_from_the_stored_now(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    sim.receiver.answer = (500, b"")
    sim.punch("1")
    sim.advance(10)
    crash(sim)

    again = start_sim(state=path)
    again.advance(25)

    assert [entry.at - START_MS for entry in again.entries if entry.attempt] == [0, 30_000]


def test_knobs_changed_at_run_time_survive(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    sim.control("knobs", "", knobs={"callback.stgid": "always"})
    crash(sim)

    again = start_sim(state=path)
    again.punch("1")
    again.idle()

    assert sim.receiver.received[0].query == "stgid=SIM1"


def test_the_clock_mode_survives_a_change(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    sim.clock("auto")
    crash(sim)

    assert start_sim(state=path).host.runtime.clock.text == "auto"


def test_a_refused_action_changes_nothing_that_a_replay_would_miss(start_sim: Start, path: Path) -> None:
    sim = start_sim(device(users=3), state=path)
    refused = {"user": "77", "templates": ["Card", "NoSuchType"]}
    assert sim.api("POST", "devices/SIM1/users", refused).status == 422
    assert sim.api("POST", "devices/SIM1/users", {"user": "78", "split": "odd"}).status == 422
    assert sim.api("POST", "devices/SIM1/punches", [{"user": "1"}, {"user": "1", "every": "odd"}]).status == 422
    before = encoded(sim)
    crash(sim)

    found = Store(path).load()

    assert found.kernel is not None
    assert encode(found.kernel.state) == before


# --- one process at a time --------------------------------------------------------------------------------------------


def test_a_second_process_on_the_same_file_is_refused(start_sim: Start, path: Path) -> None:
    start_sim(state=path)
    words = ["serve", "--state", str(path), "--port", "0", "--management-port", "0"]

    second = subprocess.run(
        [sys.executable, "-m", "camsim", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert second.returncode == 1
    assert f"state file {path} is in use by another process; stop it or choose another --state" in second.stderr


def test_the_file_is_free_after_a_stop(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    sim.loop.run(sim.host.stop())

    assert start_sim(state=path).host.restored == 0


# --- a full disk ------------------------------------------------------------------------------------------------------


def fill_up(sim: Sim) -> None:
    """From now on the file may not grow, as on a full disk."""

    async def limit() -> None:
        durable = sim.host.runtime.durable
        assert durable is not None
        await durable.at_rest()
        db = durable.store._opened().db
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    sim.loop.run(limit())


def test_a_full_disk_is_said_and_nothing_written_is_lost(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    for _ in range(3):
        sim.punch("1")
    sim.idle()
    fill_up(sim)
    accepted, refused = 3, None
    for _ in range(2000):
        answer = sim.api("POST", "devices/SIM1/punches", {"user": "1"})
        if answer.status != 200:
            refused = answer
            break
        accepted += 1
    crash(sim)

    again = start_sim(state=path)
    again.idle()

    assert refused is not None
    assert refused.status == 503
    assert refused.message["error"]["code"] == "state_not_written"
    assert f"cannot write to state file {path}" in refused.message["error"]["message"]
    assert again.slot().device.next_number - 1 == accepted
    assert len({item.body for item in sim.receiver.received}) == accepted


def test_after_a_failed_write_nothing_more_is_taken(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    fill_up(sim)
    for _ in range(2000):
        if sim.api("POST", "devices/SIM1/punches", {"user": "1"}).status != 200:
            break
    sent = len(sim.receiver.received)

    assert sim.api("GET", "health").message["status"] == "failed"
    assert sim.api("POST", "devices/SIM1/punches", {"user": "1"}).status == 503
    assert sim.rest(DELETE).status == 503
    assert len(sim.receiver.received) == sent


# --- files that cannot be used ----------------------------------------------------------------------------------------


def written(path: Path) -> None:
    """A state file with a device, some events in its log."""
    store, kernel = Store(path), new_kernel(State(seed=1, now=START_MS))
    kernel.use_knobs(resolve().values)
    store.begin(kernel, StoredClock("manual"))
    for number in range(400):
        event = AddDevices(devices=[DeviceSpec(id=f"D{number}", users=0)])
        kept = store.encode(event)
        kernel.handle(event, START_MS)
        store.append(START_MS, kept)
    store.commit(kernel)
    store.abandon()


def why(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        load(path)
    return str(caught.value)


def load(path: Path) -> None:
    store = Store(path)
    try:
        store.load()
    finally:
        store.abandon()


def test_a_damaged_file_is_named_and_left_as_it_is(path: Path) -> None:
    written(path)
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = bytes(len(damaged) - 4096)
    path.write_bytes(damaged)

    assert f"state file {path} is damaged" in why(path)
    assert path.read_bytes() == bytes(damaged)


def test_a_log_entry_that_cannot_be_read_is_a_damaged_file(path: Path) -> None:
    written(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE log SET event = ? WHERE seq = 200", (b"\xc1nonsense",))
    db.close()

    said = why(path)

    assert "is damaged (event 200 of its log is altered)" in said
    assert f"`camsim state repair {path}` keeps it; or restore a copy, or start with another --state" in said


def test_an_event_that_cannot_be_replayed_is_named_by_its_number(path: Path) -> None:
    written(path)
    store = Store(path)
    kernel = store.load().kernel
    assert kernel is not None
    store.begin(kernel, StoredClock("manual"))
    store.append(START_MS, store.encode(Request(1, ["D1"], b"", protocol="v9")))
    store.commit(kernel)
    store.abandon()

    assert "event 401 cannot be replayed (KeyError: 'v9'); nothing was changed" in why(path)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("just some notes\n" * 500)

    assert "damaged or no state file" in why(path)
    assert path.read_text().startswith("just some notes")


def test_a_database_of_something_else_is_refused_by_its_tables(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE invoices (id INTEGER)")
    db.close()

    assert f"{path} is an SQLite file of something else (tables invoices)" in why(path)


def test_another_schema_version_is_refused_by_its_number(path: Path) -> None:
    written(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '0' WHERE key = 'schema'")
    db.close()

    assert "has schema version 0, this camsim reads version 3; use the camsim that wrote it" in why(path)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "does the folder exist" in why(tmp_path / "nowhere" / "state.db")


def test_a_host_says_the_same_and_leaves_with_1(loop: Loop, path: Path) -> None:
    path.write_text("no database" * 100)

    with pytest.raises(HostError, match="no state file") as caught:
        loop.run(Host.start(Settings(state=path)))

    assert caught.value.code == 1


def test_a_log_of_many_events_is_folded_into_a_snapshot(path: Path) -> None:
    written(path)
    store = Store(path, snapshot_every=100)
    kernel = store.load().kernel
    assert kernel is not None
    before = encode(kernel.state)
    store.begin(kernel, StoredClock("manual"))
    while not store.work(1):
        pass
    store.append(START_MS, store.encode(AddDevices(devices=[DeviceSpec(id="LAST", users=0)])))
    kernel.handle(AddDevices(devices=[DeviceSpec(id="LAST", users=0)]), START_MS)
    store.commit(kernel)
    while not store.work(1):
        pass
    store.abandon()

    found = Store(path).load()

    assert found.replayed == 0
    assert found.kernel is not None
    assert encode(found.kernel.state) == encode(kernel.state) != before


def test_a_snapshot_without_any_time_is_whole_all_the_same(path: Path) -> None:
    written(path)
    store = Store(path, snapshot_every=1)
    kernel = store.load().kernel
    assert kernel is not None
    store.begin(kernel, StoredClock("manual"))
    while not store.work(0):
        pass
    event = AddDevices(devices=[DeviceSpec(id="LAST{:03d}", count=50, users=1)])
    kept = store.encode(event)
    kernel.handle(event, START_MS)
    store.append(START_MS, kept)
    store.commit(kernel)
    while not store.work(0):
        pass
    store.abandon()

    found = Store(path).load()

    assert found.kernel is not None
    assert (found.replayed, encode(found.kernel.state)) == (0, encode(kernel.state))


# --- kill -9 ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_kills_during_a_storm_lose_and_reorder_nothing() -> None:
    """The reduced form of `make kill-storm`."""
    script = ROOT / "scripts" / "kill_storm.py"
    words = ["--kills", "3", "--events", "400", "--devices", "6", "--json"]

    storm = subprocess.run(
        [sys.executable, script, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )

    result: dict[str, Any] = json.loads(storm.stdout)
    assert (result["lost"], result["reordered"], result["invented"], result["unexplained"]) == (0, 0, 0, [])
    assert result["kills"] == 3
    assert result["accepted"] >= 400
    assert result["exit_code"] == 0


def test_the_tables_are_where_a_reader_looks_for_them(path: Path) -> None:
    written(path)
    with sqlite3.connect(path) as db:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()

    assert names == {"meta", "snapshot", "log"}
