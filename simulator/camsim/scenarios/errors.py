"""Says what is wrong with a scenario in its own words: the step, the key, the value and what is allowed there."""

from __future__ import annotations

import msgspec

from camsim.control.explaining import misfit

MISSING = "(missing)"


class ScenarioError(ValueError):
    """A scenario that cannot be; `where` is the step or the file, `key` the dotted key."""

    def __init__(self, where: str, key: str, value: str, allowed: str) -> None:
        # Of a key that is missing there is no value, and of a whole file no key.
        shown = f"{key} = {value}" if key and value else key or value
        if value == MISSING:
            super().__init__(f"{where}: {key} is missing")
        else:
            super().__init__(f"{where}: {shown} is not allowed; allowed: {allowed}")
        self.where, self.key, self.value, self.allowed = where, key, value, allowed


def convert(value: object, wanted: object, where: str, key: str = "") -> object:
    """The value as the type wants it; a union of types is one too. Raises: ScenarioError."""
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as problem:
        found = misfit(value, wanted, problem, key, MISSING)
        raise ScenarioError(where, found.key, found.value, found.allowed) from None
