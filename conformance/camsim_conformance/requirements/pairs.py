"""What is asked of v3 and of v2 side by side: pairs.toml as typed rows."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NotRequired, TypedDict, cast

from . import Requirement, by_id


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that is checked, with the requirements of either protocol that check it; `why` says what differs."""

    what: str
    v3: tuple[Requirement, ...]
    v2: tuple[Requirement, ...]
    why: str

    @property
    def where(self) -> str:
        """`both`, `v3 only` or `v2 only`."""
        if not self.v2:
            return "v3 only"
        return "both" if self.v3 else "v2 only"

    @property
    def same_level(self) -> bool:
        """True when all of its requirements ask equally strongly."""
        return len({row.level for row in (*self.v3, *self.v2)}) == 1


class _Row(TypedDict):
    what: str
    v3: list[str]
    v2: list[str]
    why: NotRequired[str]


class _File(TypedDict):
    pair: list[_Row]


@cache
def pairs() -> tuple[Pair, ...]:
    """All pairs, in printed order. Raises: KeyError for an id that is no requirement."""
    file = resources.files(__package__) / "pairs.toml"
    rows = cast("_File", tomllib.loads(file.read_text("utf-8")))["pair"]
    return tuple(Pair(row["what"], _known(row["v3"]), _known(row["v2"]), row.get("why", "")) for row in rows)


def _known(ids: Sequence[str]) -> tuple[Requirement, ...]:
    return tuple(by_id()[one] for one in ids)
