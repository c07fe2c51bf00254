"""Reads a state file and leaves it as it is: snapshot and log, replayed, every sum and link of it checked."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from camsim.engine import restore
from camsim.kernel.events import ControlError, Event
from camsim.kernel.kernel import Kernel

from . import snapshot_rows
from .snapshot_rows import Kept
from .state_file import WAY_OUT, Damaged, DamagedFile, StateFile, StoreError, exists, link

NO_LINK = bytes(8)
DAMAGE = (sqlite3.DatabaseError, msgspec.DecodeError, msgspec.ValidationError, ValueError, KeyError, Damaged)
_EVENTS = msgspec.msgpack.Decoder(Event)


class StoredClock(msgspec.Struct, frozen=True):
    """A clock mode with the pair of moments that it counts from, ms since 1970: the host's and the virtual one."""

    mode: str
    host_ms: int = 0
    virtual_ms: int = 0


@dataclass(slots=True)
class Found:
    """What a state file held: the world, its clock, how many events were replayed; the last event and its link."""

    kernel: Kernel | None = None
    clock: StoredClock | None = None
    replayed: int = 0
    seq: int = 0
    link: bytes = NO_LINK
    kept: Kept = field(default_factory=Kept)


def load(path: Path) -> Found:
    """Snapshot and log, replayed. Raises: StoreError for a damaged or foreign file."""
    if not exists(path):
        if not path.parent.is_dir():
            raise StoreError(f"cannot open state file {path}: does the folder exist?")
        return Found()
    file = StateFile(path, read_only=True)
    try:
        return Found() if file.empty else read(file)
    except DAMAGE as problem:
        raise named(path, problem) from None
    finally:
        file.close()


def read(file: StateFile) -> Found:
    """What the file holds. Raises: Damaged, StoreError and what decoding raises."""
    snapshot = snapshot_rows.read(file)
    if snapshot is None:
        # Whoever was killed in the middle of the first snapshot left neither of these.
        if file.mark is not None or file.meta("head") is not None:
            raise Damaged("its snapshot is missing")
        return Found()
    state, kept, manifest = snapshot
    kernel = restore(state)
    found = Found(kernel, None, 0, manifest.upto, manifest.link, kept)
    rows = file.db.execute("SELECT seq, now, event, sum FROM log WHERE seq > ? ORDER BY seq", (manifest.upto,))
    for seq, now, event, sum_ in rows:
        follow(file, found, seq, now, event, sum_)
        replay(file.path, kernel, event, now, seq)
        found.replayed += 1
    _check_end(file, found)
    text = file.meta("clock")
    found.clock = None if text is None else msgspec.json.decode(text, type=StoredClock)
    return found


def follow(file: StateFile, found: Found, seq: int, now: int, event: bytes, sum_: bytes) -> None:
    """The next link of the chain. Raises: Damaged."""
    if seq != found.seq + 1:
        raise Damaged(f"event {found.seq + 1} of its log is missing")
    chained = link(found.link, seq, now, event)
    if chained != sum_:
        raise Damaged(f"event {seq} of its log is altered")
    if file.mark is not None and file.mark[0] == seq and file.mark[1] != sum_:
        raise Damaged(f"event {seq} of its log is of another run")
    found.seq, found.link = seq, chained


def _check_end(file: StateFile, found: Found) -> None:
    """The log ends where it was written to. Raises: Damaged."""
    written = head(file)
    if written != (found.seq, found.link):
        raise Damaged(f"its log ends with event {found.seq}, {written[0]} were written")
    if file.mark is not None and file.mark[0] > found.seq:
        raise Damaged(
            f"its log ends with event {found.seq}, {file.mark[0]} were written: "
            f"{file.path.name}-wal was cut or removed, or the machine lost power"
        )


def head(file: StateFile) -> tuple[int, bytes]:
    """The last event that a transaction wrote, and its link. Raises: Damaged."""
    seq, _, sum_ = (file.meta("head") or "0").partition(" ")
    return int(seq), bytes.fromhex(sum_)


def replay(path: Path, kernel: Kernel, event: bytes, now: int, seq: int) -> None:
    """Take an event of the log in again; a control action that was refused then is refused now. Raises: StoreError."""
    try:
        kernel.handle(_EVENTS.decode(event), now)
    except ControlError:
        return
    except Exception as problem:  # an event that this program cannot digest must not look like a crash
        raise StoreError(
            f"state file {path}: event {seq} cannot be replayed ({type(problem).__name__}: {problem}); "
            "nothing was changed. Use the camsim that wrote it, or start with another --state"
        ) from problem


def named(path: Path, problem: Exception) -> StoreError:
    """What is wrong with a file, in words."""
    why = str(problem) if isinstance(problem, Damaged) else f"{type(problem).__name__}: {problem}"
    if isinstance(problem, sqlite3.OperationalError) and "locked" in why:
        return StoreError(f"state file {path} is in use by another process; stop it or choose another --state")
    return DamagedFile(f"state file {path} is damaged ({why}); {WAY_OUT}".replace("FILE", str(path)))
