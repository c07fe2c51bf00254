"""What each step of a scenario does to a simulator: ACTS maps an action to (stage, body) -> findings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import aiohttp
import msgspec

from . import chance, population, workday
from .fleet import DEFAULT_OFFSET, DeviceSpec, offset_of
from .profiles import duration_ms
from .protocol import cipher, envelope, envelope_v2
from .protocol.timestamps import gmt
from .scenario_judging import Finding, Verdict
from .scenario_ports import Port
from .scenario_receiver import ScenarioReceiver, behaviour_of
from .scenarios import Config, Date, DeleteUser, Online, Punches, Queue, Rest, Scenario, Users, Where

DONE = [Finding(Verdict.PASS, "", "")]


class Cannot(Exception):
    """This step does not apply here; the message says why."""


@dataclass(slots=True)
class Stage:
    """A run: the simulator, the built-in receiver (None when the devices call somebody else), and what was made."""

    scenario: Scenario
    port: Port
    session: aiohttp.ClientSession
    receiver: ScenarioReceiver | None
    callback_url: str
    journal_before: int = 0
    made: dict[str, dict[str, Any]] = field(default_factory=dict)  # stgid -> token, key, users, timezone
    faults: list[int] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    requests: int = 0
    draws: int = 0

    async def places(self, where: Where) -> list[str]:
        """The devices meant: by name, by pattern, or all of the scenario (of the simulator if it made none)."""
        known = list(self.made) or list(await self.port.devices())
        if where is None or where == "all":
            return known
        wanted = [where] if isinstance(where, str) else where
        chosen: list[str] = []
        for name in wanted:
            found = [stgid for stgid in known if fnmatchcase(stgid, name)]
            chosen.extend(found or [name])  # an unknown name goes to the simulator, whose error says which there are
        return chosen


async def _each(stage: Stage, where: Where, action: str, **args: Any) -> list[Finding]:
    for stgid in await stage.places(where):
        await stage.port.control(action, stgid, **args)
    return DONE


def _given(body: Any, *without: str) -> dict[str, Any]:
    """The members of a body that are not None, as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(body)
    return {key: value for key, value in plain.items() if value is not None and key not in without}


# --- devices and their links ------------------------------------------------------------------------------------------


async def _devices(stage: Stage, body: DeviceSpec | list[DeviceSpec]) -> list[Finding]:
    for spec in body if isinstance(body, list) else [body]:
        args = {"callback_url": stage.callback_url, **msgspec.to_builtins(spec)}
        answer = await stage.port.control("add_devices", devices=[args])
        for row in answer["devices"]:
            users = (
                [p.id for p in spec.users] if isinstance(spec.users, list) else [str(n + 1) for n in range(spec.users)]
            )
            stage.made[row["stgid"]] = {
                "auth_token": row["auth_token"],
                "security_key": spec.security_key,
                "protocol": str(spec.protocol),
                "users": users,
                "offset": offset_of(spec.timezone, int((await stage.port.clock())["now"] * 1000)),
            }
    return DONE


async def _online(stage: Stage, body: Online | Where) -> list[Finding]:
    if not isinstance(body, Online):
        return await _each(stage, body, "online")
    return await _each(stage, body.device, "online", **_given(body, "device"))


async def _offline(stage: Stage, body: Where) -> list[Finding]:
    return await _each(stage, body, "offline")


async def _power_cycle(stage: Stage, body: Where) -> list[Finding]:
    return await _each(stage, body, "power_cycle")


async def _uplink(stage: Stage, body: str) -> list[Finding]:
    await stage.port.control("uplink", up=body == "up")
    return DONE


async def _config(stage: Stage, body: Config) -> list[Finding]:
    if body.profile is not None or body.knobs:
        await stage.port.control("knobs", **_given(body, "device", "set"))
    for stgid in await stage.places(body.device) if body.set else []:
        await stage.port.control("patch_device", stgid, **body.set)
        stage.made.setdefault(stgid, {}).update(
            {k: v for k, v in body.set.items() if k in ("auth_token", "security_key")}
        )
    return DONE


async def _queue(stage: Stage, body: Queue) -> list[Finding]:
    return await _each(stage, body.device, "queue", what=body.do)


async def _restart(stage: Stage, body: Any) -> list[Finding]:
    if not stage.port.can_restart:
        raise Cannot("a running simulator cannot be restarted by a scenario")
    await stage.port.restart()
    return DONE


async def _reset(stage: Stage, body: str) -> list[Finding]:
    await stage.port.control("reset", scope=body)
    if body in ("all", "devices"):
        stage.made.clear()
    return DONE


# --- people at the devices --------------------------------------------------------------------------------------------


