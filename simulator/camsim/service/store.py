"""Durable state in one SQLite file: a snapshot in pieces and the log of events since, whose replay gives it back.

Every row has a sum, events are chained, and a mark outside of the database says how far it was written: what was
altered, cut or taken out is refused by name.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from camsim.kernel.events import Event
from camsim.kernel.kernel import Kernel
from camsim.private_files import private

from .snapshot import Cut, Sweep
from .snapshot_rows import Kept, pieces_of
from .state_file import StateFile, StoreError, link
from .state_reader import DAMAGE, NO_LINK, Found, StoredClock, head, load, named

SNAPSHOT_EVERY = 20_000  # events; replaying that many takes some two seconds
STEP_S = 0.003  # of a snapshot at a time
CLOSE_S = 1.5  # for the last snapshot: a stop has five seconds for everything
CHECKPOINT_PAGES = 1000
_PAGE = 4096


class Store:
    """A state file; one process at a time. It is only read until `begin`."""

    def __init__(self, path: Path, *, snapshot_every: int = SNAPSHOT_EVERY) -> None:
        self.path, self._every = path, snapshot_every
        self._encode = msgspec.msgpack.Encoder().encode
        self._pending: list[tuple[int, int, bytes, bytes]] = []
        self._seq, self._link = 0, NO_LINK
        self._since_snapshot = 0
        self._pages = 0  # about as many wait in the write-ahead log
        self._kept = Kept()
        self._cut: Cut | None = None
        self._sweep: Sweep | None = None
        self._file: StateFile | None = None

    def load(self) -> Found:
        """Snapshot and log, replayed; the file stays as it is. Raises: StoreError for a damaged or foreign file."""
        found = load(self.path)
        self._seq, self._link, self._kept = found.seq, found.link, found.kept
        self._since_snapshot = found.replayed
        return found

    # --- writing ------------------------------------------------------------------------------------------------------

    def begin(self, kernel: Kernel, clock: StoredClock) -> None:
        """Go on from what was loaded, or from this state where nothing was. Raises: StoreError."""
        try:
            private(self.path)
        except OSError as problem:
            raise StoreError(f"cannot open state file {self.path}: {problem.strerror}; may you write there?") from None
        self._file = file = StateFile(self.path)
        if self._kept.generation:
            if head(file) != (self._seq, self._link):
                raise StoreError(f"state file {self.path} is in use by another process; choose another --state")
            with file.transaction() as db:
                db.execute("DELETE FROM snapshot WHERE generation > ?", (self._kept.generation,))
            self._sweep = Sweep(file, self._seq - self._since_snapshot, self._kept.stale)
        else:
            for _, _, pieces in pieces_of(kernel.state):
                pieces.watch(stored=False)
            with file.transaction() as db:
                db.execute("DELETE FROM snapshot")  # of a start that was killed before it had written all
            self._new_cut(kernel)
            while not self.work(10):
                pass
            file.checkpoint()  # whatever becomes of the write-ahead log, the beginning is in the file
        self.remember_clock(clock)
        file.remember(self._seq, self._link)

    def encode(self, event: Event) -> bytes:
        """An event as the log keeps it: before it is applied, so that nothing happens that cannot be kept.

        Raises: OverflowError, TypeError for what no log can hold.
        """
        return self._encode(event)

    def append(self, now: int, event: bytes) -> None:
        """Add an encoded event to the batch that the next commit writes."""
        self._seq += 1
        self._link = link(self._link, self._seq, now, event)
        self._pending.append((self._seq, now, event, self._link))

    def commit(self, kernel: Kernel) -> None:
        """Write the batch. Raises: StoreError; what was written before stays."""
        self._write()
        if self._since_snapshot >= self._every and self._cut is None and self._sweep is None:
            self._new_cut(kernel)

    def _write(self) -> None:
        batch, self._pending = self._pending, []
        if not batch:
            return
        file = self._opened()
        with file.transaction() as db:
            db.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", batch)
            file.set_meta("head", f"{self._seq} {self._link.hex()}")
        file.remember(self._seq, self._link)
        self._since_snapshot += len(batch)
        self._pages += 3 + sum(len(row[2]) + 30 for row in batch) // _PAGE

    def fold(self) -> None:
        """The next commit begins a snapshot: most of what there was is gone."""
        self._since_snapshot = max(self._since_snapshot, self._every)

    @property
    def has_work(self) -> bool:
        """Whether a snapshot waits to be written, or what it replaces to be taken out."""
        return self._cut is not None or self._sweep is not None

    def work(self, budget_s: float = STEP_S) -> bool:
        """Go on with the snapshot for about so long; True when nothing is left to do. Raises: StoreError."""
        if self._cut is not None:
            self._pages += 64
            if self._cut.step(budget_s):
                self._sweep, self._cut = self._cut.settle(), None
        elif self._sweep is not None:
            self._pages += 64
            if self._swept(budget_s):
                self._sweep = None
        return not self.has_work

    def _swept(self, budget_s: float) -> bool:
        ends = time.perf_counter() + budget_s
        while self._sweep is not None:
            if self._sweep.step():
                return True
            if time.perf_counter() >= ends:
                return False
        return True

    @property
    def is_behind(self) -> bool:
        """Whether events come faster than snapshots are written: a start would have many to replay."""
        return self._since_snapshot > self._every // 2

    @property
    def checkpoint_due(self) -> bool:
        """Whether the write-ahead log is long enough to be brought into the file."""
        return self._pages >= CHECKPOINT_PAGES

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file. May wait for the disk: call it in a thread, and nothing beside it.

        Raises: StoreError.
        """
        self._pages = 0
        self._opened().checkpoint()

    def checkpointed(self) -> None:
        """After a checkpoint, which may have written over the mark."""
        self._opened().remember(self._seq - len(self._pending), self._written_link())

    def _written_link(self) -> bytes:
        # What waits is not written yet: the link before it.
        if not self._pending:
            return self._link
        return head(self._opened())[1]

    def _new_cut(self, kernel: Kernel) -> None:
        self._cut = Cut(self._opened(), self._kept, kernel.state, self._seq, self._link)
        self._since_snapshot = 0

    def remember_clock(self, clock: StoredClock) -> None:
        """Keep the clock. Raises: StoreError."""
        file = self._opened()
        with file.transaction():
            file.set_meta("clock", msgspec.json.encode(clock).decode())

    def word(self, key: str) -> str | None:
        """What was kept under a key. Raises: StoreError."""
        try:
            return self._opened().meta(key)
        except DAMAGE as problem:
            raise named(self.path, problem) from None

    def keep_word(self, key: str, value: str) -> None:
        """Keep a word beside the state. Raises: StoreError."""
        file = self._opened()
        with file.transaction():
            file.set_meta(key, value)

    def close(self, kernel: Kernel, clock: StoredClock) -> None:
        """A last snapshot where it is quick, else the log holds the rest; let go of the file. Raises: StoreError."""
        try:
            self._write()
            self.remember_clock(clock)
            self._last_snapshot(kernel)
        finally:
            self.abandon()

    def _last_snapshot(self, kernel: Kernel) -> None:
        ends = time.perf_counter() + CLOSE_S
        while self.has_work and time.perf_counter() < ends:
            self.work()
        if self.has_work:
            return
        if self._since_snapshot:
            self._new_cut(kernel)
        while time.perf_counter() < ends:
            if self.work():
                return

    def abandon(self) -> None:
        """Let go of the file as it is."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> StateFile:
        if self._file is None:
            raise StoreError(f"state file {self.path} is closed")
        return self._file
