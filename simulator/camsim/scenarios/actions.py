"""What each step of a scenario does to a simulator: ACTS maps an action to (stage, body) -> findings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from camsim.actions.values import offset_of
from camsim.control.devices import DeviceSpec
from camsim.durations import duration_ms
from camsim.synthetic import people as population

from . import punches, rest
from .assertions import Finding, Verdict
from .context import DONE, Cannot, Stage, each, given
from .receiver import behaviour_of
from .steps import Config, Date, DeleteUser, Online, Queue, Users, Where

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
        return await each(stage, body, "online")
    return await each(stage, body.device, "online", **given(body, "device"))


async def _offline(stage: Stage, body: Where) -> list[Finding]:
    return await each(stage, body, "offline")


async def _power_cycle(stage: Stage, body: Where) -> list[Finding]:
    return await each(stage, body, "power_cycle")


async def _uplink(stage: Stage, body: str) -> list[Finding]:
    await stage.port.control("uplink", up=body == "up")
    return DONE


async def _config(stage: Stage, body: Config) -> list[Finding]:
    if body.profile is not None or body.knobs:
        await stage.port.control("knobs", **given(body, "device", "set"))
    for stgid in await stage.places(body.device) if body.set else []:
        await stage.port.control("patch_device", stgid, **body.set)
        stage.made.setdefault(stgid, {}).update(
            {k: v for k, v in body.set.items() if k in ("auth_token", "security_key")}
        )
    return DONE


async def _queue(stage: Stage, body: Queue) -> list[Finding]:
    return await each(stage, body.device, "queue", what=body.do)


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


async def _users(stage: Stage, body: Users) -> list[Finding]:
    spec = given(body, "device", "user", "count", "first")
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
    return await each(stage, body.device, "delete_user", user=body.user)


async def _enrol_finger(stage: Stage, body: DeleteUser) -> list[Finding]:
    return await each(stage, body.device, "enrol_finger", user=body.user)


async def _date(stage: Stage, body: Date) -> list[Finding]:
    return await each(stage, body.device, "date", **given(body, "device"))


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


ACTS: Mapping[str, Callable[[Stage, Any], Awaitable[list[Finding]]]] = {
    "devices": _devices,
    "online": _online,
    "offline": _offline,
    "power_cycle": _power_cycle,
    "uplink": _uplink,
    "punches": punches.punches,
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
    "rest": rest.rest,
    "config": _config,
    "queue": _queue,
    "restart": _restart,
    "reset": _reset,
}
