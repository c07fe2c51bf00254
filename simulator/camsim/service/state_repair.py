"""`camsim state check | repair`: says what of a state file is whole, and makes a new file of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from camsim.engine import restore
from camsim.state.blocks import Blocks
from camsim.state.gateway import State
from camsim.state.journal import Entry
from camsim.state.pieces import Pieces

from . import state_reader
from .snapshot_rows import COPY, MANIFEST, ROOT, Manifest, Reader, pieces_of, row_sum
from .state_file import Damaged, DamagedFile, StateFile, StoreError
from .state_reader import DAMAGE, Found, StoredClock, follow
from .store import Store

_UNREADABLE = (sqlite3.DatabaseError, *DAMAGE)
_GAP = 5000  # row numbers without a row, after which a table that cannot say its last one is through


@dataclass(slots=True)
class Finding:
    """What a state file holds and what of it is not whole, in words; `whole` is what a start would accept."""

    path: str
    whole: bool = True
    rows: int = 0
    events: int = 0
    last_event: int = 0
    devices: int = 0
    damages: list[str] = field(default_factory=list)
    kept_as: str = ""


class Salvage:
    """Everything of a file that can still be read and is as it was written."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        self.lost: list[str] = []
        self.rows: dict[str, bytes] = {}
        self.manifest: Manifest | None = None

    def state(self) -> State:
        """The state of the rows that are whole. Raises: StoreError where too little is."""
        self._read_rows()
        root = self.rows.get(ROOT) or self.rows.get(COPY)
        if root is None or self.manifest is None:
            raise StoreError(
                f"state file {self._file.path} cannot be repaired: both copies of what holds it together are lost. "
                "Restore a copy, or start with another --state"
            )
        state: State = msgspec.msgpack.decode(root, type=State, dec_hook=Reader.hook)
        stored: dict[str, dict[int, bytes]] = {}
        for key, data in self.rows.items():
            place, _, number = key.rpartition("/")
            if "#" in place:
                stored.setdefault(place, {})[int(number)] = data
        for kind, value_type, pieces in pieces_of(state):
            self._pieces(kind, value_type, pieces, stored)
        self._journal(state)
        return state

    def _generation(self) -> int:
        try:
            said = self._file.meta("generation")
            if said is not None:
                return int(said)
        except _UNREADABLE as problem:
            self.lost.append(str(problem))
        return 1 << 62

    def _read_rows(self) -> None:
        limit, newest = self._generation(), dict[str, int]()
        for key, generation, data, sum_ in self._table("snapshot", "key, generation, data, sum"):
            if not isinstance(key, str) or not isinstance(generation, int) or generation > limit:
                continue
            if row_sum(key, generation, data) != sum_:
                self.lost.append(f"row {key} of the snapshot is altered")
                continue
            if generation < newest.get(key, 0):
                continue
            newest[key] = generation
            self.rows.pop(key, None)
            if data is not None:
                self.rows[key] = data
        manifest = self.rows.pop(MANIFEST, None)
        if manifest is not None:
            self.manifest = msgspec.msgpack.decode(manifest, type=Manifest)

    def _table(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """Each row that can be read, one by one where a page of the table cannot."""
        db = self._file.db
        try:
            yield from list(db.execute(f"SELECT {columns} FROM {table} ORDER BY rowid"))  # noqa: S608  our own words
            return
        except sqlite3.DatabaseError as problem:
            self.lost.append(f"a page of table {table} cannot be read ({problem})")
        number, missed = 0, 0
        while missed < _GAP:
            number += 1
            try:
                row = db.execute(f"SELECT {columns} FROM {table} WHERE rowid = ?", (number,)).fetchone()  # noqa: S608
            except sqlite3.DatabaseError:
                row = None
            missed = 0 if row is not None else missed + 1
            if row is not None:
                yield row

    def _pieces(self, kind: str, value_type: type, pieces: Pieces[Any], stored: dict[str, dict[int, bytes]]) -> None:
        for name in self._names(kind):
            key = f"{kind}/{name}"
            if key not in self.rows:
                self.lost.append(f"{key} is lost with everything in it")
                continue
            found: list[Blocks] = []
            reader = Reader(self.rows, found)
            value: Any = msgspec.msgpack.decode(self.rows[key], type=value_type, dec_hook=reader.collect)
            for ordinal, blocks in enumerate(found):
                held = stored.get(f"{key}#{ordinal}", {})
                for number in list(blocks.held):
                    if number in held:
                        blocks.held[number] = held[number]
                        continue
                    self.lost.append(f"block {number} of {key} is lost: {value.lose_block(number)}")
            pieces[name] = value

    def _names(self, kind: str) -> list[str]:
        """The names in their order; where that is lost, in the order of the rows."""
        if kind in self.rows:
            return msgspec.msgpack.decode(self.rows[kind], type=list[str])
        found = [key.partition("/")[2] for key in self.rows if key.startswith(f"{kind}/") and "#" not in key]
        if found:
            self.lost.append(f"the order of the rows {kind}/… is lost")
        return sorted(found)

    def _journal(self, state: State) -> None:
        numbers = sorted(int(key.partition("/")[2]) for key in self.rows if key.startswith("journal/"))
        for number in numbers:
            state.journal.entries.extend(msgspec.msgpack.decode(self.rows[f"journal/{number}"], type=list[Entry]))
        state.journal.held_bytes = sum(entry.size for entry in state.journal.entries)

    def replayed(self, state: State) -> Found:
        """The state with the events of the log up to the first that is not whole."""
        manifest = self.manifest or Manifest(0, state_reader.NO_LINK, 0, 0)
        found = Found(restore(state), None, 0, manifest.upto, manifest.link)
        rows = [row for row in self._table("log", "seq, now, event, sum") if row[0] > manifest.upto]
        for place, (seq, now, event, sum_) in enumerate(sorted(rows)):
            try:
                follow(self._file, found, seq, now, event, sum_)
                state_reader.replay(self._file.path, found.kernel, event, now, seq)  # type: ignore[arg-type]
            except (Damaged, StoreError) as problem:
                self.lost.append(f"{problem}; {len(rows) - place} events from {seq} on are lost")
                break
            found.replayed += 1
        self._tail(found)
        found.clock = self._clock()
        return found

    def _tail(self, found: Found) -> None:
        written = found.seq
        try:
            written = max(written, state_reader.head(self._file)[0])
        except _UNREADABLE as problem:
            self.lost.append(str(problem))
        if self._file.mark is not None:
            written = max(written, self._file.mark[0])
        if written > found.seq:
            self.lost.append(f"the log ends with event {found.seq}, {written} were written")

    def _clock(self) -> StoredClock | None:
        try:
            text = self._file.meta("clock")
            return None if text is None else msgspec.json.decode(text, type=StoredClock)
        except _UNREADABLE as problem:
            self.lost.append(f"{problem}; the clock goes on as real")
            return None


def check(path: Path) -> Finding:
    """What is whole and what is not; the file stays as it is. Raises: StoreError where it is no state file at all."""
    finding = Finding(str(path))
    try:
        found = state_reader.load(path)
    except DamagedFile as problem:
        finding.whole = False
        finding.damages.append(str(problem).partition("; nothing was changed")[0])
        _salvaged(path, finding)
        return finding
    finding.rows, finding.events, finding.last_event = len(found.kept.rows), found.replayed, found.seq
    finding.devices = 0 if found.kernel is None else len(found.kernel.state.devices)
    return finding


def _salvaged(path: Path, finding: Finding) -> Found:
    """What is left of a damaged file. Raises: StoreError where nothing can be made of it."""
    file = StateFile(path, read_only=True)
    try:
        salvage = Salvage(file)
        found = salvage.replayed(salvage.state())
    except _UNREADABLE as problem:
        raise StoreError(f"state file {path} cannot be repaired ({problem}); restore a copy") from None
    finally:
        file.close()
    finding.rows, finding.events, finding.last_event = len(salvage.rows), found.replayed, found.seq
    finding.devices = 0 if found.kernel is None else len(found.kernel.state.devices)
    finding.damages += [said for said in salvage.lost if said not in finding.damages]
    return found


def repair(path: Path) -> Finding:
    """Make a whole file of what is whole in this one, which is kept beside it. Raises: StoreError."""
    finding = check(path)
    if finding.whole:
        return finding
    found = _salvaged(path, finding)
    if found.kernel is None:
        raise StoreError(f"state file {path} cannot be repaired; restore a copy")
    draft = path.with_name(f"{path.name}.repairing")
    _remove(draft)
    store = Store(draft)
    clock = found.clock or StoredClock("real")
    store.begin(found.kernel, clock)
    store.close(found.kernel, clock)
    kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    for part in ("-wal", "-shm", ""):
        if Path(f"{path}{part}").exists():
            Path(f"{path}{part}").rename(f"{kept}{part}")
    draft.rename(path)
    finding.kept_as = str(kept)
    return finding


def _remove(path: Path) -> None:
    for part in ("", "-wal", "-shm"):
        Path(f"{path}{part}").unlink(missing_ok=True)
