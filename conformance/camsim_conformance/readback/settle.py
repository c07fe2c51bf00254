"""Read back once the target has settled: after the settle time, and for as long as a slow queue is still storing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from camsim.readback.model import take

from . import Capabilities, ReadBack, Snapshot

PROBE_S = 0.5
LONGEST_S = 60.0


async def settled(
    adapter: ReadBack, capabilities: Capabilities, people: Sequence[str], settle_s: float, expected: int
) -> tuple[Snapshot, float]:
    """What is stored in the end, and the seconds waited for it: one settle time, more only while fewer than `expected`
    punches are there and each look finds more of them. Waiting longer never hides a fault: what should not be stored
    has more time to appear. Raises: ReadBackError."""
    begin = time.monotonic()
    await asyncio.sleep(settle_s)
    # In a thread: adapters block, and the loop still has connections to keep alive.
    found = await asyncio.to_thread(take, adapter, capabilities, people)
    waited = settle_s
    while _rows(found) < expected and time.monotonic() - begin < LONGEST_S:
        await asyncio.sleep(min(PROBE_S, settle_s))
        again = await asyncio.to_thread(take, adapter, capabilities, people)
        if _rows(again) <= _rows(found):
            break
        found, waited = again, time.monotonic() - begin
    return found, round(waited, 2)


def _rows(snapshot: Snapshot) -> int:
    return sum(map(len, snapshot.punches.values()))
