"""Read back when the target has settled, and wait again before anything is said to be missing: late is not lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from camsim.readback.model import take
from camsim_conformance.model.judge import Seen, observe
from camsim_conformance.model.observation import Aspect, Deviation
from camsim_conformance.readback import ReadBack, Snapshot

PROBE_S = 0.5
# How many settle times are waited in all while something is missing. Waiting longer never hides a fault: what should
# not be stored has more time to appear.
PATIENCE = 5
_TO_COME = frozenset({Deviation.MISSING, Deviation.STILL_THERE, Deviation.WRONG, Deviation.NULL})
_PEOPLE = frozenset({Aspect.TEMPLATE, Aspect.NAME, Aspect.PERSON})


@dataclass(frozen=True, slots=True)
class Reading:
    """What is stored in the end. `waited_s`: seconds until the last of it came; `late`: how many people had something
    that came after the settle time; `outstanding`: of whom something is missing still."""

    snapshot: Snapshot
    waited_s: float
    late: int
    outstanding: frozenset[str]


async def settled(
    adapter: ReadBack,
    before: Snapshot,
    people: Sequence[str],
    settle_s: float,
    seen: Callable[[Snapshot], Seen],
) -> Reading:
    """What stands after one settle time, and longer while something is outstanding that may still come. `seen` gives
    what the judge looks at, with a snapshot as what is stored. Raises: ReadBackError."""
    begin = time.monotonic()
    await asyncio.sleep(settle_s)
    # In a thread: adapters block, and the loop still has connections to keep alive.
    found = await asyncio.to_thread(take, adapter, before.capabilities, people)
    first = left = outstanding(seen(found.without(before)))
    waited = settle_s
    while left and time.monotonic() - begin < PATIENCE * settle_s:
        await asyncio.sleep(min(PROBE_S, settle_s))
        found = await asyncio.to_thread(take, adapter, before.capabilities, people)
        now = outstanding(seen(found.without(before)))
        if len(now) < len(left):
            waited = time.monotonic() - begin
        left = now
    return Reading(found, round(waited, 2), len(first - left), left)


def outstanding(seen: Seen) -> frozenset[str]:
    """The people of whom something is not there that time alone may bring: rows, templates, names, deletions."""
    users = set()
    for one in observe(seen, stored_alone=True).observations:
        expected = one.aspect is Aspect.ROW or one.aspect in _PEOPLE
        if one.wrong and expected and one.deviation in _TO_COME:
            users.add(one.user)
    return frozenset(users)
