"""All rows, ids and calendar edges over real sockets: both reference receivers acknowledge and keep every one."""

from __future__ import annotations

import asyncio
import time

import pytest
from certifying import profile

from camsim.protocol.v2.messages import attendance_type
from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import take
from camsim.receiver import KnownDevice, start
from camsim_conformance.plan import calendar, rows, rows_ids
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Stage
from camsim_conformance.readback.opening import open_readback
from camsim_conformance.sending import ack
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client
from camsim_conformance.target.address import resolve
from camsim_conformance.target.profile import Device, Profile

KEY = "k" * 32
FEATURES = frozenset({"core", "photo", "multi-device"})


def devices(key: str | None) -> tuple[Device, ...]:
    return tuple(Device(letter * 32, serial=f"Z{letter}", stgid=f"S{letter}", key=key) for letter in "TU")


def planned(chosen: Profile) -> list[Case]:
    make = Builder(chosen, int(time.time()), 12345)
    made = [*rows.single_rows(make), *rows.array_rows(make, requirement="X")]
    return [*made, *rows_ids.identity_rows(make), *calendar.edges(make)]


async def sent(chosen: Profile, cases: list[Case]) -> CaseSender:
    async with Client(resolve(chosen.url), chosen) as client:
        sender = CaseSender(client, cases[0].steps[0], lambda case: None)
        await sender.in_turn(case for case in cases if case.stage is Stage.QUIET)
        await sender.many(case for case in cases if case.stage is Stage.MAIN)
        await sender.in_turn(case for case in cases if case.stage > Stage.MAIN)
    return sender


@pytest.mark.parametrize(
    ("kind", "protocol", "key", "people"),
    [
        ("sqlite", Protocol.V3, KEY, tuple(f"{number}" for number in range(500, 540))),
        ("memory", Protocol.V2, KEY, ()),
    ],
)
def test_a_right_receiver_keeps_every_row(
    kind: str, protocol: Protocol, key: str | None, people: tuple[str, ...]
) -> None:
    known = [KnownDevice(device.token, key, stgid=device.stgid) for device in devices(key)]
    features = FEATURES | ({"aes"} if key else set())
    with start(kind, devices=known) as receiver:
        chosen = profile(
            receiver.url,
            receiver.readback_url,
            protocol=protocol,
            devices=devices(key),
            features=features,
            people=people,
        )
        cases = planned(chosen)
        answers = asyncio.run(sent(chosen, cases)).answers
        adapter = open_readback(chosen)
        assert adapter is not None
        told = {user for case in cases for user in case.expect.people}
        stored = take(adapter, adapter.capabilities(), sorted(told), ["punches"])
    expected: dict[str, set[tuple[int, str]]] = {}
    for case in cases:
        for exchange in answers[case.id]:
            step = case.steps[exchange.step]
            assert not step.judged or ack.acknowledged(exchange, chosen, step), (case.id, exchange)
        for punch in case.expect.punches:
            word = attendance_type(punch.type) if protocol is Protocol.V2 else str(punch.type)
            expected.setdefault(punch.user_id, set()).add((punch.log_time, word))
    for user, punches in expected.items():
        assert sorted((row.time, str(row.type)) for row in stored.punches[user]) == sorted(punches), user
