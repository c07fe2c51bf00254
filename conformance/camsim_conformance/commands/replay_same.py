"""`camsim replay --same`: the kept bytes once more, to people who are there already."""

from __future__ import annotations

import asyncio
from pathlib import Path

from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Case, Step, Transport
from camsim_conformance.report.case_files import CaseFile, StepDocument
from camsim_conformance.report.kept import body_of
from camsim_conformance.report.masking import fill
from camsim_conformance.report.wording import answer_text
from camsim_conformance.sending import ack
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.address import UnreachableError, refuse_unless_allowed, resolve
from camsim_conformance.target.profile import Profile, UsageError
from camsim_conformance.verdict.result import Exit

from .errors import console

_SEALS = {Protocol.V3: envelope.seal_v3, Protocol.V2: envelope_v2.seal_v2}
_LOSES_ITS_ANSWER = (Transport.LOST_ACK, Transport.LOST_EARLY)


def send_same(folder: Path, kept: CaseFile, profile: Profile) -> Exit:
    """Send the kept bytes and print the answers; FAILED when one that counts is no acknowledgement.

    Raises: UsageError, SafetyError, UnreachableError.
    """
    again = _case(folder, kept, profile)
    exchanges = asyncio.run(_send(again, profile))
    console.say("the kept bytes, to the same people:")
    good = True
    for exchange in exchanges:
        step = again.steps[exchange.step]
        console.say(f"{step.what}: {answer_text(exchange, profile, step)}")
        why = ack.why_not(exchange, profile, step)
        if why is not None and step.judged and step.transport not in _LOSES_ITS_ANSWER:
            good = False
            console.say(f"  no acknowledgement: {why}")
    return Exit.PASSED if good else Exit.FAILED


def _case(folder: Path, kept: CaseFile, profile: Profile) -> Case:
    requirement, _, name = kept["id"].partition("/")
    steps = tuple(_step(body_of(folder, kept["id"], row), row, profile) for row in kept["steps"])
    return Case(name, steps, requirement=requirement, at_once=kept.get("at_once", 1))


def _step(raw: bytes, row: StepDocument, profile: Profile) -> Step:
    plain = fill(raw, profile.devices)
    # Devices beyond those given borrow the last one's key.
    key = profile.devices[min(row["device"], len(profile.devices) - 1)].key
    if row["encrypt"] and key is None:
        raise UsageError("--security-key is missing: this case was sent encrypted")
    return Step(
        what=row["what"],
        plain=plain,
        wire=_SEALS[profile.protocol](plain, key) if row["encrypt"] else plain,
        device=row["device"],
        content_type=row["content_type"],
        transport=_transport(row["transport"]),
        query=row["query"],
        copies=row["copies"],
        retries=row["retries"],
        judged=row["judged"],
        sealed=row["encrypt"],
    )


def _transport(text: str) -> Transport:
    try:
        return Transport(text)
    except ValueError:
        raise UsageError(f"case.json: the transport {text!r} is unknown") from None


def _ignore(case: str) -> None:
    """One case is no progress to show."""


async def _send(case: Case, profile: Profile) -> list[Exchange]:
    target = resolve(profile.url, profile.ca)
    refuse_unless_allowed(target, profile)
    async with Client(target, profile) as client:
        exchanges = await CaseSender(client, case.steps[0], _ignore).one(case)
    if all(exchange.lost for exchange in exchanges):
        raise UnreachableError(f"{target.origin}: {exchanges[0].text()}")
    return exchanges