async def _punches(stage: Stage, body: Punches) -> list[Finding]:
    if body.shift is not None or body.spread is not None:
        return await _over_time(stage, body)
    spec = _given(body, "device", "user", "spread", "shift", "over")
    denied: list[str] = []
    for stgid in await stage.places(body.device):
        people = _people(stage, body, stgid)
        answer = await stage.port.control("punches", stgid, punches=[{**spec, "user": user} for user in people])
        denied += [item["why"] for item in answer["punches"] if not item["recorded"]]
    return [Finding(Verdict.PASS, "", f"{len(denied)} denied: {denied[0]}" if denied else "")]


def _people(stage: Stage, body: Punches, stgid: str) -> list[str]:
    if body.user is not None:
        return [body.user] if isinstance(body.user, str) else body.user
    known: list[str] = stage.made.get(stgid, {}).get("users", [])
    if not known:
        raise Cannot(f"nobody is known on {stgid}; say who punches with user")
    return known


async def _over_time(stage: Stage, body: Punches) -> list[Finding]:
    """Punches at moments still to come; the clock moves from one to the next."""
    now = (await stage.port.clock())["now"]
    plan = _PLANS["spread" if body.spread is not None else str(body.shift)](
        stage, body, await stage.places(body.device), int(now)
    )
    spec = _given(body, "device", "user", "spread", "shift", "over", "count", "every", "type")
    for moment, stgid, user, kind in sorted(plan):
        if moment > now:
            await stage.port.advance(moment - now)
            now = moment
        await stage.port.control("punches", stgid, punches=[{**spec, "user": user, "type": kind}])
    return DONE


_Planned = list[tuple[int, str, str, str]]  # UTC seconds, device, user, type


def _spread(stage: Stage, body: Punches, places: list[str], now: int) -> _Planned:
    length = duration_ms(body.spread) // 1000
    plan: _Planned = []
    for stgid in places:
        people = _people(stage, body, stgid)
        for number in range(body.count):
            stage.draws += 1
            moment = now + chance.between(1, max(1, length), stage.scenario.seed, stgid, "scenario-spread", stage.draws)
            plan.append((moment, stgid, people[number % len(people)], str(body.type)))
    return plan


