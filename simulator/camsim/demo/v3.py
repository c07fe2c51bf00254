"""The v3 demonstration: a gateway, three devices, a working day, and the commands that a customer's server sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from camsim.host import Host
from camsim.protocol import cipher
from camsim.protocol.catalogue import COMMANDS
from camsim.protocol.timestamps import gmt, local
from camsim.protocol.v3 import envelope
from camsim.protocol.v3.messages import command
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.settings import Settings
from camsim.synthetic import people as population

from .day import FACTORY, FRONT, GATE, OFFSET, Day, Report, menus, templates, work
from .report import report_of
from .setup import DAY_S, demo_devices


async def demonstrate(seed: int, count: int, inbox: Report, step: Callable[[str], None]) -> Report:
    """The day, lived through; what came of it."""
    url = inbox.get("url") or inbox["callback_url"]
    specs = demo_devices(url)
    for spec in specs:
        spec.users = count
    host = await Host.start(Settings(seed=seed, clock="manual", devices=specs))
    try:
        people = population.people(seed, count)
        midnight = (host.runtime.now() // 1000 + OFFSET * 60) // DAY_S * DAY_S + DAY_S - OFFSET * 60
        day = Day(host, seed, people, midnight, step)
        await _live(day)
        return await report_of(day, inbox)
    finally:
        await host.stop()


async def _live(day: Day) -> None:
    day.step("before work: users by REST")
    await day.until(day.midnight + 7 * 3600)
    async with aiohttp.ClientSession() as client:
        await _add_users(day, client)
        day.step("the user menu")
        await menus(day)
        await work(day)
        day.step("in the evening: the other commands")
        await _evening(day, client)
    day.step("waiting for the queues")
    await day.host.runtime.run_until_idle()
    day.step("reading back")


async def _send(day: Day, client: aiohttp.ClientSession, stgid: str, name: str, **fields: Any) -> int:
    """One RESTful call over HTTP; the device takes its virtual seconds."""
    runtime, config = day.host.runtime, day.slot(stgid).config
    tally = day.commands[name]
    day.numbers += 1
    began = runtime.now()
    message = command(tally.operation, f"demo{day.numbers:06d}", config.auth_token, gmt(began // 1000), **fields)
    body = envelope.seal_v3(envelope.encode(message), config.security_key)
    url = f"{day.host.gateway_url}{Protocol.V3.path}?stgid={stgid}"
    await runtime.set_clock("auto")  # the device's seconds pass while nothing else happens
    async with client.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
        raw = await response.read()
    await runtime.set_clock("manual")
    if config.security_key:
        raw = cipher.decrypt(config.security_key, raw)
    answer = envelope.decode(raw)
    code = _code_of(answer)
    tally.answered(code)
    tally.latencies.append((runtime.now() - began) / 1000)
    return code


_NO_CODE = 999  # no code of the page: the table shows it as a failure


def _code_of(answer: Mapping[str, object]) -> int:
    code = answer.get("StatusCode")
    if code is not None:
        return int(str(code))
    # A done of LoadLog brings no StatusCode (A-REST-26).
    if answer.get("Status") == "done":
        return 0
    return _NO_CODE


async def _add_users(day: Day, client: aiohttp.ClientSession) -> None:
    """The fifteen ways to add a user, on the device that stores everything, and one on the encrypted device."""
    adds = [row for row in COMMANDS if row.name.startswith("AddUser")]
    for number, row in enumerate(adds):
        user_id = str(8001 + number)
        person = {"user_id": user_id, "first_name": "New", "last_name": f"Starter {number}"}
        await _send(day, client, FRONT, row.name, **person, templates=templates(day, user_id, row.kinds))
    card = templates(day, "8001", frozenset({TemplateType.CARD}))
    await _send(day, client, FACTORY, "AddUserWithCard", user_id="8001", templates=card)


async def _evening(day: Day, client: aiohttp.ClientSession) -> None:
    start, end = day.midnight, day.midnight + DAY_S
    whole = {"start": gmt(start, OFFSET), "end": gmt(end, OFFSET)}
    window = {"start": local(start, OFFSET), "end": local(end, OFFSET)}
    await _send(day, client, FRONT, "LoadLog", **whole)
    await _send(day, client, FACTORY, "LoadLog", **whole)
    await _send(day, client, FRONT, "LoadDeviceInformation")
    await _send(day, client, GATE, "ResendAttendance", start=gmt(start, OFFSET), end=gmt(start + 10 * 3600, OFFSET))
    await _send(day, client, FACTORY, "ResendAllUser")
    await _send(day, client, FRONT, "EnrollFingerPrint", user_id="3")
    await _send(day, client, FRONT, "UpdateAccessTime", user_id="8001", **window)
    await _send(day, client, FRONT, "DisableUser", user_id="8002")
    await _send(day, client, FRONT, "EnableUser", user_id="8002")
    await _send(day, client, FRONT, "DeleteUser", user_id="8003")
    await _send(day, client, FRONT, "DeleteAttendancePhoto")
    await day.host.runtime.run_until_idle()
    # Last, for what they delete the others load, resend and change.
    await _send(day, client, FACTORY, "DeleteLogAll")
    await _send(day, client, GATE, "DeleteAllUser")
