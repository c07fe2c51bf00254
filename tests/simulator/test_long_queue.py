"""A queue that grows long: its middle is sealed, and nobody can tell but by memory."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from running_sim import Sim, device
from test_store import crash, encode, encoded

from camsim.service.state_reader import load
from camsim.state.blocks import whole
from camsim.state.outbox import BLOCK, Delivery, Outbox, Schedule

Start = Callable[..., Sim]


def filled(count: int) -> Outbox:
    box = Outbox()
    for number in range(1, count + 1):
        box.push(Delivery(number, "RealTimePunchLog", b"%d" % number * 50, 0, punch=number))
    return box


@pytest.mark.parametrize("count", [0, 1, 2, BLOCK, 2 * BLOCK, 2 * BLOCK + 1, 3 * BLOCK + 1, 9 * BLOCK + 7])
def test_a_queue_of_any_length_is_in_order(count: int) -> None:
    box = filled(count)
    assert len(box) == count
    assert [item.id for item in box.waiting()] == list(range(1, count + 1))
    taken = []
    while (head := box.head()) is not None:
        taken.append(head.id)
        assert box.start(0) is head
        box.settle(0, None, Schedule())
    assert taken == list(range(1, count + 1))
    assert len(box) == 0


def test_a_long_queue_is_small() -> None:
    assert len(msgspec.msgpack.encode(filled(50_000), enc_hook=whole)) < 50_000 * 40


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_it_is_as_a_plain_list_would_be(seed: int) -> None:
    dice, box, plain, number = random.Random(seed), Outbox(), deque[int](), 0
    for _ in range(3_000):
        what = dice.random()
        if what < 0.6:
            number += 1
            box.push(Delivery(number, "x", b"", 0))
            plain.append(number)
        elif what < 0.9 and plain:
            assert box.start(0) is not None
            assert box.settle(0, None, Schedule()).id == plain.popleft()
        elif what < 0.95 and plain and not box.aside:
            assert box.take_head().id == plain.popleft()
        elif what < 0.951:
            assert [item.id for item in box.clear()] == list(plain)
            plain.clear()
        assert len(box) == len(plain)
        assert (box.head() is None) == (not plain)
    assert [item.id for item in box.waiting()] == list(plain)


def test_a_backlog_survives_and_arrives_in_order(start_sim: Start, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    sim = start_sim(device(users=3), state=path, snapshot_every=5)
    sim.control("uplink", "", up=False)
    for user in ("1", "2", "3") * 8:
        sim.control("punches", punches=[{"user": user, "count": 100}])
    before = encoded(sim)
    crash(sim)
    found = load(path)
    assert found.kernel is not None
    assert encode(found.kernel.state) == before

    again = start_sim(state=path)
    again.control("uplink", "", up=True)
    again.idle()

    numbers = [record.first_sequence for _, record in again.host.runtime.kernel.state.ledger.rows()]
    assert numbers == list(range(1, 2401))
    assert again.host.runtime.kernel.state.ledger.summary()["acknowledged"] == 2400
    assert again.host.runtime.kernel.state.ledger.summary()["reordered"] == 0


def test_resetting_a_long_queue_loses_each_punch_by_name(start_sim: Start) -> None:
    sim = start_sim(device(users=3))
    sim.control("uplink", "", up=False)
    sim.control("punches", punches=[{"user": "1", "count": 1500}])
    sim.control("queue", what="reset")

    summary = sim.host.runtime.kernel.state.ledger.summary()
    assert (summary["lost"], summary["waiting"]) == (1500, 0)