def _shift_start(stage: Stage, body: Punches, places: list[str], now: int) -> _Planned:
    people = [(stgid, user) for stgid in places for user in _people(stage, body, stgid)]
    moments = workday.arrivals(stage.scenario.seed, len(people), now + 1, max(1, duration_ms(body.over) // 1000))
    shuffled = chance.shuffled(people, stage.scenario.seed, "", "scenario-shift", len(people))
    return [(at, stgid, user, str(body.type)) for at, (stgid, user) in zip(moments, shuffled, strict=True)]


def _shift_day(stage: Stage, body: Punches, places: list[str], now: int) -> _Planned:
    plan: _Planned = []
    for stgid in places:
        offset = stage.made.get(stgid, {}).get("offset", offset_of(DEFAULT_OFFSET, 0))
        midnight = -(-(now + offset * 60) // 86400) * 86400 - offset * 60
        people = [population.Person(user, "", "") for user in _people(stage, body, stgid)]
        day = workday.working_day(stage.scenario.seed, people, midnight, offset)
        plan += [(punch.log_time, stgid, punch.user_id, punch.type) for punch in day]
    return plan


_PLANS: Mapping[str, Callable[[Stage, Punches, list[str], int], _Planned]] = {
    "spread": _spread,
    "start": _shift_start,
    "day": _shift_day,
}


async def _users(stage: Stage, body: Users) -> list[Finding]:
    spec = _given(body, "device", "user", "count", "first")
    people = population.people(stage.scenario.seed, body.count, body.first)
    for stgid in await stage.places(body.device):
        for person in people:
            names = {"first_name": person.first_name, "last_name": person.last_name} if body.user is None else {}
            user = body.user if body.user is not None else person.user_id
            await stage.port.control("put_user", stgid, **{**names, **spec, "user": user})
            known = stage.made.get(stgid, {}).setdefault("users", [])
            known.extend([user] if user not in known else [])
    return DONE


async def _delete_user(stage: Stage, body: DeleteUser) -> list[Finding]:
    return await _each(stage, body.device, "delete_user", user=body.user)


async def _enrol_finger(stage: Stage, body: DeleteUser) -> list[Finding]:
    return await _each(stage, body.device, "enrol_finger", user=body.user)


async def _date(stage: Stage, body: Date) -> list[Finding]:
    return await _each(stage, body.device, "date", **_given(body, "device"))


# --- faults, receiver, time -------------------------------------------------------------------------------------------


async def _fault(stage: Stage, body: dict[str, Any]) -> list[Finding]:
    stage.faults.append((await stage.port.control("add_fault", **body))["id"])
    return DONE


async def _clear_faults(stage: Stage, body: Any) -> list[Finding]:
    await stage.port.control("clear_faults")
    stage.faults.clear()
    return DONE


async def _receiver(stage: Stage, body: Any) -> list[Finding]:
    if stage.receiver is None:
        raise Cannot("the devices call a receiver of yours, which this step cannot change")
    await stage.receiver.behave(behaviour_of(body))
    return DONE


async def _wait(stage: Stage, body: Any) -> list[Finding]:
    await asyncio.sleep(min(60.0, duration_ms(body) / 1000))
    return DONE


async def _advance(stage: Stage, body: Any) -> list[Finding]:
    await stage.port.advance(duration_ms(body) / 1000)
    return DONE


async def _run_until_idle(stage: Stage, body: Any) -> list[Finding]:
    waiting = (await stage.port.run_until_idle())["waiting"]
    return [
        Finding(Verdict.PASS, "", f"still waiting: {waiting['callbacks']} callbacks" if waiting["callbacks"] else "")
    ]


# --- a command as a client would send it ------------------------------------------------------------------------------


async def _rest(stage: Stage, body: Rest) -> list[Finding]:
    """Send it over HTTP; while it is held, the clock moves from timer to timer."""
    stgid = body.device or (await stage.places(None))[0]
    call = asyncio.ensure_future(_post(stage, stgid, body))
    await asyncio.sleep(0)
    while not call.done():
        if any(not command["answered"] for command in await stage.port.commands()):
            clock = await stage.port.clock()
            await stage.port.advance(max(0.0, (clock["next_timer"] or clock["now"] + 1) - clock["now"]))
        await asyncio.wait({call}, timeout=0.005)
    stage.answer = answer = call.result()
    wanted = {"code": body.expect, "http": body.http, "closed": body.closed or None}
    given = {key: value for key, value in wanted.items() if value is not None}
    good = all(answer[key] == value for key, value in given.items()) and (
        not body.not_json or answer["message"] is None
    )
    expected = " ".join(f"{key} {value}" for key, value in given.items()) + " not JSON" * body.not_json
    return [Finding(Verdict.PASS if good else Verdict.FAIL, expected or "any answer", str(answer)[:300])]


async def _post(stage: Stage, stgid: str, body: Rest) -> dict[str, Any]:
    known = stage.made.get(stgid, {})
    key, data = known.get("security_key"), await _request(stage, stgid, body)
    path, content_type, seal = _WIRES[known.get("protocol", "v3")]
    try:
        async with stage.session.post(
            f"{stage.port.gateway_url}{path.format(stgid)}",
            data=seal(data, key) if isinstance(body.body, dict) else data,
            headers={"Content-Type": content_type},
            timeout=aiohttp.ClientTimeout(total=60),
        ) as response:
            raw, status = await response.read(), response.status
    except (aiohttp.ClientError, OSError, TimeoutError) as problem:
        return {"closed": True, "http": None, "code": None, "message": None, "why": type(problem).__name__}
    message = _opened(raw, key)
    return {
        "closed": False,
        "http": status,
        "code": message.get("StatusCode", 0) if message else None,
        "message": message,
    }


# Path, Content-Type and envelope of a protocol.
_WIRES: Mapping[str, tuple[str, str, Callable[[bytes, str | None], bytes]]] = {
    "v3": ("/external/api3.0/biometric?stgid={}", "application/json", envelope.seal_v3),
    "v2": ("/external/api2.0/biometric", envelope_v2.CONTENT_TYPE, envelope_v2.seal_v2),
}


async def _request(stage: Stage, stgid: str, body: Rest) -> bytes:
    if isinstance(body.body, str):
        return body.body.encode()
    stage.requests += 1
    now = int((await stage.port.clock())["now"])
    known = stage.made.get(stgid, {})
    if known.get("protocol") == "v2":
        info = {"AuthToken": known["auth_token"], **_V2_EMPTY, "OperationTime": str(now + known["offset"] * 60)}
        info["OperationReferenceId"] = f"scenario-{stage.requests}"
        return msgspec.json.encode({"ServiceTagId": stgid, "ApiRequestInfo": {**info, **body.body}})
    frame = {
        "OperationID": f"scenario-{stage.requests}",
        "AuthToken": known.get("auth_token", ""),
        "Time": gmt(now, 0),
    }
    return msgspec.json.encode({**frame, **body.body})


_V2_EMPTY = {"UserId": "", "OperationData": ""}


def _opened(raw: bytes, key: str | None) -> dict[str, Any] | None:
    try:
        if key is not None and raw.lstrip()[:1] != b"{":
            raw = cipher.decrypt(key, raw)
        message = msgspec.json.decode(raw)
    except (cipher.CipherError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return message if isinstance(message, dict) else None


ACTS: Mapping[str, Callable[[Stage, Any], Awaitable[list[Finding]]]] = {
    "devices": _devices,
    "online": _online,
    "offline": _offline,
    "power_cycle": _power_cycle,
    "uplink": _uplink,
    "punches": _punches,
    "users": _users,
    "delete_user": _delete_user,
    "date": _date,
    "enrol_finger": _enrol_finger,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "receiver": _receiver,
    "wait": _wait,
    "advance": _advance,
    "run_until_idle": _run_until_idle,
    "rest": _rest,
    "config": _config,
    "queue": _queue,
    "restart": _restart,
    "reset": _reset,
}
