"""No canary shows: a second punch of each of their people tells a target that loses the first one from an adapter that
sees nothing."""

from __future__ import annotations

from camsim import chance
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Step
from camsim_conformance.plan.run_facts import DAY, MINUTE
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client

from .probe import FIRST_OPERATION
from .record import RunRecord

LATER = 5 * MINUTE  # than the canary, which a target may take for the first of its day
OPERATION = FIRST_OPERATION + 100  # beyond the numbers of the probes


async def send(client: Client, record: RunRecord) -> int:
    """How many were acknowledged. They are judged by nobody: only whether one shows."""
    acknowledged = 0
    for number in range(len(record.plan.canaries)):
        step = _step(record, number)
        acknowledged += ack.acknowledged(await client.send(step), record.profile, step)
    return acknowledged


def _step(record: RunRecord, number: int) -> Step:
    person = record.plan.canary_people[number]
    make = Builder(record.profile, int(record.started_s), int(record.plan.absent[:5]))
    # Some on the canary's day and some on another: who loses the first of a day shows the others.
    at = make.ago(15 * MINUTE) + LATER - number % 2 * DAY
    operation = chance.operation_id(record.profile.seed, record.plan.absent, OPERATION + number)
    return make.step(make.punch(person, at, "CheckOut", "Fingerprint"), what="canary", operation_id=operation)
