"""What a device does with the operations that only live systems know: users told, records flow again."""

from __future__ import annotations

from collections.abc import Mapping

from camsim import chance
from camsim.callbacks import delivery, upload
from camsim.callbacks.format_v3 import documented_json, sender_of
from camsim.kernel.kernel import Kernel
from camsim.protocol import live
from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command
from camsim.protocol.statuses import StatusV3
from camsim.protocol.v3.messages import Message
from camsim.state.device import Device, User
from camsim.state.gateway import RegisteredDevice
from camsim.state.log_blocks import EVERYTHING
from camsim.state.outcome import Context, Handler, Outcome, Rows


def _load_user_info(device: Device, command: Command, context: Context) -> Outcome:
    """Users with their templates, one of them or all, in device order (A-REST-28)."""
    users = list(device.users.values())
    if command.user_id:
        users = [user for user in users if user.user_id == command.user_id]
        if not users:
            why = f"{command.user_id} is not on the device"
            return Outcome.refused(StatusV3.USER_NOT_FOUND, "Load.UserInfo.UserID", why)
    return Outcome(members={"Load": {"UserInfo": [_told(user) for user in users]}})


def _told(user: User) -> Message:
    return live.user_info((user.user_id, user.first_name, user.last_name, user.user_type), user.templates.values())


def _sync(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(reconnects=True)


def _reload_log(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(resend=(device.snapshot(), EVERYTHING))


HANDLERS: Mapping[Family, Handler] = {
    Family.LOAD_USER_INFO: _load_user_info,
    Family.SYNC: _sync,
    Family.RELOAD_LOG: _reload_log,
}


def follow_up(kernel: Kernel, registered: RegisteredDevice, outcome: Outcome) -> None:
    """What such an operation sets off beside its answer."""
    if outcome.reconnects:
        _reconnect(kernel, registered)
    told = outcome.members.get("Load", {}).get("UserInfo")
    if told and kernel.policy.rest.live.user_info == "both":
        _tell_users(kernel, registered, told)


def _reconnect(kernel: Kernel, registered: RegisteredDevice) -> None:
    """As if the connection were made anew: users first, then what the device still has, and no waiting (A-REST-29)."""
    registered.last_connected = kernel.now
    if kernel.policy.announce_users:
        upload.announce_users(kernel, registered)
    upload.flush(kernel, registered, kernel.policy.flush_order)
    registered.outbox.retry_now(kernel.now)
    delivery.send_next(kernel, registered)


def _tell_users(kernel: Kernel, registered: RegisteredDevice, told: list[Message]) -> None:
    if not registered.config.push_user_data:
        kernel.note(registered, "callback", live.USER_INFO, verdict="not pushed", why="Push User Data is off")
        return
    registered.operation_ids += 1
    number = chance.operation_id(kernel.state.seed, registered.config.stgid, registered.operation_ids)
    message = live.user_info_callback(told, sender_of(registered), number, kernel.now // 1000)
    delivery.enqueue(kernel, registered, live.USER_INFO, documented_json(kernel, registered, message), None)


def narrowed(kernel: Kernel, registered: RegisteredDevice, rows: Rows) -> Rows:
    """The rows of a LoadLog answer as the knobs want them: how they spell UserID, and which there are (R-12-NEW)."""
    policy = kernel.policy.rest.live
    rows.user_key = policy.user_key
    if policy.only_undelivered:
        rows.only = _undelivered(kernel, registered)
    return rows


def _undelivered(kernel: Kernel, registered: RegisteredDevice) -> frozenset[int]:
    """What the ledger knows nobody has acknowledged, and rows it does not know that were never uploaded."""
    ledger, stgid = kernel.state.ledger, registered.config.stgid
    unknown = (row.number for row in registered.device.not_uploaded() if ledger.find(stgid, row.number) is None)
    return frozenset(ledger.undelivered(stgid).union(unknown))
