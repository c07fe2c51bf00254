"""The adapter shows none of the first punches, though they were acknowledged: what is told apart by asking and sending
a little more is a shortened id, a target that keeps only people it knows, and one that stores in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from camsim.readback.doubts import counted
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.run_facts import DAY
from camsim_conformance.readback import ReadBack, ReadBackError
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client

from . import probe
from .record import RunRecord

MORE = 12  # punches: who writes ten rows at a time writes the first ones then
SHORTEST, LONGEST = 6, 8  # letters of a shortened id: fewer may be anybody's


async def explain(client: Client, record: RunRecord, adapter: ReadBack) -> None:
    """Returns when more punches bring the first ones: the target is to be judged for that. Raises: ReadBackError that
    says, as far as can be told, whether it is the target or the read-back."""
    cut = await asyncio.to_thread(_shortened, record, adapter)
    if cut is not None:
        raise ReadBackError(
            f"read-back or target: {adapter.name} shows the punch of a person, as {record.plan.canary_people[0]}, "
            f"under {cut!r}, a part of the id. Make the column, or what the adapter tells, as long as ids are."
        )
    if await _told_of(client, record, adapter):
        if await _others_show(record, adapter):
            return
        raise ReadBackError(
            f"read-back or target: {adapter.name} shows punches of a person only once the target was told of that "
            "person (#3). Either the target drops punches of people it does not know, or the adapter joins the punches "
            f"with a table of people. {_KNOWN}"
        )
    if await _come_with_more(client, record, adapter):
        return
    raise ReadBackError(
        f"{adapter.name} shows none of {len(record.plan.canary_people)} plain punches within "
        f"{record.profile.settle_s:g} s, nor of {MORE} more. Read-back or target: either the adapter looks at another "
        "place or caches, or the target stored nothing. Look into the table itself; compare the AuthToken and the "
        f"adapter's own log; raise --settle for a target that stores later. {_unknown(record)}"
    )


_KNOWN = (
    "With --announce everybody is told of first; with --users FILE the run uses people whom the target knows already."
)


def _unknown(record: RunRecord) -> str:
    if record.profile.people:
        return "Does the target know the people of --users?"
    if record.profile.announce:
        return "--announce told of the people; does the target keep them? --users FILE names people it knows already."
    return f"Does the target drop punches of people it does not know? {_KNOWN}"


def _shortened(record: RunRecord, adapter: ReadBack) -> str | None:
    """The shorter id under which a recent row of a canary is shown; None for none."""
    now = time.time()
    cuts = list(dict.fromkeys(_cuts(record)))
    if not cuts:
        return None
    for row in adapter.punches(cuts):
        if row.user in cuts and abs(row.time - now) < DAY:
            return row.user
    return None


def _cuts(record: RunRecord) -> Iterator[str]:
    # People of --users may be a part of one another.
    if record.profile.people:
        return
    for person in record.plan.canary_people:
        for length in range(SHORTEST, min(LONGEST, len(person) - 1) + 1):
            yield person[:length]
            yield person[-length:]


async def _told_of(client: Client, record: RunRecord, adapter: ReadBack) -> bool:
    """Whether a punch shows once its person was told of. Nobody of --users is renamed unasked; whoever was announced
    was told of already."""
    if record.profile.people or record.profile.announce:
        return False
    person = record.plan.canary_people[0]
    make = Builder(record.profile, int(time.time()), int(record.plan.absent[:5]))
    told = await client.send(make.step(make.updated(person), what="announce", judged=False))
    return told.answered and await probe.appears(client, record, adapter)


async def _others_show(record: RunRecord, adapter: ReadBack) -> bool:
    """Whether others show as well by now, of whom nothing was told: then it was the number of punches that did it."""
    others = record.plan.canary_people[1:]
    shown = await asyncio.to_thread(counted, adapter, "punches", others)
    if not any(shown[person] for person in others):
        return False
    record.canary_s = record.profile.settle_s
    return True


async def _come_with_more(client: Client, record: RunRecord, adapter: ReadBack) -> bool:
    people = record.plan.canary_people
    for number in range(probe.PROBES, probe.PROBES + MORE):
        step = probe.step(record, people[number % len(people)], number)
        if not ack.acknowledged(await client.send(step), record.profile, step):
            return False
    begin = time.monotonic()
    while time.monotonic() - begin <= record.profile.settle_s:
        if await _others_show(record, adapter):
            return True
        await asyncio.sleep(probe.POLL_S)
    return False
