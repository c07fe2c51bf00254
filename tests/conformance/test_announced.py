"""With --announce everybody is told of before they punch: a right receiver that keeps only people it knows passes."""

from __future__ import annotations

import time

import pytest
from certifying import TOKEN

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import KnownDevice
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Punch, RefusedError, Reply, Update
from camsim.receiver.memory.store import Store
from camsim_conformance.plan.cases import ANNOUNCEMENT
from camsim_conformance.proof.direct import URL, DirectReceiver, DirectSession
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude


class IgnoresStrangers(Policy):
    """Acknowledges the punch of a person it was never told of, and drops it."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def keep_update(self, update: Update, store: Store) -> None:
        self.known.add(update.user)
        super().keep_update(update, store)

    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Punch) and fact.user not in self.known:
            return self.stranger()
        return await super().keep_one(fact, store)

    def stranger(self) -> bool:
        return True


class RefusesStrangers(IgnoresStrangers):
    """Refuses the punch of a person it was never told of."""

    def stranger(self) -> bool:
        raise RefusedError(Reply(422, b'{"error":"no such employee"}'))


def announced(protocol: Protocol) -> Profile:
    features = parse_features("core,photo", protocol, None)
    return Profile(URL, (Device(TOKEN),), protocol, features=features, settle_s=0.01, confirm=False, announce=True)


def certified(behaviour: type[Policy], protocol: Protocol) -> Result:
    receiver = DirectReceiver([KnownDevice(TOKEN, None, "Conformance door", "CERT00001")], None, behaviour())
    record = DirectSession(announced(protocol), receiver, int(time.time())).run()
    assert record.void is None
    return conclude(record, judge_all(record.observed()))


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("behaviour", [IgnoresStrangers, RefusesStrangers])
def test_who_keeps_known_people_alone_is_not_accused_of_a_loss(behaviour: type[Policy], protocol: Protocol) -> None:
    result = certified(behaviour, protocol)
    failed = {row.requirement.id for row in result.requirements if row.verdict is Verdict.FAIL}
    # A stranger on purpose is one all the same: whoever answers 422 to him fails what asks for that answer.
    allowed = {"CB-ACK-001", "CB-ACK-002", "V2-ACK-001", "V2-ACK-002"} if behaviour is RefusesStrangers else set()
    assert failed <= allowed, [cause.sentence for cause in result.causes]
    assert len(result.causes) <= len(allowed) // 4


@pytest.mark.parametrize("protocol", list(Protocol))
def test_the_spares_and_the_punches_between_cases_are_announced_too(protocol: Protocol) -> None:
    plan = Session(announced(protocol)).plan()
    between = [step.told.user for step in plan.introductions if step.told is not None]
    assert between[0] == plan.left_behind[0]
    assert {probe.told.user for probe in plan.probes if probe.told} < set(between)
    timed = [case for case in plan.cases if case.id in ("CB-ACK-003/punch", "V2-ACK-003/punch")]
    assert all(spare[0].what == ANNOUNCEMENT for case in timed for spare in case.spares)
