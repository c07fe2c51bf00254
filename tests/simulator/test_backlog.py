"""Long outages and bad receivers: backlogs drain in order, nobody waits for somebody else's receiver, users merge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from running_sim import Sim, device

from camsim.control.devices import DeviceSpec
from camsim.receiver import running

Start = Callable[..., Sim]


def test_after_a_day_without_a_receiver_every_backlog_drains_in_order(start_sim: Start) -> None:
    """The reduced form of benchmarks/backlog_bench.py: 150 devices instead of 1,000."""
    sim = start_sim(DeviceSpec(id="SIM{:05d}", count=150, users=1, callback_url="receiver"))
    sim.receiver.answer = (503, b"")
    for stgid in sim.host.runtime.kernel.state.devices:
        sim.control("punches", stgid, punches=[{"user": "1", "count": 5, "every": "1m"}])
    sim.advance(86_400)
    sim.receiver.answer = (200, b'{"status":"done"}')
    sim.clock("auto")
    began = time.monotonic()
    while any(len(slot.outbox) for slot in sim.host.runtime.kernel.state.devices.values()):
        assert time.monotonic() - began < 20
        sim.loop.run(asyncio.sleep(0.01))

    summary = sim.host.runtime.kernel.state.ledger.summary()
    assert (summary["acknowledged"], summary["reordered"], summary["redelivered"]) == (750, 0, 0)


def test_a_receiver_that_hangs_does_not_delay_the_others(start_sim: Start) -> None:
    """The reduced form of benchmarks/receivers_bench.py: more hanging devices than one origin has connections."""
    sim = start_sim(DeviceSpec(id="BAD{:03d}", count=120, users=1), device("GOOD"), clock="real", start_ms=None)
    release: list[asyncio.Event] = []
    url = sim.loop.run(_hanging(release))
    for stgid in [name for name in sim.host.runtime.kernel.state.devices if name != "GOOD"]:
        sim.control("patch_device", stgid, callback_url=url)
        sim.control("punches", stgid, punches=[{"user": "1"}])
    began = time.monotonic()
    sim.punch("1", "GOOD")
    while not sim.receiver.received:
        assert time.monotonic() - began < 5
        sim.loop.run(asyncio.sleep(0.002))
    sim.loop.run(_let_go(release))

    assert sim.slot("BAD001").outbox.pushed == 0


async def _hanging(release: list[Any]) -> str:
    end = asyncio.Event()

    async def take(request: web.BaseRequest) -> web.Response:
        await end.wait()
        return web.Response(status=503)

    runner = web.ServerRunner(web.Server(take, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    release.extend((end, runner))
    return f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def _let_go(release: list[Any]) -> None:
    release[0].set()
    await release[1].cleanup()


KINDS = ["Card", "Password", "Fingerprint", {"type": "Fingerprint", "index": 1}, "Face", "Palm", "UserPhoto"]


@pytest.mark.parametrize("seed", range(1, 7))
def test_users_merge_to_what_is_on_the_device_whatever_the_portions(start_sim: Start, seed: int) -> None:
    """Seeded splits, a shuffled flush, duplicates, lost acks: the receiver ends with the users of the device."""
    with running.start() as receiver:
        sim = start_sim(device(callback_url=receiver.url, users=0), seed=seed)
        for where, do in (("callback.request", "duplicate"), ("callback.answer", "drop")):
            sim.control("add_fault", "", where=where, do=do, when={"p": 0.3})
        sim.control("offline")
        for user in ("1", "2", "3"):
            sim.control("put_user", user=user, first_name=f"N{user}", templates=KINDS, split="seeded", order="shuffle")
        sim.control("online", order="shuffle")
        sim.idle()
        stored = {user: _templates(receiver.store.templates[user].values()) for user in ("1", "2", "3")}

    on_device = {user.user_id: _templates(user.templates.values()) for user in sim.slot().device.users.values()}
    assert stored == on_device


def _templates(items: Any) -> set[tuple[str, str, str]]:
    return {(str(item.type), item.index or "0", item.data) for item in items}
