"""What one person comes to in a row: the steps, ten minutes apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Unpack

from msgspec.structs import replace

from camsim.protocol.facts import Fact, Template
from camsim.protocol.vocabulary import TemplateType, UserType

from .builder import Builder
from .cases import Case, Expect, Sending, Step
from .histories import GAP_S, NAMES, told_as, updated
from .run_facts import HOUR, PHOTO_OF

Kind = TemplateType


class Story:
    """The steps of one person, ten minutes apart; the first makes the person, unless it is to be not `known`.

    `turn`: every third event is the second device's where there is one, beginning with another one for each turn.
    """

    def __init__(
        self,
        make: Builder,
        user: str,
        name: tuple[str, str] = NAMES[0],
        *,
        known: bool = True,
        turn: int | None = None,
        role: str = UserType.USER,
    ) -> None:
        self.make, self.user, self.name = make, user, name
        self.role = str(role)
        self.steps: list[Step] = []
        self._start = make.ago(2 * HOUR)
        self._told = 0
        self.turn = turn or 0
        self._divided = turn is not None and make.claims("multi-device")
        if known:
            self.tell()

    def template(self, kind: TemplateType, index: int, generation: int = 0) -> Template:
        """A template of the person; pictures are everybody's, because drawing them takes time."""
        drawn = kind in (Kind.FACE, Kind.USER_PHOTO)
        return self.make.template(PHOTO_OF if drawn else self.user, kind, index, generation)

    def next_moment(self) -> int:
        """The moment of the next event, in epoch seconds."""
        self._told += 1
        return self._start + (self._told - 1) * GAP_S

    def tell(self, *templates: Template, at_once: bool = False, **sending: Unpack[Sending]) -> None:
        """The person with these templates; `at_once` at the moment of what was told before."""
        if at_once:
            self._told -= 1
        fact = updated(self.make, self.user, self.name, self.next_moment(), *templates)
        self.steps += self._as(replace(fact, user_type=self.role), **sending)

    def happen(self, fact: Callable[[int], Fact]) -> None:
        """Something else of the person, at the next moment."""
        self.steps += self._as(fact(self.next_moment()))

    def delete(self) -> None:
        """The person's deletion."""
        self.happen(lambda at: replace(self.make.deleted(self.user), at=at))

    def repeat(self) -> None:
        """The last step once more, byte for byte."""
        self.steps.append(self.steps[-1])

    def rename(self, name: tuple[str, str]) -> None:
        """The person with another name."""
        self.name = name
        self.tell()

    def case(self, name: str, values: Mapping[str, str]) -> Case:
        """The case of all that was told."""
        return Case(name, tuple(self.steps), Expect((self.user,)), introduced=False, values=values)

    def _as(self, fact: Fact, **sending: Unpack[Sending]) -> list[Step]:
        second = self._divided and (self.turn + self._told) % 3 == 0
        return told_as(self.make, fact, int(second), **sending)
