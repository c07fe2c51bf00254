"""Punches are told again (R-33): a few callbacks at once, the rest right behind them when their turn comes."""

from __future__ import annotations

import msgspec

from camsim.kernel.kernel import Kernel
from camsim.knobs.policy import compile_policy
from camsim.protocol.facts import Punch
from camsim.state.gateway import RegisteredDevice, State
from camsim.state.log_blocks import Range, Snapshot
from camsim.state.outbox import Delivery
from camsim.state.telling import Telling

AT_ONCE = 64  # callbacks rendered within one event
_AGAIN = "resend"


def push(kernel: Kernel, registered: RegisteredDevice, snapshot: Snapshot, wanted: Range, count: int) -> None:
    """Queue `count` punches with new OperationIDs; every byte is what it would be if all were rendered now."""
    box, before = registered.outbox, registered.operation_ids
    first = snapshot.some(0, AT_ONCE, wanted)
    frozen_key = registered.config.security_key if kernel.policy.requeue == "frozen" else None  # A-ENC-07
    for row in first:
        registered.deliveries += 1
        box.push(_delivery(kernel, registered, row.number, row.punch, registered.deliveries, frozen_key))
    if count <= len(first):
        return
    config, step = registered.config, (registered.operation_ids - before) // len(first)
    more = Telling(
        at=kernel.now,
        auth_token=config.auth_token,
        label=config.label,
        serial=config.serial,
        knobs=kernel.state.knobs,
        frozen_key=frozen_key,
        start=wanted.start,
        end=wanted.end,
        delivery=registered.deliveries,
        operations=registered.operation_ids,
        step=step,
    )
    more.gather(snapshot, len(first))
    registered.deliveries += more.count
    registered.operation_ids += more.count * step
    box.push_more(box.pending[-1], more)


def follow(kernel: Kernel, registered: RegisteredDevice, head: Delivery) -> None:
    """The first attempt of a delivery begins: render some of what comes behind it."""
    more, head.more = head.more, None
    if more is None:
        return
    policy = kernel.policy if more.knobs == kernel.state.knobs else compile_policy(more.knobs)
    then = Kernel(kernel.tables, State(seed=kernel.state.seed, now=more.at, knobs=more.knobs), policy)
    named = {"auth_token": more.auth_token, "label": more.label, "serial": more.serial}
    device = RegisteredDevice(msgspec.structs.replace(registered.config, **named), registered.device)
    device.operation_ids = more.operations
    rendered: list[Delivery] = []
    for number, punch in more.take(AT_ONCE):
        more.delivery += 1
        rendered.append(_delivery(then, device, number, punch, more.delivery, more.frozen_key))
    more.operations = device.operation_ids
    registered.outbox.render_more(rendered)
    if more.count:
        rendered[-1].more = more


def _delivery(
    kernel: Kernel, registered: RegisteredDevice, number: int, punch: Punch, delivery: int, frozen_key: str | None
) -> Delivery:
    ((name, plain),) = kernel.protocol(registered).callbacks.render(kernel, registered, punch)
    return Delivery(
        id=delivery,
        name=name,
        body=plain,
        queued_at=kernel.now,
        punch=number,
        user=punch.user_id,
        log_time=punch.log_time,
        anomaly=_AGAIN,
        frozen_key=frozen_key,
    )
