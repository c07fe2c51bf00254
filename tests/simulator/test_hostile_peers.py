"""What strangers do to a running simulator: peers that stop half way, clocks let go, URLs that cannot be."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from action_words import action_of
from aiohttp import web
from running_sim import DONE, TOKEN, Loop, Received, Sim, device, settings

from camsim.actions.values import is_url
from camsim.api import views
from camsim.host import Host, HostError
from camsim.service import gateway_port as server
from camsim.service import store
from camsim.service.store import Store, StoreError

Start = Callable[..., Sim]
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}


async def _begin(sim: Sim, head: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    port = int(sim.host.gateway_url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    await writer.drain()
    while not sim.host.runtime.inbound and not sim.host.runtime.deliveries:  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.005)
    return reader, writer


def test_a_body_that_never_ends_is_refused_and_time_moves_on(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE_S", 0.2)
    head = b"POST /?stgid=SIM1 HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
    reader, writer = sim.loop.run(_begin(sim, head))
    assert sim.api("POST", "clock/run-until-idle").status == 200
    assert b" 400 " in sim.loop.run(reader.readline())
    writer.close()


def test_a_client_that_does_not_read_its_answer_loses_it(start_sim: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = start_sim(device(users=20, logs=60_000))
    monkeypatch.setattr(server, "PATIENCE_S", 0.5)
    frame = {"Load": {"PunchLog": {"Filter": EVER}}, "OperationID": "o", "AuthToken": TOKEN}
    body = json.dumps(frame).encode()
    head = b"POST /?stgid=SIM1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    _, writer = sim.loop.run(_begin(sim, head + body))
    assert sim.api("POST", "clock/run-until-idle").status == 200
    assert sim.host.runtime.inbound == 0
    writer.transport.abort()


@pytest.mark.parametrize("call", [("clock/advance", {"seconds": 100}), ("clock/run-until-idle", {})])
def test_a_clock_that_is_let_go_ends_whoever_was_moving_it(sim: Sim, call: tuple[str, Any]) -> None:
    gate = asyncio.Event()

    async def late(item: Received) -> tuple[int, bytes]:
        await gate.wait()
        return DONE

    _answer_late(sim, late)
    sim.punch()
    moving = sim.loop.start(sim.fetch("POST", f"{sim.host.management_url}/api/{call[0]}", json.dumps(call[1]), {}))
    sim.loop.run(_until(lambda: bool(sim.receiver.received) and sim.host.runtime._moving.locked()))
    sim.clock("real")
    answer = moving.result(10)
    sim.loop.run(_open(gate))
    assert (answer.status, answer.message["error"]["code"]) == (409, "clock_runs")
    sim.clock("manual")
    assert sim.advance(1)["waiting"]["callbacks"] == 0


def _answer_late(sim: Sim, late: Callable[[Received], Any]) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        item = Received(request.path, request.query_string, dict(request.headers), await request.read())
        sim.receiver.received.append(item)
        status, body = await late(item)
        return web.Response(status=status, body=body, content_type="application/json")

    sim._site.server.request_handler = handler  # type: ignore[union-attr]


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.005)


async def _open(gate: asyncio.Event) -> None:
    gate.set()


def test_what_begins_while_a_reset_drops_the_rest_is_delivered(sim: Sim) -> None:
    gate = asyncio.Event()

    async def late(item: Received) -> tuple[int, bytes]:
        await gate.wait()
        return DONE

    _answer_late(sim, late)
    sim.punch()
    sim.loop.run(_until(lambda: bool(sim.receiver.received)))
    runtime = sim.host.runtime

    async def reset_and_punch() -> None:
        reset = asyncio.create_task(runtime.reset("devices"))
        await asyncio.sleep(0)  # it has begun to drop
        spec = {"id": "NEW", "users": 2, "callback_url": sim.receiver.url}
        await runtime.control(action_of("add_devices", "", {"devices": [spec]}))
        await runtime.control(action_of("punches", "NEW", {"punches": [{"user": "1"}]}))
        await reset
        gate.set()

    sim.loop.run(reset_and_punch())
    sim.idle()
    assert (runtime.outstanding, len(sim.slot("NEW").outbox), len(sim.receiver.received)) == (0, 0, 2)


def test_characters_beyond_ascii_are_percent_encoded_on_the_wire(sim: Sim) -> None:
    seen: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request.raw_path)
        return web.Response(body=DONE[1])

    sim._site.server.request_handler = handler  # type: ignore[union-attr]
    sim.api("PATCH", "devices/SIM1", {"callback_url": sim.receiver.url + "/ü%2F?q=日&r=%zz"})
    sim.punch()
    sim.idle()
    assert seen == ["/callback/%C3%BC%2F?q=%E6%97%A5&r=%zz"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://a:99999/", False),
        ("http://a:0/", False),
        ("http://[::1/", False),
        ("http://a..b/", False),
        (f"http://{'a' * 64}/", False),
        ("http://[::1]:8000/x?y=1#z", True),
        ("https://user:secret@my_service:8000", True),
        ("http://münchen.example/ü", True),
    ],
)
def test_a_url_nobody_could_call_is_refused(url: str, good: bool) -> None:
    assert is_url(url) is good


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seed": 10**20}, "seed = 100000000000000000000 is not allowed"),
        ({"tls_key": Path("key.pem")}, "--tls-key without --tls-cert"),
        ({"ca": Path("nowhere.pem")}, "cannot use --ca nowhere.pem"),
        ({"host": "no.such.host.invalid"}, "--host"),
    ],
)
def test_a_start_that_cannot_be_names_the_flag(loop: Loop, given: dict[str, Any], said: str) -> None:
    with pytest.raises(HostError, match=said) as caught:
        loop.run(Host.start(settings(device(callback_url=None), **given)))
    assert caught.value.code == 2


def test_a_ready_file_that_cannot_be_written_is_named(sim: Sim, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="--ready-file"):
        sim.host.write_ready(tmp_path / "nowhere" / "ready.json")


def test_a_file_of_another_program_with_a_table_of_our_name_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE meta (a, b)")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="something else"):
        Store(path).load()
    assert path.read_bytes() == before


def test_a_stop_is_quick_with_requests_held_and_a_feed_open(loop: Loop) -> None:
    sim = Sim(loop, settings(device(), clock="real", knobs={"rest.latency": "25s"}))
    held = [sim.rest_later({"Load": {"DeviceInformation": "All"}}) for _ in range(3)]
    began = time.monotonic()
    loop.run(sim.host.stop())
    assert time.monotonic() - began < 1.9
    assert [answer.result(5).status for answer in held] == [503] * 3
    sim.stop()


def test_a_large_state_is_not_written_again_at_the_stop(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CLOSE_S", 0.0)
    sim = Sim(loop, settings(device(callback_url=None), state=tmp_path / "s.db"))
    sim.punch()
    sim.clock("scaled:7")
    digest = sim.digest()
    sim.stop()
    found = Store(tmp_path / "s.db").load()
    assert found.clock is not None
    assert (found.replayed, found.clock.mode) == (1, "scaled:7")
    assert found.kernel is not None
    assert views.device_digest(found.kernel.state.devices["SIM1"]) == digest
