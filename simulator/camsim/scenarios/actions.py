"""What each step of a scenario does to a simulator: HANDLERS maps a step's action to (context, body) -> findings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from camsim.actions.values import offset_of
from camsim.control import actions
from camsim.control.answers import Added
from camsim.control.devices import DeviceSpec
from camsim.control.records import Fault
from camsim.durations import duration_ms
from camsim.kernel.events import ControlError
from camsim.synthetic import people as population

from . import punches, rest
from .assertions import Finding, Verdict
from .context import DONE, Cannot, Context, MadeDevice, each
from .receiver import behaviour_of
from .steps import Behaviour, Config, Date, DeleteUser, Duration, Online, Queue, Users, Where

# --- devices and their links ------------------------------------------------------------------------------------------


async def _devices(context: Context, body: DeviceSpec | list[DeviceSpec]) -> list[Finding]:
    for spec in body if isinstance(body, list) else [body]:
        if spec.callback_url is None:
            spec = msgspec.structs.replace(spec, callback_url=context.callback_url)
        answer = await context.driver.act(actions.AddDevices(devices=[spec]))
        assert isinstance(answer, Added)  # noqa: S101  the answer of that action
        # A zone such as Asia/Kolkata has the offset of the moment at which the device was made.
        offset = offset_of(spec.timezone, int((await context.driver.clock()).now * 1000))
        for device in answer.devices:
            context.made[device.stgid] = MadeDevice(
                auth_token=device.auth_token,
                security_key=spec.security_key,
                protocol=spec.protocol,
                users=_users_of(spec),
                offset=offset,
            )
    return DONE


def _users_of(spec: DeviceSpec) -> list[str]:
    """UserIDs of the people that a new device begins with; synthetic ones are numbered from 1."""
    if isinstance(spec.users, list):
        return [person.id for person in spec.users]
    return [str(number) for number in range(1, spec.users + 1)]


async def _online(context: Context, body: Online | Where) -> list[Finding]:
    if not isinstance(body, Online):
        return await each(context, body, actions.Online())
    action = actions.Online(order=body.order, pace=body.pace, announce_users=body.announce_users)
    return await each(context, body.device, action)


async def _offline(context: Context, body: Where) -> list[Finding]:
    return await each(context, body, actions.Offline())


async def _power_cycle(context: Context, body: Where) -> list[Finding]:
    return await each(context, body, actions.PowerCycle())


async def _uplink(context: Context, body: str) -> list[Finding]:
    await context.driver.act(actions.Uplink(up=body == "up"))
    return DONE


async def _config(context: Context, body: Config) -> list[Finding]:
    if body.profile is not None or body.knobs:
        await context.driver.act(actions.SetKnobs(profile=body.profile, knobs=body.knobs))
    if not body.set:
        return DONE
    for stgid in await context.places(body.device):
        change = _change(stgid, body.set)
        await context.driver.act(change)
        # Later `rest` steps speak with the device, so they have to know its new secrets.
        made = context.made.setdefault(stgid, MadeDevice())
        if not isinstance(change.auth_token, msgspec.UnsetType):
            made.auth_token = change.auth_token
        if not isinstance(change.security_key, msgspec.UnsetType):
            made.security_key = change.security_key
    return DONE


def _change(stgid: str, members: Mapping[str, object]) -> actions.PatchDevice:
    """The change of a device's configuration that `set` describes. Raises: ControlError, as the control API does."""
    try:
        return msgspec.convert({**members, "device": stgid}, actions.PatchDevice)
    except msgspec.ValidationError as problem:
        hint = "action patch_device: see the documentation of its body"
        raise ControlError(422, "invalid_value", str(problem), hint) from None


async def _queue(context: Context, body: Queue) -> list[Finding]:
    return await each(context, body.device, actions.Queue(what=body.do))


async def _restart(context: Context, body: object) -> list[Finding]:
    if not context.driver.can_restart:
        raise Cannot("a running simulator cannot be restarted by a scenario")
    await context.driver.restart()
    return DONE


async def _reset(context: Context, body: str) -> list[Finding]:
    await context.driver.act(actions.Reset(scope=body))
    if body in ("all", "devices"):
        context.made.clear()
    return DONE


# --- people at the devices --------------------------------------------------------------------------------------------


async def _users(context: Context, body: Users) -> list[Finding]:
    edits = _edits(context.scenario.seed, body)
    for stgid in await context.places(body.device):
        known = context.known(stgid).users
        for edit in edits:
            await context.driver.act(msgspec.structs.replace(edit, device=stgid))
            if edit.user not in known:
                known.append(edit.user)
    return DONE


def _edits(seed: int, body: Users) -> list[actions.PutUser]:
    """One edit a person: the user named, or synthetic people, with their own names where none are given."""
    edits: list[actions.PutUser] = []
    for person in population.people(seed, body.count, body.first):
        user, first_name, last_name = body.user, body.first_name, body.last_name
        if user is None:
            user = person.user_id
            if first_name is None:
                first_name = person.first_name
            if last_name is None:
                last_name = person.last_name
        edits.append(
            actions.PutUser(
                user=user,
                first_name=first_name,
                last_name=last_name,
                user_type=body.user_type,
                templates=body.templates,
                split=body.split,
                order=body.order,
                announce=body.announce,
            )
        )
    return edits


async def _delete_user(context: Context, body: DeleteUser) -> list[Finding]:
    return await each(context, body.device, actions.DeleteUser(user=body.user))


async def _enrol_finger(context: Context, body: DeleteUser) -> list[Finding]:
    return await each(context, body.device, actions.EnrolFinger(user=body.user))


async def _date(context: Context, body: Date) -> list[Finding]:
    action = actions.Date(
        to=body.to,
        by=body.by,
        timezone=body.timezone,
        drift_ppm=body.drift_ppm,
        true=body.true,
        announce=body.announce,
    )
    return await each(context, body.device, action)


# --- faults, receiver, time -------------------------------------------------------------------------------------------


async def _fault(context: Context, body: dict[str, object]) -> list[Finding]:
    fault = await context.driver.act(actions.AddFault(fault=body))
    assert isinstance(fault, Fault)  # noqa: S101  the answer of that action
    context.faults.append(fault.id)
    return DONE


async def _clear_faults(context: Context, body: object) -> list[Finding]:
    await context.driver.act(actions.ClearFaults())
    context.faults.clear()
    return DONE


async def _receiver(context: Context, body: Behaviour | str) -> list[Finding]:
    if context.receiver is None:
        raise Cannot("the devices call a receiver of yours, which this step cannot change")
    await context.receiver.behave(behaviour_of(body))
    return DONE


_LONGEST_WAIT_S = 60.0  # of real time: a scenario that waits longer has mistaken `wait` for `advance`


async def _wait(context: Context, body: Duration) -> list[Finding]:
    await asyncio.sleep(min(_LONGEST_WAIT_S, duration_ms(body) / 1000))
    return DONE


async def _advance(context: Context, body: Duration) -> list[Finding]:
    await context.driver.advance(duration_ms(body) / 1000)
    return DONE


async def _run_until_idle(context: Context, body: object) -> list[Finding]:
    waiting = (await context.driver.run_until_idle()).waiting
    # Callbacks of a queue that is held or frozen wait for ever: idle is not empty.
    if waiting.callbacks:
        return [Finding(Verdict.PASS, "", f"still waiting: {waiting.callbacks} callbacks")]
    return DONE


HANDLERS: Mapping[str, Callable[[Context, Any], Awaitable[list[Finding]]]] = {
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
