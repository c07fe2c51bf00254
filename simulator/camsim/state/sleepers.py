"""Values by name of which most sleep: one that nobody has touched is a number, and is made when somebody takes it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeVar

from .founding import Founding
from .pieces import Pieces

Value = TypeVar("Value")
Press = Callable[[str, int], Value]  # makes the value of a name and a number


class _Kind(Generic[Value]):
    """A founding, how many of it sleep, and what makes them."""

    __slots__ = ("asleep", "first", "founding", "press")

    def __init__(self, founding: Founding, press: Press[Value] | None = None) -> None:
        self.founding, self.first, self.press = founding, founding.first, press
        self.asleep = 0


class Sleepers(Pieces[Value]):
    """Pieces of which some are not made yet. Taking one (`get`, `[]`, `values`) makes it and keeps it.

    Looking (`peek`, `look`, `items`) makes it for the moment; `awake_look` and `awake_values` pass over those that
    nobody has touched. What is made later is what would have been made at once: `maker` is a pure function.
    """

    __slots__ = ("_glance", "_kinds", "maker")

    def __init__(self, held: dict[str, Value] | None = None) -> None:
        super().__init__(held)
        self._kinds: list[_Kind[Value]] = []  # by the first number of each
        self._glance: tuple[str, Value] | None = None  # the last one that was made to look at
        self.maker: Callable[[Founding], Press[Value]] | None = None

    # --- asleep -------------------------------------------------------------------------------------------------------

    def lay(self, founding: Founding, names: Iterable[str], press: Press[Value]) -> None:
        """Add values that sleep: names in the order of the founding's numbers."""
        self._kinds.append(_Kind(founding, press))
        for number, name in enumerate(names, founding.first):
            self.sleep(name, number)

    def found(self, foundings: Iterable[Founding]) -> None:
        """Let there be values of these; their numbers are higher than those of all before."""
        self._kinds.extend(_Kind(founding) for founding in foundings)

    def sleep(self, name: str, number: int) -> None:
        """Add one that sleeps. Raises: KeyError where there is no founding with that number."""
        self._kind(number).asleep += 1
        self.renamed = True
        self._sleeping[name] = number

    @property
    def founded(self) -> list[Founding]:
        """Those of which some sleep, or may be put to sleep."""
        return [kind.founding for kind in self._kinds]

    @property
    def _sleeping(self) -> dict[str, Any]:
        # The same mapping keeps the order of both: a name has its value, or a number while it sleeps.
        return self._held

    def _kind(self, number: int) -> _Kind[Value]:
        place = bisect_right(self._kinds, number, key=attrgetter("first")) - 1
        if place < 0 or number >= self._kinds[place].first + self._kinds[place].founding.count:
            raise KeyError(number)
        return self._kinds[place]

    def _made(self, name: str, number: int) -> Value:
        """The value of a name that sleeps, which stays asleep."""
        if self._glance is not None and self._glance[0] == name:
            return self._glance[1]
        return self._press(number)(name, number)

    def _press(self, number: int) -> Press[Value]:
        kind = self._kind(number)
        if kind.press is None:
            assert self.maker is not None  # noqa: S101  whoever lets values sleep says how they are made
            kind.press = self.maker(kind.founding)
        return kind.press

    def _glimpse(self, name: str, number: int) -> Value:
        value = self._made(name, number)
        self._glance = (name, value)
        return value

    def _wake(self, name: str, number: int) -> Value:
        value = self._held[name] = self._made(name, number)
        self._gone(number)
        return value

    def _gone(self, number: int) -> None:
        """One sleeps no longer; a founding that nobody needs is forgotten."""
        self._glance, self.renamed = None, True
        kind = self._kind(number)
        kind.asleep -= 1
        if not kind.asleep:
            self._kinds.remove(kind)

    # --- to change ----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> Value | None:
        """The value, to be changed; made if it slept."""
        if self.watched and name not in self.changed:  # hot: most of what is asked for has changed already
            self._touch(name)
        value = self._sleeping.get(name)
        if type(value) is int:
            return self._wake(name, value)
        return value

    def __getitem__(self, name: str) -> Value:
        """The value, to be changed; made if it slept. Raises: KeyError."""
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: Value) -> None:
        """Put a value in, or another one in its place."""
        held = self._sleeping.get(name)
        if type(held) is int:
            self._gone(held)
        super().__setitem__(name, value)

    def pop(self, name: str) -> Value:
        """Take one out for good. Raises: KeyError."""
        self[name]  # awake
        return super().pop(name)

    def clear(self) -> None:
        """Take all of them out for good, asleep or awake."""
        for name in [name for name, held in self._sleeping.items() if type(held) is not int]:
            super().pop(name)
        self._held.clear()
        self._kinds, self._glance, self.renamed = [], None, True

    def awake_values(self) -> Iterator[Value]:
        """Each value that was ever touched in order, to be changed."""
        for name, value in list(self._sleeping.items()):
            if type(value) is not int:
                yield self[name]

    # --- to look at ---------------------------------------------------------------------------------------------------

    def peek(self, name: str) -> Value | None:
        """The value, not to be changed."""
        value = self._sleeping.get(name)
        return self._glimpse(name, value) if type(value) is int else value

    def look(self) -> Iterator[Value]:
        """Each value in order, not to be changed."""
        return (value for _, value in self.items())

    def items(self) -> Iterator[tuple[str, Value]]:
        """Each name with its value in order, not to be changed."""
        for name, value in self._sleeping.items():
            yield name, (self._made(name, value) if type(value) is int else value)

    def awake_look(self) -> Iterator[Value]:
        """Each value that was ever touched in order, not to be changed."""
        return (value for value in self._sleeping.values() if type(value) is not int)

    def survey(self) -> Iterator[tuple[str, Value | Founding]]:
        """Each name in order with its value, not to be changed, or with what it will be made of."""
        kind, begins, ends = None, 0, 0
        for name, value in self._sleeping.items():
            if type(value) is not int:
                yield name, value
                continue
            if kind is None or not begins <= value < ends:  # those of a founding mostly stand together
                kind = self._kind(value)
                begins, ends = kind.first, kind.first + kind.founding.count
            yield name, kind.founding

    # --- a cut --------------------------------------------------------------------------------------------------------

    def shared(self) -> object:
        """What the root of a snapshot has for them."""
        return self.founded

    def order(self) -> list[Any]:
        """Names in order; one that sleeps is followed by its number."""
        return [item for item in chain.from_iterable(self._sleeping.items()) if type(item) in (str, int)]

    def watch(self, *, stored: bool) -> None:
        """As for all pieces; what sleeps has no row of its own."""
        super().watch(stored=stored)
        for name in list(self.changed):
            if type(self._sleeping[name]) is int:
                del self.changed[name]

    def _stored(self, name: str) -> Value | None:
        value = self._sleeping.get(name)
        return None if type(value) is int else value
