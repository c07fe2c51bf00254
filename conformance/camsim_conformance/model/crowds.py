"""How many punches were told after each: what a buffer or a list of a limited length pushes out shows there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camsim_conformance.plan.cases import Stage
from camsim_conformance.plan.told import Keep

from .history import Occurrence


def crowds(sent: Sequence[Occurrence]) -> Mapping[tuple[str, int], int]:
    """By case and number of a step that tells a punch, the punches that were told after it until the store was read:
    honest ones, each telling counted."""
    found: dict[tuple[str, int], int] = {}
    told = [one for one in sent if one.told.punch is not None and one.told.keep is not Keep.NEVER]
    told.sort(key=lambda one: min((exchange.at for exchange in one.exchanges), default=0.0))
    late = 0
    for after, one in enumerate(reversed(told)):
        if one.case.stage >= Stage.LATE:
            late += 1
        # What is read before the late ones come cannot be pushed out by them.
        found[one.id, one.number] = after if one.case.stage >= Stage.LATE else after - late
    return found
