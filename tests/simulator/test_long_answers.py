"""Long answers of the control API: the same JSON as ever, in pieces, with the event loop free between them."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from camsim.api import views
from camsim.control import on_device, records
from camsim.control.devices import DeviceSpec
from camsim.host import Host
from camsim.settings import Settings
from camsim.state.journal import Entry
from camsim.state.ledger_pages import Cause, Record

_ROWS = 20_000
_STALL_S = 0.5  # ten times what is wanted: other work runs on the machine


class Watchdog:
    """The longest time for which the loop did nothing else."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest_s, last = max(self.longest_s, now - last), now


@asynccontextmanager
async def _running(**given: Any) -> AsyncIterator[tuple[Host, aiohttp.ClientSession]]:
    host = await Host.start(Settings(devices=[DeviceSpec(id="D", users=20, **given)], clock="manual"))
    try:
        async with aiohttp.ClientSession(f"{host.management_url}/") as session:
            yield host, session
    finally:
        await host.stop()


async def _get(session: aiohttp.ClientSession, path: str, **query: str) -> bytes:
    async with session.get(f"api/{path}", params=query or None) as response:
        assert response.status == 200
        return await response.read()


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def _fill(host: Host, rows: int = _ROWS) -> None:
    """A ledger of many punches, some lost, some that left."""
    ledger = host.runtime.kernel.state.ledger
    ledger.max_punches = rows // 2
    for number in range(1, rows + 1):
        device = "D" if number % 2 else "E"
        ledger.recorded(device, Record(number, str(number % 50), 1_600_000_000 + number, 330, "CheckIn", 5))
        if number % 1000 in (7, 8):
            ledger.lost(device, number, Cause.RESET)
        else:
            ledger.attempted(device, number, 6, first=True)
            ledger.acknowledged(device, number, 7)


def test_a_long_ledger_comes_in_pieces() -> None:
    async def work() -> None:
        async with _running() as (host, session):
            _fill(host)
            watchdog = Watchdog()
            watching = asyncio.ensure_future(watchdog.watch())
            data = await _get(session, "ledger")
            table = await _get(session, "ledger.csv")
            watching.cancel()
            shown = msgspec.json.decode(data, type=records.LedgerView)
            ledger = host.runtime.kernel.state.ledger
            assert (shown.summary.punches, shown.summary.left.punches) == (_ROWS, ledger.left.punches)
            assert shown.summary.left.punches == _ROWS - len(shown.punches) > 0
            assert shown.summary.left.lost == len(shown.findings) > 0
            assert [row.number for row in shown.punches] == [record.number for _, record in ledger.rows()]
            assert len(list(csv.DictReader(io.StringIO(table.decode())))) == len(shown.punches)
            assert watchdog.longest_s < _STALL_S

    _run(work)


def test_a_ledger_is_filtered_as_ever() -> None:
    async def work() -> None:
        async with _running() as (host, session):
            _fill(host, 3000)
            found = msgspec.json.decode(await _get(session, "ledger?device=E&user=8"), type=records.LedgerView)
            assert {(row.device, row.user) for row in found.punches} == {("E", "8")}
            assert {(row.device, row.user) for row in found.findings} == {("E", "8")}
            nobody = msgspec.json.decode(await _get(session, "ledger?device=X"))
            assert (nobody["punches"], nobody["findings"]) == ([], [])
            assert list(nobody) == list(records.LedgerView.__struct_fields__)
            summary = msgspec.json.decode(await _get(session, "ledger?summary=1"), type=records.LedgerView)
            assert (summary.punches, summary.summary.punches) == ([], 3000)
            assert b"camsim_ledger_left" in await _get(session, "metrics")

    _run(work)


def test_a_full_log_comes_in_pieces() -> None:
    async def work() -> None:
        async with _running(logs=_ROWS) as (host, session):
            rows = list(host.runtime.kernel.state.devices["D"].device.rows())
            watchdog = Watchdog()
            watching = asyncio.ensure_future(watchdog.watch())
            data = await _get(session, "devices/D/logs")
            digest = msgspec.json.decode(await _get(session, "devices/D/digest"), type=on_device.Digest)
            watching.cancel()
            shown = msgspec.json.decode(data, type=on_device.Logs)
            assert (shown.count, [row.number for row in shown.logs]) == (_ROWS, [row.number for row in rows])
            first, last = shown.logs[700].log_time, shown.logs[1900].log_time
            portion = await _get(session, "devices/D/logs", start=first, end=last)
            some = msgspec.json.decode(portion, type=on_device.Logs)
            assert (some.count, some.logs) == (1201, shown.logs[700:1901])
            assert (digest.digest, digest.logs) == (views.device_digest(host.runtime.kernel.state.devices["D"]), _ROWS)
            assert watchdog.longest_s < _STALL_S

    _run(work)


def test_a_long_journal_comes_in_pieces() -> None:
    async def work() -> None:
        async with _running() as (host, session):
            journal = host.runtime.kernel.state.journal
            for number in range(journal.seq + 1, 9000):
                journal.seq = number
                user = str(number % 3)
                journal.add(Entry(number, number, "D", number, "callback", "X", user=user, plain=b'{"a":1}'))
            shown = msgspec.json.decode(await _get(session, "journal?limit=100000&user=2"), type=records.Journal)
            wanted = [entry.seq for entry in journal.select(user="2")]
            assert [entry.seq for entry in shown.entries] == wanted
            newest = msgspec.json.decode(await _get(session, "journal?limit=3"), type=records.Journal)
            assert [entry.seq for entry in newest.entries] == [8997, 8998, 8999]
            assert msgspec.json.decode(await _get(session, "journal?limit=0"), type=records.Journal).entries == []
            assert (await _get(session, "journal?canonical=1")).count(b"\n") == len(journal) + 1

    _run(work)


@pytest.mark.parametrize("path", ["ledger", "ledger.csv", "devices/D/logs", "journal?limit=100000"])
def test_whoever_goes_away_in_the_middle_of_an_answer_harms_nobody(path: str) -> None:
    async def work() -> None:
        async with _running(logs=_ROWS) as (host, session):
            _fill(host, 6000)
            async with session.get(f"api/{path}") as response:
                await response.content.readany()
                response.close()
            assert b"ok" in await _get(session, "health")

    _run(work)
