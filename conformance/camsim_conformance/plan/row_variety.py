"""What the rows of the arrays differ in beside their values: degrees, what their companions are, how a v2 photo comes.

It follows from the name of a row, so that it meets every value of every factor, costs no request and is the same in
every run. Whatever has another name, as a row of one value or of a second round, is plain.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from .arrays import ROW

# An In and the Out that belongs to it: who undoes a quick pair, or calls a short break none, stumbles over these.
PARTNERS: Mapping[str, str] = {
    "CheckIn": "CheckOut",
    "CheckOut": "CheckIn",
    "BreakOut": "BreakIn",
    "BreakIn": "BreakOut",
    "OverTimeIn": "OverTimeOut",
    "OverTimeOut": "OverTimeIn",
    "MealIn": "MealOut",
    "MealOut": "MealIn",
}
_PLAIN = (36.8, 37.0)
# With a decimal, and whole. A fever and a cold hand are readings like any other (V3:1178).
_OTHERS = ((38.4, 39.0), (35.2, 35.0), (37.6, 38.0))
_SHARE = 7  # of so many rows three have one of these


@dataclass(frozen=True, slots=True)
class Variety:
    """What is beside the values of one row."""

    decimal: float = _PLAIN[0]
    whole: float = _PLAIN[1]
    other_type: bool = False  # companions have the Type that belongs to the punch's, not its own
    other_device: bool = False  # and come from the other device
    photo_as_punch: bool = False

    def degrees(self, temperature: str) -> float | None:
        """The reading of a value of the factor `temperature`; None for none."""
        if temperature == "absent":
            return None
        return self.whole if temperature == "whole" else self.decimal


def variety(name: str, *, two_devices: bool) -> Variety:
    """What belongs to the row of a name; `two_devices`: whether two devices may speak."""
    if not name.startswith(ROW):
        return Variety()
    number = zlib.crc32(name.encode())
    decimal, whole = dict(enumerate(_OTHERS)).get(number // 8 % _SHARE, _PLAIN)
    return Variety(
        decimal,
        whole,
        other_type=number & 1 == 1,
        other_device=two_devices and number & 2 == 2,
        photo_as_punch=number & 4 == 4,
    )
