"""In which order the punches of all people were sent: what a queue or a table of fixed length drops shows there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camsim_conformance.plan.crowd_factors import over
from camsim_conformance.plan.punch_values import Key, key_of

from .dues import dues_of
from .history import Occurrence


def turns(histories: Iterable[tuple[Occurrence, ...]]) -> dict[Key, Mapping[str, str]]:
    """How many others went before and after each distinct punch, by its key; nothing where no clock tells."""
    sent: list[tuple[float, int, Key]] = []
    for history in histories:
        for due in dues_of(history):
            first = due.occurrences[0]
            key = key_of(first)
            if key is not None and first.exchanges:
                sent.append((min(exchange.at for exchange in first.exchanges), len(sent), key))
    if len({at for at, _, _ in sent}) < 2:
        return {}
    sent.sort()
    found: dict[Key, Mapping[str, str]] = {}
    for turn, (_, _, key) in enumerate(sent):
        found.setdefault(key, over("run-had", turn) | over("run-more", len(sent) - turn - 1))
    return found
