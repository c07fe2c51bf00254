"""Prove a read-back before and after it is used: an adapter that shows everything, or nothing, proves nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from camsim.readback.model import take
from camsim_conformance.readback import Capabilities, ReadBack, ReadBackError, Snapshot
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client
from camsim_conformance.target.profile import Profile

from .reading import settled
from .record import RunRecord

POLL_S = 0.1


async def prove(client: Client, record: RunRecord, adapter: ReadBack) -> Snapshot:
    """What is stored before the run, by an adapter that is proved: it shows nothing of the run's people first, and one
    of the canaries after they were sent. Raises: ReadBackError."""
    profile = record.profile
    record.adapter = adapter.name
    record.capabilities = capabilities = await asyncio.to_thread(adapter.capabilities)
    before = await _before(record, adapter, capabilities)
    acknowledged = await _send_canaries(client, record)
    people = record.plan.canary_people
    begin = time.monotonic()
    # One of three is enough: whether all are stored rightly is for the checks to say.
    while True:
        seen = await asyncio.to_thread(take, adapter, capabilities, people, ["punches"])
        if any(seen.without(before).punches.values()):
            break
        if time.monotonic() - begin > profile.settle_s:
            if acknowledged:
                raise ReadBackError(_not_seen(adapter, profile, len(people)))
            # Refused and not stored: the adapter is not proved, and the target has failed by its answers.
            record.unproved = f"no plain punch was acknowledged, so {adapter.name} could not be proved"
            return before
        await asyncio.sleep(POLL_S)
    record.canary_s = time.monotonic() - begin
    return before


async def _send_canaries(client: Client, record: RunRecord) -> bool:
    """True when one of them was acknowledged."""
    acknowledged = False
    for case in record.plan.canaries:
        for step in case.steps:
            exchange = await client.send(step)
            acknowledged = ack.acknowledged(exchange, record.profile, step) or acknowledged
    return acknowledged


async def _before(record: RunRecord, adapter: ReadBack, capabilities: Capabilities) -> Snapshot:
    absent = record.plan.absent
    people = [*record.plan.watched, absent]
    before = await asyncio.to_thread(take, adapter, capabilities, people)
    # People of the run are new to everybody; given ones (--users) may have a past.
    unexpected = not record.profile.people and not before.empty
    if unexpected or before.punches.get(absent):
        raise ReadBackError(
            f"{adapter.name} shows data of user {_somebody(people, before)}, for whom nothing was ever sent: an "
            "adapter that answers everything proves nothing. Filter by the user ids that are asked for."
        )
    return before


def _somebody(people: list[str], snapshot: Snapshot) -> str:
    for user in people:
        if snapshot.punches.get(user) or user in snapshot.users:
            return user
    return people[0]


async def read_back(record: RunRecord, adapter: ReadBack, before: Snapshot) -> None:
    """What the run stored is in the record, once the target has settled. Raises: ReadBackError."""
    plan = record.plan
    people = [*plan.watched, plan.absent]
    seconds = record.profile.settle_s
    reading = await settled(adapter, before, people, seconds, lambda stored: replace(record.seen(), main=stored))
    found, record.settled_s, record.late = reading.snapshot, reading.waited_s, reading.late
    new = found.without(before)
    # What was there and is gone was never kept, or the adapter looks at another place now.
    if not any(new.punches.get(user) for user in plan.canary_people):
        raise ReadBackError(f"{adapter.name} no longer shows the canary it showed before: the read-back is not stable")
    if new.punches.get(plan.absent) or plan.absent in found.users:
        raise ReadBackError(f"{adapter.name} shows data of user {plan.absent}, for whom nothing was sent")
    record.snapshot = new


async def read_again(record: RunRecord, adapter: ReadBack, before: Snapshot) -> None:
    """What stands after late copies, forgeries and hostile bodies is in the record. Raises: ReadBackError."""
    plan = record.plan
    people = [*plan.watched, plan.absent]
    seconds = record.profile.settle_s
    reading = await settled(adapter, before, people, seconds, lambda stored: replace(record.seen(), after=stored))
    record.after = reading.snapshot.without(before)
    record.late += reading.late


def _not_seen(adapter: ReadBack, profile: Profile, count: int) -> str:
    return (
        f"{adapter.name} shows none of {count} plain punches within {profile.settle_s:g} s: either it looks at "
        "another place, or the target stored nothing. Compare the AuthToken, the adapter's own log, or raise --settle."
    )
