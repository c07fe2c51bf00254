"""A few more plain punches, sent when it is not clear whether the target or its adapter loses rows: do they appear?"""

from __future__ import annotations

import asyncio
import time

from camsim import chance
from camsim.readback.doubts import counted
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Step
from camsim_conformance.plan.run_facts import DAY, MINUTE
from camsim_conformance.readback import ReadBack
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client

from .record import RunRecord

POLL_S = 0.1
PROBES = 3
FIRST_OPERATION = 900_000  # beyond the numbers of any plan: its OperationIDs are used


async def appears(client: Client, record: RunRecord, adapter: ReadBack) -> bool:
    """True when one of a few punches is acknowledged, and the question for its person alone shows more rows within the
    settle time. Raises: ReadBackError."""
    for number in range(PROBES):
        if await _appears(client, record, adapter, number):
            return True
    return False


async def _appears(client: Client, record: RunRecord, adapter: ReadBack, number: int) -> bool:
    person = record.plan.canary_people[number % len(record.plan.canary_people)]
    before = await asyncio.to_thread(counted, adapter, "punches", [person])
    sent = step(record, person, number)
    if not ack.acknowledged(await client.send(sent), record.profile, sent):
        return False
    begin = time.monotonic()
    while time.monotonic() - begin <= record.profile.settle_s:
        now = await asyncio.to_thread(counted, adapter, "punches", [person])
        # Strangers count too: a table that is told whole, and whole only up to a limit, does not grow.
        if now.total() > before.total():
            return True
        await asyncio.sleep(POLL_S)
    return False


async def ignores_ids(record: RunRecord, adapter: ReadBack) -> bool:
    """True when the question for somebody who never punched shows rows of others. Raises: ReadBackError."""
    return bool(await asyncio.to_thread(counted, adapter, "punches", [record.plan.absent]))


def step(record: RunRecord, person: str, number: int) -> Step:
    """A plain punch of a person; each `number` is another punch."""
    seed = record.profile.seed
    make = Builder(record.profile, int(time.time()), int(record.plan.absent[:5]))
    # Each of another person and another day: a target that keeps one punch a day has a place for it.
    punch = make.punch(person, at=make.now - MINUTE - number * DAY, input_="Fingerprint")
    # Of the absent one, which is new in each run: a target that remembers OperationIDs would take it for a copy.
    operation = chance.operation_id(seed, record.plan.absent, FIRST_OPERATION + number)
    return make.step(punch, what="probe", operation_id=operation)
