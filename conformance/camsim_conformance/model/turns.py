"""In which order punches of all people were sent: what a queue or a table of fixed length drops shows there alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from camsim_conformance.plan.crowd_factors import AT_ONCE_S, over
from camsim_conformance.plan.punch_values import Key, key_of
from camsim_conformance.plan.told import Deed

from .history import Occurrence


def turns(sent: Sequence[Occurrence]) -> dict[Key, Mapping[str, str]]:
    """What went before and after each distinct punch in the run, by its key: how many others, a change of the device's
    date, and whether the next of its person came at once. Nothing where no clock tells."""
    firsts: dict[Key, float] = {}
    for at, one in _in_time(sent):
        key = key_of(one)
        if key is not None:
            firsts.setdefault(key, at)
    if len(set(firsts.values())) < 2:
        return {}
    changed = min((at for at, one in _in_time(sent) if one.told.deed is Deed.DATE), default=None)
    rushed = _rushed(firsts)
    found: dict[Key, Mapping[str, str]] = {}
    for turn, (key, at) in enumerate(firsts.items()):
        values = over("run-had", turn) | over("run-more", len(firsts) - turn - 1)
        if changed is not None and at > changed:
            values["date-before"] = "yes"
        if key in rushed:
            values["rush"] = "yes"
        found[key] = values
    return found


def _in_time(sent: Iterable[Occurrence]) -> list[tuple[float, Occurrence]]:
    some = [(min(exchange.at for exchange in one.exchanges), one) for one in sent if one.exchanges]
    return sorted(some, key=lambda pair: pair[0])


def _rushed(firsts: Mapping[Key, float]) -> set[Key]:
    """The punches that another of the same person followed at once."""
    found: set[Key] = set()
    last: dict[str, tuple[Key, float]] = {}
    for key, at in firsts.items():
        before = last.get(key[0])
        if before is not None and at - before[1] < AT_ONCE_S:
            found.add(before[0])
        last[key[0]] = (key, at)
    return found
