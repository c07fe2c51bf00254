"""Punches told again in portions: every byte, number and length is what it is when all are rendered at once."""

from __future__ import annotations

import random
import time
from typing import Any

import msgspec
import pytest

from camsim.actions.values import FIRST_S
from camsim.callbacks import telling
from camsim.control.actions import (
    AddDevices,
    PatchDevice,
    Punches,
    PunchSpec,
    Queue,
    RemoveDevice,
    Resend,
    SetKnobs,
    Uplink,
)
from camsim.control.devices import DeviceSpec
from camsim.engine import new_kernel, restore
from camsim.kernel.events import Answered, Restarted, Send, Tick
from camsim.knobs.register import resolve
from camsim.protocol.vocabulary import Protocol
from camsim.state import blocks
from camsim.state.gateway import State, read_whole, whole
from camsim.state.log_blocks import Range
from camsim.state.outbox import Outbox
from camsim.state.telling import Telling

DONE = b'{"status":"done"}'


class World:
    """A kernel and its receiver; what was sent, and how long the queue was meanwhile."""

    def __init__(self, logs: int, stored: bool = False, **spec: Any) -> None:
        self.kernel, self.stored, self.now = new_kernel(), stored, 1_600_000_000_000
        self.kernel.use_knobs(resolve("documented").values)
        self.sent: list[Send] = []
        self.lengths: list[int] = []
        self.told: list[bytes] = []
        given = {"id": "D", "users": 20, "templates": ["Card"], "callback_url": "http://r/", "logs": logs, **spec}
        self.do(AddDevices(devices=[msgspec.convert(given, DeviceSpec)]))

    def do(self, event: Any) -> None:
        self.now += 1000
        if self.stored and self.now // 1000 % 16 == 0:
            self.kernel = restore(read_whole(whole(self.kernel.state)))
        for effect in self.kernel.handle(event, self.now):
            assert isinstance(effect, Send)
            self.sent.append(effect)
            self.told.append(msgspec.msgpack.encode([effect.delivery, effect.attempt, effect.body, effect.url]))
        if (slot := self.kernel.state.devices.peek("D")) is not None:
            self.lengths.append(len(slot.outbox))

    def answer(self, status: int = 200) -> bool:
        if not self.sent:
            return False
        send = self.sent.pop(0)
        self.do(Answered(send.device, send.delivery, send.attempt, status, DONE, "application/json"))
        return True

    def drain(self) -> None:
        while self.answer():
            pass


def _day(world: World, seed: int, steps: int = 300) -> World:
    rng = random.Random(seed)
    deeds = [
        lambda: Resend(device="D"),
        lambda: Punches(device="D", punches=[PunchSpec(user=str(rng.randint(1, 20)), photo=rng.random() < 0.2)]),
        lambda: PatchDevice(device="D", label=f"Label {rng.randint(1, 9)}", auth_token=f"t{rng.randint(1, 9)}"),
        lambda: SetKnobs(knobs={"json.style": rng.choice(["documented", "observed", "shuffled"])}),
        lambda: SetKnobs(knobs={"enc.requeue": rng.choice(["frozen", "resend_new_key"])}),
        lambda: Uplink(up=rng.random() < 0.7),
        lambda: Queue(device="D", what=rng.choice(["hold", "resume", "resume", "retry-now"])),
        lambda: Queue(device="D", what="reset") if rng.random() < 0.1 else Tick(),
    ]
    weights = [1, 6, 2, 1, 1, 2, 2, 1]
    for _ in range(steps):
        world.do(rng.choices(deeds, weights)[0]())
        for _ in range(rng.randint(0, 12)):
            world.answer(rng.choice([200, 200, 200, 500]))
        if world.sent and rng.random() < 0.05:
            world.sent.clear()
            world.do(Restarted())
    world.do(Queue(device="D", what="resume"))
    world.do(Uplink(up=True))
    while world.answer() or _woken(world):
        pass
    return world


def _woken(world: World) -> bool:
    due = world.kernel.next_jump()
    if due is None:
        return False
    world.now = max(world.now, due)
    world.do(Tick())
    return True


def _parts(state: State) -> list[bytes]:
    """What is stored of the device's log and queue and of the ledger."""
    slot, book = state.devices["D"], state.ledger.books.devices["D"]
    return [msgspec.msgpack.encode(part, enc_hook=blocks.whole) for part in (slot.outbox, slot.device.log, book)]


