"""What is altered, cut or taken out of a state file is refused by name; `camsim state` keeps what is whole."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from running_sim import Sim
from test_store import crash, encode, encoded, lively
from typer.testing import CliRunner

from camsim.cli.state import app as command
from camsim.service import state_repair
from camsim.service.state_file import StoreError
from camsim.service.state_reader import load

Start = Callable[..., Sim]


@pytest.fixture
def killed(start_sim: Start, tmp_path: Path) -> Path:
    """The file of a simulator that was killed: a log of some length, most of it in the write-ahead log."""
    path = tmp_path / "running.db"
    sim = start_sim(state=path)
    lively(sim)
    killed = copy(path, tmp_path / "state.db")  # as it lies there: a connection that is closed tidies up
    crash(sim)
    return killed


def copy(path: Path, to: Path) -> Path:
    """The file as it lies there: nobody has opened it since."""
    for part in ("", "-wal"):
        if Path(f"{path}{part}").exists():
            Path(f"{to}{part}").write_bytes(Path(f"{path}{part}").read_bytes())
    return to


def run(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute(statement, values).rowcount > 0
    db.close()


def why(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)", "were written"),
        ("DELETE FROM log WHERE seq = (SELECT min(seq) FROM log)", "event 1 of its log is missing"),
        ("DELETE FROM log WHERE seq = 9", "event 9 of its log is missing"),
        ("UPDATE log SET now = now + 1 WHERE seq = 9", "event 9 of its log is altered"),
        ("DELETE FROM log", "its log ends with event 0"),
        ("DELETE FROM snapshot WHERE key = 'device/SIM1'", "rows"),
        ("DELETE FROM snapshot WHERE key = 'root.copy'", "rows"),
        ("DELETE FROM snapshot WHERE key = 'manifest'", "manifest"),
        ("UPDATE snapshot SET data = x'90' WHERE key = 'device'", "row device of its snapshot is altered"),
        ("UPDATE snapshot SET generation = generation + 1", "manifest"),
        ("DELETE FROM meta WHERE key = 'generation'", "its snapshot is missing"),
        ("DELETE FROM meta WHERE key = 'head'", "its log ends"),
        ("UPDATE meta SET value = replace(value, 'manual', 'real') WHERE key = 'clock'", "its clock is altered"),
    ],
)
def test_a_row_that_is_gone_or_altered_is_named(killed: Path, tmp_path: Path, statement: str, said: str) -> None:
    damaged = copy(killed, tmp_path / "copy.db")
    run(damaged, statement)

    assert said in why(damaged)
    assert f"camsim state repair {damaged}" in why(damaged)


@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_write_ahead_log_that_was_cut_is_named(killed: Path, tmp_path: Path, part: float) -> None:
    damaged = copy(killed, tmp_path / "copy.db")
    wal = Path(f"{damaged}-wal")
    wal.write_bytes(wal.read_bytes()[: int(wal.stat().st_size * part)])

    assert "was cut or removed" in why(damaged)


def test_a_write_ahead_log_that_was_removed_is_named_and_nothing_is_touched(killed: Path, tmp_path: Path) -> None:
    damaged = copy(killed, tmp_path / "copy.db")
    Path(f"{damaged}-wal").unlink()
    before = damaged.read_bytes()

    assert "copy.db-wal was cut or removed" in why(damaged)
    assert damaged.read_bytes() == before


def test_reading_leaves_file_and_log_as_they_are(killed: Path) -> None:
    before = [Path(f"{killed}{part}").read_bytes() for part in ("", "-wal")]

    assert load(killed).replayed > 40
    assert [Path(f"{killed}{part}").read_bytes() for part in ("", "-wal")] == before


def test_what_is_whole_is_kept_and_the_rest_is_listed(start_sim: Start, killed: Path) -> None:
    run(killed, "UPDATE log SET event = x'c0' WHERE seq = 30")

    found = state_repair.repair(killed)

    assert found.events == 29
    assert any(
        "event 30 of its log is altered" in said and "events from 30 on are lost" in said for said in found.damages
    )
    assert Path(found.kept_as).exists()
    again = start_sim(state=killed)
    again.punch("1")
    assert again.slot().device.users


def test_a_lost_device_is_named_and_the_others_go_on(start_sim: Start, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    sim = start_sim(state=path)
    sim.control("add_devices", "", devices=[{"id": "OTHER", "users": 2}])
    sim.loop.run(sim.host.stop())
    run(path, "UPDATE snapshot SET data = x'c0' WHERE key = 'device/SIM1'")

    found = state_repair.repair(path)

    assert any("device/SIM1 is lost" in said for said in found.damages)
    kernel = load(path).kernel
    assert kernel is not None
    assert list(kernel.state.devices) == ["OTHER"]


def test_the_copy_of_the_root_is_enough(start_sim: Start, killed: Path) -> None:
    before = load(killed).kernel
    run(killed, "UPDATE snapshot SET data = x'c0' WHERE key = 'root'")

    state_repair.repair(killed)

    after = load(killed).kernel
    assert before is not None
    assert after is not None
    assert encode(after.state) == encode(before.state)


def test_the_command_says_what_is_whole(start_sim: Start, killed: Path) -> None:
    whole = CliRunner().invoke(command, ["check", str(killed)])
    run(killed, "DELETE FROM log WHERE seq = 20")
    damaged = CliRunner().invoke(command, ["check", str(killed), "--json"])

    assert (whole.exit_code, "is whole" in whole.output) == (0, True)
    assert damaged.exit_code == 1
    assert "event 20 of its log is missing" in str(json.loads(damaged.output)["damages"])


def test_a_file_in_use_is_not_called_damaged(start_sim: Start, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    start_sim(state=path)
    with pytest.raises(StoreError, match="in use by another process"):
        state_repair.check(path)


# --- a snapshot while the world goes on -------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [1, 3, 17])
def test_a_snapshot_is_of_one_moment_whatever_happens_while_it_is_written(
    start_sim: Start, tmp_path: Path, every: int
) -> None:
    path = tmp_path / "state.db"
    sim = start_sim(state=path, snapshot_every=every)
    lively(sim)
    sim.control("add_devices", "", devices=[{"id": "A", "users": 2}, {"id": "B", "users": 2}])
    for _ in range(5):
        sim.punch("1", device="A")
        sim.control("remove_device", "B")
        sim.control("add_devices", "", devices=[{"id": "B", "users": 1}])
        sim.advance(1)
    before = encoded(sim)
    crash(sim)

    found = load(path)

    assert found.kernel is not None
    assert encode(found.kernel.state) == before
    assert list(found.kernel.state.devices) == ["SIM1", "A", "B"]
