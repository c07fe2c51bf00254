"""Prove a read-back before and after it is used: an adapter that shows everything, or nothing, proves nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from dataclasses import replace

from camsim.readback.doubts import reread_alone
from camsim.readback.model import take
from camsim_conformance.model.judge import Seen
from camsim_conformance.readback import Capabilities, ReadBack, ReadBackError, Snapshot, canaries
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client

from . import adapter_doubts, probe, second_canaries, silence
from .reading import settled
from .record import RunRecord

QUICKER = 3
POLL_S = 0.1


async def prove(client: Client, record: RunRecord, adapter: ReadBack) -> Snapshot:
    """What is stored before the run, by an adapter that is proved: it shows nothing of the run's people first, and the
    canaries after they were sent, whatever way it is asked for them. Raises: ReadBackError."""
    profile, people = record.profile, record.plan.canary_people
    record.adapter = adapter.name
    record.capabilities = capabilities = await asyncio.to_thread(adapter.capabilities)
    before = await _before(record, adapter, capabilities)
    sent = await _send_canaries(client, record)
    begin = time.monotonic()
    if not await _are_seen(record, adapter, before, sent):
        if not await asyncio.to_thread(canaries.look_otherwise, adapter, before, people):
            if sent and await _first_is_seen(record, adapter):
                return before
            if not sent:
                # Refused and not stored: the adapter is not proved, and the target has failed by its answers.
                record.unproved = f"no plain punch was acknowledged, so {adapter.name} could not be proved"
                return before
            if not await _second_are_seen(client, record, adapter, before):
                await silence.explain(client, record, adapter)
                return before
        record.canary_s = time.monotonic() - begin
    new = (await asyncio.to_thread(take, adapter, capabilities, people, ["punches"])).without(before)
    canaries.check_years(adapter, new, profile.protocol)
    await asyncio.to_thread(adapter_doubts.refuse_multiplied_canaries, adapter, new, people)
    await asyncio.to_thread(canaries.check_questions, adapter, before, people, record.plan.absent)
    return before


async def _are_seen(record: RunRecord, adapter: ReadBack, before: Snapshot, sent: int) -> bool:
    """True when a canary shows within the settle time; all that were acknowledged are waited for. One of three is
    enough to go on: whether all are stored rightly is for the checks to say."""
    begin = time.monotonic()
    people = record.plan.canary_people
    while True:
        shown = await asyncio.to_thread(take, adapter, before.capabilities, people, ["punches"])
        seen = sum(map(bool, shown.without(before).punches.values()))
        if seen and record.canary_s is None:
            record.canary_s = time.monotonic() - begin
        if seen >= max(1, sent) or time.monotonic() - begin > record.profile.settle_s:
            return record.canary_s is not None
        await asyncio.sleep(POLL_S)


async def _second_are_seen(client: Client, record: RunRecord, adapter: ReadBack, before: Snapshot) -> bool:
    """Whether the adapter shows a second punch of the canaries' people: then it sees, and the target is judged for the
    first ones."""
    sent = await second_canaries.send(client, record)
    return sent > 0 and await _are_seen(record, adapter, before, sent)


async def _first_is_seen(record: RunRecord, adapter: ReadBack) -> bool:
    """Whether the very first punch shows: then the adapter is right, and it is the target that keeps no other."""
    if record.profile.people:
        return False
    first = record.plan.left_behind[0]
    shown = await asyncio.to_thread(take, adapter, adapter.capabilities(), [first], ["punches"])
    record.keeps_first_alone = bool(shown.punches.get(first))
    return record.keeps_first_alone


async def _send_canaries(client: Client, record: RunRecord) -> int:
    """How many of them were acknowledged."""
    acknowledged = 0
    for case in record.plan.canaries:
        for step in case.steps:
            exchange = await client.send(step)
            if step.judged and ack.acknowledged(exchange, record.profile, step):
                acknowledged += 1
    return acknowledged


async def _before(record: RunRecord, adapter: ReadBack, capabilities: Capabilities) -> Snapshot:
    absent = record.plan.absent
    people = [*record.plan.watched, *record.plan.derived, absent]
    before = await asyncio.to_thread(take, adapter, capabilities, people)
    # People of the run are new to everybody, but for whom the preflight told of; given ones (--users) may have a past.
    told = told_people(record)
    # An id that only resembles one of the run may be anybody's.
    told.update(record.plan.derived)
    strangers = [user for user in people if user not in told]
    unexpected = not record.profile.people and any(_has_rows(before, user) for user in strangers)
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


async def read_back(client: Client, record: RunRecord, adapter: ReadBack, before: Snapshot) -> None:
    """What the run stored is in the record, once the target has settled. Nobody is said to have lost rows before the
    adapter was asked for that person alone. Raises: ReadBackError when it is the adapter that cannot be believed."""
    plan, capabilities = record.plan, before.capabilities
    people = [*plan.watched, *plan.derived, plan.absent]
    reading = await settled(adapter, before, people, record.profile.settle_s, lambda rows: _with_main(record, rows))
    record.settled_s, record.late = reading.waited_s, reading.late
    short = _short(record, reading.outstanding, reading.snapshot)
    found = await _believed(adapter, reading.snapshot, short)
    new = found.without(before)
    if new.punches.get(plan.absent) or plan.absent in found.users:
        raise ReadBackError(f"{adapter.name} shows data of user {plan.absent}, for whom nothing was sent")
    if not record.keeps_first_alone and not any(new.punches.get(user) for user in plan.canary_people):
        await _explain_gone(client, record, adapter, capabilities)
    elif short and await probe.ignores_ids(record, adapter):
        await _refuse_limit(client, record, adapter)
    await asyncio.to_thread(
        adapter_doubts.refuse_own_mistakes, adapter, _with_main(record, new), found, record.plan.cases
    )
    record.snapshot = new


def _with_main(record: RunRecord, rows: Snapshot) -> Seen:
    return replace(record.seen(), main=rows)


def _with_after(record: RunRecord, rows: Snapshot) -> Seen:
    return replace(record.seen(), after=rows)


async def read_again(record: RunRecord, adapter: ReadBack, before: Snapshot) -> None:
    """What stands after late copies, forgeries and hostile bodies is in the record. Raises: ReadBackError."""
    plan = record.plan
    people = [*plan.watched, *plan.derived, plan.absent]
    # What is forged and stored all the same is there soon; --quick does not wait as long again for it.
    seconds = record.profile.settle_s / (QUICKER if record.profile.quick else 1)
    reading = await settled(adapter, before, people, seconds, lambda rows: _with_after(record, rows))
    # More rows are there by now, and with them the adapter's limit may be reached.
    short = [user for user in people if user in reading.outstanding]
    found = await _believed(adapter, reading.snapshot, short)
    record.after = found.without(before)
    record.late += reading.late


async def _believed(adapter: ReadBack, found: Snapshot, short: list[str]) -> Snapshot:
    """What was found, once whoever seems to lack rows was asked for alone; read anew when the store was only slow.
    Raises: ReadBackError when the adapter hides rows."""
    late = await asyncio.to_thread(reread_alone, adapter, found.capabilities, short, found)
    if late:
        return await asyncio.to_thread(take, adapter, found.capabilities, found.asked)
    return found


def _short(record: RunRecord, outstanding: Collection[str], found: Snapshot) -> list[str]:
    """The people of whom something is missing, canaries among them."""
    short = {user for user in record.plan.canary_people if not found.punches.get(user)}
    short.update(outstanding)
    return [user for user in found.asked if user in short]


async def _explain_gone(client: Client, record: RunRecord, adapter: ReadBack, capabilities: Capabilities) -> None:
    """The canaries were there and are gone. Returns when the target dropped them, for the checks to judge; raises
    ReadBackError when it may be the adapter."""
    people = record.plan.canary_people
    looks = [await asyncio.to_thread(take, adapter, capabilities, people, ["punches"]) for _ in range(2)]
    if any(looks[0].punches.values()) or any(looks[1].punches.values()):
        raise ReadBackError(
            f"{adapter.name} cannot be believed: it shows the canaries, then does not, then does: it is not stable"
        )
    # An adapter that shows what comes in now is right about what it does not show.
    if await probe.appears(client, record, adapter):
        return
    raise ReadBackError(
        f"read-back or target: {adapter.name} no longer shows the canary it showed before, twice in a row, and does "
        "not show other plain punches that were sent since. Either it looks at another place now (a replica, a cache), "
        "or the target has stopped storing: look at the table itself."
    )


async def _refuse_limit(client: Client, record: RunRecord, adapter: ReadBack) -> None:
    """Rows are missing, and the adapter tells its table whoever is asked for: up to a limit? Raises: ReadBackError."""
    if await probe.appears(client, record, adapter):
        return
    raise ReadBackError(
        f"{adapter.name} cannot be believed: it tells rows of everybody, whoever is asked for, and not one row more "
        f"after {probe.PROBES} more punches: it limits its rows. Filter by the user ids, and answer all of their rows."
    )


def told_people(record: RunRecord) -> set[str]:
    """Of whom something was told already."""
    found: set[str] = set()
    for case in record.plan.cases:
        if case.id in record.answers:
            found.update(step.told.user for step in case.steps if step.told is not None)
    return found


def _has_rows(snapshot: Snapshot, user: str) -> bool:
    return bool(snapshot.punches.get(user) or snapshot.templates.get(user) or user in snapshot.users)
