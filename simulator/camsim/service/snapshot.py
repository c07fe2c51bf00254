"""A state on its way into a file: a piece a row, written bit by bit, each once, while the world goes on."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import msgspec

from camsim.state.blocks import Blocks
from camsim.state.gateway import State
from camsim.state.journal import Entry
from camsim.state.pieces import Pieces

from .snapshot_rows import COPY, MANIFEST, ROOT, Kept, Manifest, pieces_of, row_sum
from .state_file import StateFile

_CHUNK = 256  # journal entries a row
_BATCH_BYTES, _BATCH_ROWS, _SWEPT_ROWS = 256 * 1024, 200, 20
_LOG_ROWS = 300  # taken out of the log at once
_FREE_PAGES, _VACUUM_PAGES = 1024, 64  # 4 MB may lie free in the file, which shrinks by 256 kB at once


class Cut:
    """A snapshot on its way into the file: the state as it is now, whatever happens to it while it is written."""

    def __init__(self, file: StateFile, kept: Kept, state: State, upto: int, link: bytes) -> None:
        self._file, self._kept = file, kept
        self._upto, self._link = upto, link
        self._generation = kept.generation + 1
        self._out: deque[tuple[str, bytes | None]] = deque()  # rows to write; None takes one out
        self._new: dict[str, tuple[int, int] | None] = {}
        self._blocks: list[Blocks] = []
        self._encode = msgspec.msgpack.Encoder(enc_hook=self._hook).encode
        self._pieces = list(pieces_of(state))
        root = self._encode(_root(state))
        self._out.extend([(ROOT, root), (COPY, root)])
        for kind, _, pieces in self._pieces:
            if pieces.renamed:
                self._out.append((kind, self._encode(pieces.order())))
            pieces.cut()
            pieces.before = self._before(kind)
        self._chunks = self._cut_journal(state)

    # --- what there is to write ---------------------------------------------------------------------------------------

    def _hook(self, value: object) -> object:
        if isinstance(value, Blocks):
            self._blocks.append(value)
            return [value.next_number, list(value.held)]
        if isinstance(value, Pieces):
            return value.shared()  # each of them is a row of its own
        raise NotImplementedError(type(value).__name__)

    def _before(self, kind: str) -> Any:
        def keep(name: str, value: object) -> None:
            self._take(kind, name, value)

        return keep

    def _take(self, kind: str, name: str, value: object) -> None:
        """The row of a piece, with those of its blocks that are not in the file."""
        key = f"{kind}/{name}"
        self._blocks = []
        self._out.append((key, None if value is None else self._encode(value)))
        for ordinal in range(max(len(self._blocks), self._known_ordinals(key))):
            held = self._blocks[ordinal].held if ordinal < len(self._blocks) else {}
            known = self._kept.blocks.setdefault(f"{key}#{ordinal}", set())
            for number in [number for number in held if number not in known]:
                self._out.append((f"{key}#{ordinal}/{number}", held[number]))
                known.add(number)
            for number in [number for number in known if number not in held]:
                self._out.append((f"{key}#{ordinal}/{number}", None))
                known.discard(number)
            if not known:
                del self._kept.blocks[f"{key}#{ordinal}"]

    def _known_ordinals(self, key: str) -> int:
        number = 0
        while f"{key}#{number}" in self._kept.blocks:
            number += 1
        return number

    def _cut_journal(self, state: State) -> deque[tuple[int, list[Entry]]]:
        """The journal in rows of entries that never change: most of them are in the file already."""
        entries = state.journal.entries[state.journal.start :]
        chunks: dict[int, list[Entry]] = {}
        for entry in entries:
            chunks.setdefault(entry.seq // _CHUNK, []).append(entry)
        waiting: deque[tuple[int, list[Entry]]] = deque()
        for number, chunk in chunks.items():
            first, count = self._kept.chunks.get(number, (None, 0))
            if first is not chunk[0] or count != len(chunk):
                waiting.append((number, chunk))
        for number in [number for number in self._kept.chunks if number not in chunks]:
            self._out.append((f"journal/{number}", None))
            del self._kept.chunks[number]
        return waiting

    # --- writing ------------------------------------------------------------------------------------------------------

    def step(self, budget_s: float) -> bool:
        """Write for about so long; True when the snapshot is in force. Raises: StoreError."""
        ends = time.perf_counter() + budget_s
        while True:
            complete = self._gather(ends)
            self._write()
            if complete and not self._out:
                self._put_in_force()
                return True
            if time.perf_counter() >= ends:
                return False

    def _gather(self, ends: float) -> bool:
        """Rows for one transaction; True when nothing is left to be gathered."""
        size = sum(len(data or b"") for _, data in self._out)
        while size < _BATCH_BYTES and len(self._out) < _BATCH_ROWS:
            before = len(self._out)
            if not self._next():
                return True
            size += sum(len(self._out[index][1] or b"") for index in range(before, len(self._out)))
            if time.perf_counter() >= ends:
                break
        return False

    def _next(self) -> bool:
        for kind, _, pieces in self._pieces:
            found = pieces.next_written()
            if found is not None:
                self._take(kind, *found)
                return True
        if self._chunks:
            number, chunk = self._chunks.popleft()
            self._out.append((f"journal/{number}", self._encode(chunk)))
            self._kept.chunks[number] = (chunk[0], len(chunk))
            return True
        return False

    def _write(self) -> None:
        rows: list[tuple[str, int, bytes | None, bytes]] = []
        size = 0
        while self._out and size < _BATCH_BYTES and len(rows) < _BATCH_ROWS:
            key, data = self._out.popleft()
            sum_ = row_sum(key, self._generation, data)
            rows.append((key, self._generation, data, sum_))
            self._new[key] = None if data is None else (self._generation, int.from_bytes(sum_, "big"))
            size += len(data or b"")
        if rows:
            with self._file.transaction() as db:
                db.executemany("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", rows)

    def _put_in_force(self) -> None:
        """From now on the file begins at this snapshot; what it replaces is taken out by `Sweep`."""
        kept = self._kept
        rows, total = len(kept.rows), kept.total
        for key, row in self._new.items():
            old = kept.rows.get(key)
            rows += (row is not None) - (old is not None)
            total += (row[1] if row else 0) - (old[1] if old else 0)
        manifest = Manifest(self._upto, self._link, rows, total % (1 << 63))
        data = msgspec.msgpack.encode(manifest)
        with self._file.transaction() as db:
            sum_ = row_sum(MANIFEST, self._generation, data)
            db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", (MANIFEST, self._generation, data, sum_))
            self._file.set_meta("generation", str(self._generation))
            if kept.generation == 0:
                self._file.set_meta("head", f"{self._upto} {self._link.hex()}")  # with the log: see Store
        for _, _, pieces in self._pieces:
            pieces.before = None

    def settle(self) -> Sweep:
        """What the file holds now is known; returns what is to be taken out of it."""
        kept, replaced = self._kept, [(MANIFEST, self._kept.generation)]
        for key, row in self._new.items():
            old = kept.rows.pop(key, None)
            if old is not None:
                replaced.append((key, old[0]))
                kept.total -= old[1]
            if row is None:
                replaced.append((key, self._generation))  # the row that says it is gone goes last
                continue
            kept.rows[key] = row
            kept.total += row[1]
        kept.generation = self._generation
        return Sweep(self._file, self._upto, replaced)

    def give_up(self) -> None:
        """The snapshot will not be written; what it would have written is still to be."""
        for _, _, pieces in self._pieces:
            pieces.before = None
            pieces.forget_cut()


class Sweep:
    """Takes out of the file what a new snapshot replaces, bit by bit."""

    def __init__(self, file: StateFile, upto: int, replaced: list[tuple[str, int]]) -> None:
        self._file, self._upto, self._replaced = file, upto, deque(replaced)

    def step(self) -> bool:
        """Take some out; True when nothing is left to do. Raises: StoreError."""
        with self._file.transaction() as db:
            if self._replaced:
                some = [self._replaced.popleft() for _ in range(min(_SWEPT_ROWS, len(self._replaced)))]
                db.executemany("DELETE FROM snapshot WHERE key = ? AND generation = ?", some)
                return False
            first = db.execute("SELECT min(seq) FROM log").fetchone()[0]
            if first is not None and first <= self._upto:
                db.execute("DELETE FROM log WHERE seq <= ?", (min(self._upto, first + _LOG_ROWS),))
                return False
        free = self._file.db.execute("PRAGMA freelist_count").fetchone()[0]
        if free > _FREE_PAGES:
            self._file.db.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()
            return False
        return True


def _root(state: State) -> State:
    """The state without what has rows of its own."""
    journal = msgspec.structs.replace(state.journal, entries=[], start=0)
    return msgspec.structs.replace(state, journal=journal)
