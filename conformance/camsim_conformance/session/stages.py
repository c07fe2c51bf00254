"""The stage of forgeries: few, one at a time, and a good punch after every third."""

from __future__ import annotations

from camsim_conformance.plan.cases import Stage
from camsim_conformance.plan.plan import Plan
from camsim_conformance.sending import ack
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client

BETWEEN = 3


async def forged(client: Client, sender: CaseSender, plan: Plan) -> str | None:
    """Send the forgeries. Gives why it stopped: a target that refuses good punches after them locks senders out.

    Raises: DeadTargetError.
    """
    probes = iter(plan.probes)
    for number, case in enumerate(plan.stage(Stage.FORGED), start=1):
        await sender.in_turn([case])
        if number % BETWEEN:
            continue
        probe = next(probes, None)
        if probe is None:
            continue
        answer = await client.send(probe)
        why = ack.why_not(answer, client.profile, probe)
        if why is not None:
            return f"the target locks senders out: after {number} forgeries a good punch was refused, {answer.text()}"
    return None
