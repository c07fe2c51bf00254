"""What could deviate in a way at all: a right observation contradicts an explanation only where it could have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .moments import DAY_AND_MONTH
from .observation import Aspect, Deviation, Observation
from .people import could_deviate as of_people

_TOLD_BY = {Aspect.TYPE: "type", Aspect.INPUT: "input", Aspect.TEMPERATURE: "temperature", Aspect.MASK: "mask"}
_NOTHING = frozenset({"absent", "None"})  # no attribute was told; v2's None is a type that says nothing
# A wrong reading of an offset shows only under offsets that it reads wrongly.
_BY_OFFSET: Mapping[str, Callable[[str], bool]] = {
    "with its offset dropped": lambda offset: offset != "+0000",
    "with its offset the wrong way round": lambda offset: offset != "+0000",
    "with its offset taken off twice": lambda offset: offset != "+0000",
    "with the sign of its offset ignored": lambda offset: offset.startswith("-"),
    "with the minutes of its offset ignored": lambda offset: not offset.endswith("00"),
}


def could_deviate(one: Observation, deviation: str) -> bool:
    """True when an observation could have deviated in this way: a punch without Temperature cannot lose it."""
    if one.aspect in _TOLD_BY:
        told = one.values.get(_TOLD_BY[one.aspect]) not in _NOTHING
        return told == (deviation != Deviation.INVENTED)
    if one.aspect is Aspect.INSTANT and deviation == DAY_AND_MONTH:
        return "weekday" not in one.values or one.values.get("month-day") == "yes"
    if one.aspect is Aspect.INSTANT and deviation in _BY_OFFSET and "offset" in one.values:
        return _BY_OFFSET[deviation](one.values["offset"])
    return of_people(one, deviation)
