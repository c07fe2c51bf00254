"""What the kernel does: every event, timer, action and protocol version in four literal tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from camsim.actions import clock, connection, devices, gateway, mould, punch, resend, users
from camsim.callbacks import delivery, format_v2, format_v3, upload
from camsim.commands import api1, enrolment, queue, stopping
from camsim.commands.v2 import flow as flow_v2
from camsim.commands.v2 import receive as receive_v2
from camsim.commands.v3 import flow as flow_v3
from camsim.commands.v3 import receive as receive_v3
from camsim.control import actions
from camsim.control.answers import Answer
from camsim.kernel import events, zones
from camsim.kernel.kernel import CallbackFormat, CommandProtocol, Kernel, ProtocolVersion, Tables
from camsim.knobs.policy import DOCUMENTED, Policy, compile_policy
from camsim.protocol.v2.messages import callback_name as v2_name
from camsim.protocol.v3.messages import callback_name as v3_name
from camsim.protocol.vocabulary import Protocol
from camsim.state.gateway import RegisteredDevice, State

EVENTS: Mapping[type, Callable[[Kernel, Any], None]] = {
    events.Request: queue.receive,
    events.FormRequest: api1.receive,
    events.HttpRefused: queue.note_refused,
    events.Answered: delivery.answered,
    events.Tick: lambda kernel, event: kernel.tick(),
    events.Restarted: delivery.restarted,
}

TIMERS: Mapping[str, Callable[[Kernel, RegisteredDevice, int], None]] = {
    "execute": queue.device_is_through,
    "lazy": queue.device_is_through,
    "window": queue.window_ends,
    "person": enrolment.person_shows_up,
    "session": enrolment.session_ends,
    "deliver": delivery.retry,
    "licence": stopping.licence_changes,
    "flush": upload.flush_next,
    "poll": upload.poll,
    "zone": zones.zone_changes,
}

ACTIONS: Mapping[type, Callable[[Kernel, Any], Answer]] = {
    actions.AddDevices: devices.add_devices,
    actions.RemoveDevice: devices.remove_device,
    actions.PatchDevice: devices.patch_device,
    actions.Online: connection.online,
    actions.Offline: connection.offline,
    actions.PowerCycle: connection.power_cycle,
    actions.Uplink: connection.uplink,
    actions.Queue: connection.operate_queue,
    actions.Punches: punch.punches,
    actions.PutUser: users.put_user,
    actions.DeleteUser: users.delete_user,
    actions.EnrolFinger: users.enrol_finger,
    actions.Date: clock.change_date,
    actions.Resend: resend.resend,
    actions.SetKnobs: gateway.set_knobs,
    actions.AddFault: gateway.add_fault,
    actions.ClearFaults: gateway.clear_faults,
    actions.Reset: gateway.reset,
    actions.ClearJournal: gateway.clear_journal,
}

PROTOCOLS: Mapping[str, ProtocolVersion] = {
    Protocol.V3: ProtocolVersion(
        path=Protocol.V3.path,
        callbacks=CallbackFormat(
            render=format_v3.render,
            seal=format_v3.seal,
            name=v3_name,
            introduce=format_v3.introduce,
            keys=format_v3.KEYS,
        ),
        commands=CommandProtocol(
            receive=receive_v3.receive,
            begin=flow_v3.begin,
            take=flow_v3.take,
            through=flow_v3.through,
            expire=flow_v3.expire,
            answer_outcome=flow_v3.answer_outcome,
            unlicensed=flow_v3.unlicensed,
        ),
    ),
    Protocol.V2: ProtocolVersion(
        path=Protocol.V2.path,
        callbacks=CallbackFormat(
            render=format_v2.render,
            seal=format_v2.seal,
            name=v2_name,
            introduce=format_v2.introduce,
            keys=format_v2.KEYS,
        ),
        commands=CommandProtocol(
            receive=receive_v2.receive,
            begin=flow_v2.begin,
            take=flow_v2.take,
            through=flow_v2.through,
            expire=flow_v2.expire,
            answer_outcome=flow_v2.answer_outcome,
            unlicensed=flow_v2.unlicensed,
        ),
    ),
}

TABLES = Tables(EVENTS, TIMERS, ACTIONS, PROTOCOLS)


def new_kernel(state: State | None = None, policy: Policy = DOCUMENTED) -> Kernel:
    """A kernel with every room at work; an empty world where no state is given."""
    return _kernel(State() if state is None else state, policy)


def restore(state: State) -> Kernel:
    """Go on from a stored state as if nothing had happened (invariant 8)."""
    return _kernel(state, compile_policy(state.knobs))


def _kernel(state: State, policy: Policy) -> Kernel:
    state.devices.maker = mould.press
    return Kernel(TABLES, state, policy)
