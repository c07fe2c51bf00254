"""Values by name that a state file keeps one by one: which of them changed, and how they were at a cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Pieces(Generic[Value]):
    """A mapping in order of insertion. Whoever takes a value out of it may change it; `peek` and `look` promise not to.

    A snapshot is written bit by bit while the world goes on: `cut` says which pieces changed since the last one, and
    until a piece is `written`, it is handed to `before` as it was at the cut, the moment before somebody may change it.
    """

    __slots__ = ("_cut", "_held", "before", "changed", "renamed", "watched")

    def __init__(self, held: dict[str, Value] | None = None) -> None:
        self._held: dict[str, Value] = {} if held is None else held
        self.watched = False  # nobody stores them: what changes is not noted
        self.changed: dict[str, None] = {}
        self.renamed = False  # names came or went since the last cut
        self._cut: dict[str, None] = {}  # changed before the cut, not written yet
        self.before: Callable[[str, Value | None], None] | None = None

    # --- to change ----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> Value | None:
        """The value, to be changed."""
        if self.watched and name not in self.changed:  # hot: most of what is asked for has changed already
            self._touch(name)
        return self._held.get(name)

    def __getitem__(self, name: str) -> Value:
        """The value, to be changed. Raises: KeyError."""
        if self.watched:
            self._touch(name)
        return self._held[name]

    def __setitem__(self, name: str, value: Value) -> None:
        """Put a value in, or another one in its place."""
        if self.watched:
            self._touch(name, new=True)
        if name not in self._held:
            self.renamed = True
        self._held[name] = value

    def update(self, values: dict[str, Value]) -> None:
        """Put several in."""
        for name, value in values.items():
            self[name] = value

    def pop(self, name: str) -> Value:
        """Take one out for good. Raises: KeyError."""
        if self.watched:
            self._touch(name)
        self.renamed = True
        return self._held.pop(name)

    def clear(self) -> None:
        """Take all of them out for good."""
        for name in list(self._held):
            self.pop(name)

    def values(self) -> Iterator[Value]:
        """Each value in order, to be changed."""
        for name in list(self._held):
            yield self[name]

    # --- to look at ---------------------------------------------------------------------------------------------------

    def peek(self, name: str) -> Value | None:
        """The value, not to be changed."""
        return self._held.get(name)

    def look(self) -> Iterator[Value]:
        """Each value in order, not to be changed."""
        return iter(self._held.values())

    def items(self) -> Iterator[tuple[str, Value]]:
        """Each name with its value in order, not to be changed."""
        return iter(self._held.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, name: str) -> bool:
        return name in self._held

    # --- a cut --------------------------------------------------------------------------------------------------------

    def cut(self) -> int:
        """From now on pieces are written as they are now; returns how many there are to write."""
        self._cut, self.changed, self.renamed = self.changed, {}, False
        return len(self._cut)

    def next_written(self) -> tuple[str, Value | None] | None:
        """The next piece to write, as it was at the cut (None: gone); None when all of them are written."""
        if not self._cut:
            return None
        name, _ = self._cut.popitem()
        return name, self._held.get(name)

    def forget_cut(self) -> None:
        """The cut will not be written: what it had to write has still changed."""
        self._cut, waiting = {}, self._cut
        self.changed = {**waiting, **self.changed}
        self.renamed = True

    def watch(self, *, stored: bool) -> None:
        """Note from now on what changes; everything is to be written, or nothing where all of it is `stored`."""
        self.watched, self.renamed = True, not stored
        self.changed = {} if stored else dict.fromkeys(self._held)

    def _touch(self, name: str, *, new: bool = False) -> None:
        if name not in self._held and not new:
            return
        if name in self._cut:
            del self._cut[name]
            if self.before is not None:
                self.before(name, self._held.get(name))
        self.changed[name] = None
