"""What a snapshot is in the file: a row a piece, each with a sum, and a manifest of all; read back into a state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from camsim.state.blocks import Blocks
from camsim.state.gateway import RegisteredDevice, State
from camsim.state.journal import Entry
from camsim.state.ledger_books import Book
from camsim.state.pieces import Pieces

from .state_file import Damaged, StateFile, digest

ROOT, COPY, MANIFEST = "root", "root.copy", "manifest"
_PIECES: tuple[tuple[str, type], ...] = (("device", RegisteredDevice), ("ledger", Book))


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot consists of: the last event in it, that event's sum, how many rows and the sum of their sums."""

    upto: int
    link: bytes
    rows: int
    total: int


@dataclass(slots=True)
class Kept:
    """The rows that the file holds for the snapshot in force, by key: generation and sum."""

    generation: int = 0
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    total: int = 0
    blocks: dict[str, set[int]] = field(default_factory=dict)  # by piece and ordinal
    chunks: dict[int, tuple[Entry, int]] = field(default_factory=dict)  # of the journal: the first entry, how many
    stale: list[tuple[str, int]] = field(default_factory=list)  # rows that a killed process had no time to take out


def pieces_of(state: State) -> Iterator[tuple[str, type, Pieces[Any]]]:
    """What is stored one by one: kind, type of a value, the values."""
    holders: dict[str, Pieces[Any]] = {"device": state.devices, "ledger": state.ledger.books.devices}
    for kind, value_type in _PIECES:
        yield kind, value_type, holders[kind]


def row_sum(key: str, generation: int, data: bytes | None) -> bytes:
    """The sum of a row."""
    return digest(key.encode(), generation.to_bytes(8, "big"), b"" if data is None else b"\x01", data or b"")


def read(file: StateFile) -> tuple[State, Kept, Manifest] | None:
    """The snapshot in force; None where there is none. Raises: Damaged, StoreError."""
    said = file.meta("generation")
    if said is None:
        return None
    rows, kept = _live_rows(file, int(said))
    data = rows.pop(MANIFEST, None)
    if data is None:
        raise Damaged("the manifest of its snapshot is missing")
    manifest = msgspec.msgpack.decode(data, type=Manifest)
    _, own = kept.rows.pop(MANIFEST)
    kept.total -= own
    if (len(kept.rows), kept.total % (1 << 63)) != (manifest.rows, manifest.total):
        raise Damaged(f"its snapshot has {manifest.rows} rows, {len(kept.rows)} were found or one is of another state")
    return Reader(rows, []).state(kept), kept, manifest


def _live_rows(file: StateFile, generation: int) -> tuple[dict[str, bytes], Kept]:
    """The rows in force, each as it was written. Raises: Damaged."""
    rows: dict[str, bytes] = {}
    kept = Kept(generation)
    query = "SELECT key, generation, data, sum FROM snapshot WHERE generation <= ? ORDER BY key, generation"
    for key, number, data, sum_ in file.db.execute(query, (generation,)):
        if row_sum(key, number, data) != sum_:
            raise Damaged(f"row {key} of its snapshot is altered")
        old = kept.rows.pop(key, None)
        if old is not None:
            kept.total -= old[1]
            kept.stale.append((key, old[0]))
        rows.pop(key, None)
        if data is None:
            kept.stale.append((key, number))
        else:
            rows[key] = data
            kept.rows[key] = (number, int.from_bytes(sum_, "big"))
            kept.total += kept.rows[key][1]
    return rows, kept


class Reader:
    """Makes a state of rows; `found` takes the blocks of a piece in the order in which it has them."""

    def __init__(self, rows: dict[str, bytes], found: list[Blocks]) -> None:
        self._rows, self._found = rows, found

    def state(self, kept: Kept) -> State:
        """The state. Raises: Damaged, msgspec.DecodeError."""
        state: State = msgspec.msgpack.decode(self._rows[ROOT], type=State, dec_hook=self.hook)
        stored: dict[str, dict[int, bytes]] = {}
        for key, data in self._rows.items():
            place, _, number = key.rpartition("/")
            if "#" in place:
                stored.setdefault(place, {})[int(number)] = data
        for kind, value_type, pieces in pieces_of(state):
            for name in msgspec.msgpack.decode(self._rows.get(kind, b"\x90"), type=list[str]):
                pieces[name] = self._piece(f"{kind}/{name}", value_type, stored, kept)
            pieces.watch(stored=True)
        self._journal(state, kept)
        return state

    @staticmethod
    def hook(kind: type, _value: Any) -> object:
        """msgspec's dec_hook for the root: the pieces come from rows of their own."""
        if issubclass(kind, Pieces):
            return kind()
        raise NotImplementedError(kind.__name__)

    def collect(self, kind: type, value: Any) -> object:
        """msgspec's dec_hook for a piece: its blocks come from rows of their own."""
        if kind is not Blocks:
            raise NotImplementedError(kind.__name__)
        next_number, numbers = value
        self._found.append(Blocks(next_number, dict.fromkeys(numbers, b"")))
        return self._found[-1]

    def _piece(self, key: str, value_type: type, stored: dict[str, dict[int, bytes]], kept: Kept) -> object:
        self._found.clear()
        if key not in self._rows:
            raise Damaged(f"row {key} of its snapshot is missing")
        value: object = msgspec.msgpack.decode(self._rows[key], type=value_type, dec_hook=self.collect)
        for ordinal, blocks in enumerate(self._found):
            place = f"{key}#{ordinal}"
            held = stored.pop(place, {})
            if held.keys() != blocks.held.keys():
                raise Damaged(f"blocks of {key} in its snapshot are missing")
            for number in blocks.held:
                blocks.held[number] = held[number]
            if held:
                kept.blocks[place] = set(held)
        return value

    def _journal(self, state: State, kept: Kept) -> None:
        numbers = sorted(int(key.partition("/")[2]) for key in self._rows if key.startswith("journal/"))
        for number in numbers:
            chunk = msgspec.msgpack.decode(self._rows[f"journal/{number}"], type=list[Entry])
            kept.chunks[number] = (chunk[0], len(chunk))
            state.journal.entries.extend(chunk)