@pytest.mark.parametrize("protocol", [Protocol.V3, Protocol.V2])
@pytest.mark.parametrize("seed", [1, 2, 4])
def test_portions_change_nothing(monkeypatch: pytest.MonkeyPatch, seed: int, protocol: Protocol) -> None:
    key = "synthetic-key-of-32-characters-1" if seed == 2 else None
    told, lengths, states = [], [], []
    for portion, stored in ((100_000, False), (7, False), (7, True)):
        monkeypatch.setattr(telling, "AT_ONCE", portion)
        world = _day(World(60, stored, protocol=protocol, security_key=key), seed, 100)
        told.append(world.told)
        lengths.append(world.lengths)
        states.append(world.kernel.state)
    assert len(told[0]) > 100
    assert told[0] == told[1] == told[2]
    assert lengths[0] == lengths[1] == lengths[2]
    assert states[0].ledger.summary() == states[1].ledger.summary()
    box = states[1].devices["D"].outbox
    assert (len(box), box.unrendered, box.received) == (0, 0, states[0].devices["D"].outbox.received)
    for one, other in zip(_parts(states[1]), _parts(states[2]), strict=True):
        assert one == other


def test_a_range_is_told_in_order_and_live_punches_keep_their_place() -> None:
    world = World(2000)
    rows = list(world.kernel.state.devices["D"].device.rows())
    world.do(Resend(device="D", start=rows[100].punch.log_time, end=rows[1699].punch.log_time))
    assert world.lengths[-1] == 1600
    world.do(Punches(device="D", punches=[PunchSpec(user="1")]))
    assert world.lengths[-1] == 1601
    numbers = []
    while world.sent:
        head = world.kernel.state.devices["D"].outbox.head()
        assert head is not None
        numbers.append(head.punch)
        world.answer()
    assert numbers == [row.number for row in rows[100:1700]] + [2001]


def test_what_is_told_again_is_what_was_in_the_log_then() -> None:
    world = World(1500)
    slot = world.kernel.state.devices["D"]
    moments = [row.punch.log_time for row in slot.device.rows()]
    world.do(Resend(device="D"))
    slot.device.clear_logs()
    told = []
    while world.sent:
        head = slot.outbox.head()
        assert head is not None
        told.append(head.log_time)
        world.answer()
    assert told == moments


def test_a_reset_drops_what_is_not_rendered_too() -> None:
    world = World(0)
    world.do(Uplink(up=False))
    world.do(Punches(device="D", punches=[PunchSpec(user="1", count=1000, every="1s")]))
    world.do(Uplink(up=True))
    world.drain()
    world.do(Resend(device="D"))
    world.do(Resend(device="D", start=FIRST_S))
    assert world.lengths[-1] == 2000
    dropped, _ = world.kernel.act(Queue(device="D", what="reset"), world.now)
    assert dropped.dropped == 1999  # type: ignore[attr-defined]  one is under way
    assert world.kernel.state.ledger.summary()["acknowledged"] == 1000
    world.drain()
    assert len(world.kernel.state.devices["D"].outbox) == 0


def test_an_ended_licence_drops_what_is_not_rendered_by_name() -> None:
    world = World(0)
    world.do(SetKnobs(knobs={"licence.backlog": "drop"}))
    world.do(Punches(device="D", punches=[PunchSpec(user="1", count=300, every="1s")]))
    world.drain()
    world.do(Queue(device="D", what="hold"))
    world.do(Resend(device="D"))
    world.do(PatchDevice(device="D", licence_end=world.now // 1000 - 10))
    world.do(Queue(device="D", what="resume"))
    assert (world.lengths[-1], world.kernel.state.ledger.summary()["acknowledged"]) == (0, 300)


def test_a_device_goes_with_what_is_not_rendered() -> None:
    world = World(500)
    world.do(Resend(device="D"))
    world.do(RemoveDevice(device="D"))
    world.sent.clear()
    world.do(AddDevices(devices=[DeviceSpec(id="D", users=1, logs=10)]))
    assert world.lengths[-1] == 0


def test_a_full_log_is_told_again_at_once() -> None:
    world = World(100_000)
    began = time.thread_time()
    world.do(Resend(device="D"))
    assert time.thread_time() - began < 0.5  # a twentieth of that; some seconds when all were rendered
    slot = world.kernel.state.devices["D"]
    assert (len(slot.outbox), slot.outbox.received) == (100_000, 100_000)
    assert len(slot.outbox.pending) <= telling.AT_ONCE


def test_nothing_to_tell_is_nothing_queued() -> None:
    world = World(5)
    world.do(Resend(device="D", start=FIRST_S))
    assert world.sent != []
    world.do(Resend(device="D", end=FIRST_S))
    assert len(world.kernel.state.devices["D"].outbox) == 5
    assert (list(Telling(0, "", "", "", {}, None, 1, 2, 0, 0, 1).numbers()), len(Outbox())) == ([], 0)
    assert Range(1, 2).has_none(3, 4)
