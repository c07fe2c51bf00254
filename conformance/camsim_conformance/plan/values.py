"""A factor and its values: what a deviation is explained by, and what rows of an array are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements.verdicts import Level


@dataclass(frozen=True, slots=True)
class Value:
    """One value: `phrase` completes "a punch …"; `v2` is the requirement in v2, "" for a value v2 does not have.

    `crossed` ones meet the values of the other factors in the arrays; the rest comes with a group of its own.
    """

    name: str
    phrase: str
    v3: str
    v2: str
    cap: Level = Level.MUST
    usual: bool = False
    crossed: bool = True

    def requirement(self, protocol: Protocol) -> str:
        """Whose business a deviation under this value is; "" when it is nobody's in particular."""
        return self.v2 if protocol is Protocol.V2 else self.v3


@dataclass(frozen=True)  # without slots: what follows from the values is kept
class Factor:
    """A property with all its values; `feature` must be claimed for the ones that are not usual."""

    name: str
    values: tuple[Value, ...]
    feature: str = "core"

    @cached_property
    def usual(self) -> Value:
        """The plain value."""
        return next(value for value in self.values if value.usual)

    def value(self, name: str) -> Value | None:
        """A value by its name."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, Value]:
        return {value.name: value for value in self.values}
