"""The attributes of a stored punch: whether a row tells the type, input, temperature and mask that were sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import AttendanceType
from camsim.readback.model import Capabilities, Snapshot, StoredPunch

from .observation import Aspect, Deviation
from .words import TypeMatch, input_match, same_word, type_match

DEGREES = 0.06  # a tenth of a degree is what devices tell; half of it, and a little for floating point, may be rounded
NOTHING_PRESSED = "None"  # v2 has a ninth type: the person chose none


def _type(punch: Punch, row: StoredPunch, snapshot: Snapshot) -> str | None:
    if punch.type == NOTHING_PRESSED:
        return _untyped(row, snapshot.capabilities)
    if row.type is None:
        return Deviation.NULL
    found = type_match(row.type, punch.type, snapshot.capabilities)
    return Deviation.WRONG if found is TypeMatch.WRONG else None


def _untyped(row: StoredPunch, words: Capabilities) -> str | None:
    """A person who chose none (V2:79) has neither come nor gone: a type that stands there is an invented one."""
    if row.type is None or same_word(row.type, NOTHING_PRESSED):
        return None
    meant = words.type_words.get(row.type.lower(), frozenset({row.type}))
    known = {str(kind) for kind in AttendanceType}
    named = any(same_word(word, kind) for word in meant for kind in known)
    kept = any(same_word(word, NOTHING_PRESSED) for word in meant)
    return Deviation.WRONG if named and not kept else None


def _input(punch: Punch, row: StoredPunch, snapshot: Snapshot) -> str | None:
    if not punch.input:
        return None
    if row.input is None:
        return Deviation.NULL
    return None if input_match(row.input, punch.input, snapshot.capabilities) else Deviation.WRONG


def _temperature(punch: Punch, row: StoredPunch, _: Snapshot) -> str | None:
    if punch.temperature is None:
        return Deviation.INVENTED if row.temperature else None  # a column of numbers may say 0 for nothing
    if row.temperature is None:
        return Deviation.NULL
    return None if abs(row.temperature - punch.temperature) < DEGREES else Deviation.WRONG


def _mask(punch: Punch, row: StoredPunch, _: Snapshot) -> str | None:
    if punch.mask is not None and row.mask is None:
        return Deviation.NULL
    # Not told and "not worn" are the same to a column of one bit.
    return None if bool(row.mask) == bool(punch.mask) else Deviation.WRONG


ATTRIBUTES: Mapping[Aspect, Callable[[Punch, StoredPunch, Snapshot], str | None]] = {
    Aspect.TYPE: _type,
    Aspect.INPUT: _input,
    Aspect.TEMPERATURE: _temperature,
    Aspect.MASK: _mask,
}
