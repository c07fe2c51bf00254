"""Repetition: the same event told again, as the same bytes or under another OperationID."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from anomaly import ledger, on_request, serve, times, users
from running_sim import DONE, START_MS, Sim

from camsim.kernel.events import Restarted
from camsim.protocol.timestamps import gmt, parse

Start = Callable[..., Sim]


def test_a_duplicate_has_the_same_bytes(sim: Sim) -> None:
    on_request(sim, "duplicate", when={"next": 1})
    sim.punch("1")

    sim.idle()

    first, second = sim.receiver.received
    assert first.body == second.body
    assert ledger(sim)["redelivered"] == 1


def test_a_duplicate_can_have_a_new_operation_id_and_time(sim: Sim) -> None:
    on_request(sim, "duplicate_new", when={"next": 1})
    sim.receiver.fail(1)
    sim.punch("1")

    sim.idle()

    first, *_, last = (message["RealTime"] for message in sim.receiver.messages)
    assert first["OperationID"] != last["OperationID"]
    assert first["PunchLog"] == last["PunchLog"]


def test_the_time_of_a_new_duplicate_is_when_it_was_made(sim: Sim) -> None:
    on_request(sim, "duplicate_new")
    sim.receiver.fail(1)
    sim.punch("1")
    sim.idle()

    frames = [message["RealTime"]["Time"] for message in sim.receiver.messages]

    assert frames == [gmt(START_MS // 1000, 0)] * 2 + [gmt(START_MS // 1000 + 30, 0)]


def test_concurrent_copies_come_on_connections_of_their_own(sim: Sim) -> None:
    ports: set[int] = set()

    async def take(request: Any) -> Any:
        ports.add(request.transport.get_extra_info("peername")[1])
        await asyncio.sleep(0.05)  # the copies overlap
        return web.Response(body=DONE[1])

    url, stop = serve(sim, take)
    sim.control("patch_device", callback_url=url)
    on_request(sim, "concurrent", options={"copies": 4})
    sim.punch("1")
    sim.idle()
    stop()

    assert len(ports) == 4
    assert ledger(sim)["attempts"] == 4


def test_a_restart_repeats_the_delivery_whose_answer_was_not_seen(start_sim: Start) -> None:
    sim = start_sim(knobs={"callback.timeout": "500ms"})
    bodies: list[bytes] = []

    async def take(request: Any) -> Any:
        bodies.append(await request.read())
        if len(bodies) == 1:
            await asyncio.sleep(2)
        return web.Response(body=DONE[1])

    url, stop = serve(sim, take)
    sim.control("patch_device", callback_url=url)
    sim.punch("1")
    sim.loop.run(_until(lambda: len(bodies) == 1))
    sim.loop.run(_submitted(sim, Restarted()))
    sim.idle()
    stop()

    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_resend_attendance_tells_a_punch_again_under_another_operation_id(sim: Sim) -> None:
    sim.punch("1")
    sim.idle()

    sim.rest(
        {"Resend": {"PunchLog": {"Filter": {"StartTime": "2020-09-01 00:00:00", "EndTime": "2020-09-30 00:00:00"}}}}
    )
    sim.idle()

    first, second = (message["RealTime"] for message in sim.receiver.messages)
    assert first["PunchLog"] == second["PunchLog"]
    assert first["OperationID"] != second["OperationID"]


def test_users_are_told_again_after_a_reconnect(sim: Sim) -> None:
    sim.control("offline")

    sim.control("online", announce_users=True)
    sim.idle()

    assert [update["UserID"] for update in sim.receiver.frames("UserUpdated")] == ["1", "2", "3"]


def test_reannouncing_users_is_a_knob_too(start_sim: Start) -> None:
    sim = start_sim(knobs={"reconnect.announce_users": True})
    sim.control("power_cycle")
    sim.idle()

    assert len(sim.receiver.frames("UserUpdated")) == 3


def test_a_face_is_detected_again_seconds_later(sim: Sim) -> None:
    sim.punch("1", input="Face", redetect=3)
    sim.idle()

    seconds = [parse(text).epoch_s - START_MS // 1000 for text in times(sim)]
    assert seconds == [0, 1, 2, 3]


def test_redetection_by_chance_is_a_knob(start_sim: Start) -> None:
    sim = start_sim(knobs={"face.redetect": 1})
    sim.punch("1", input="Face")
    sim.punch("2", input="Card")
    sim.idle()

    assert 3 <= users(sim).count("1") <= 5
    assert users(sim).count("2") == 1


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.002)


async def _submitted(sim: Sim, event: Any) -> None:
    sim.host.runtime.submit(event)
