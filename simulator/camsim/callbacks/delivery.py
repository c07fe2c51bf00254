"""Callbacks: a fact becomes frozen bytes in the device's queue, attempts leave, answers settle them."""

from __future__ import annotations

from typing import Any

from camsim import chance
from camsim.kernel.events import Answered, Restarted, Send
from camsim.kernel.kernel import Kernel, fires, handles
from camsim.kernel.licence import licensed, subscribed
from camsim.protocol import cipher
from camsim.protocol.acknowledgement import why_no_ack
from camsim.protocol.facts import AttendancePhoto, DateModified, Fact, Punch, UserDeleted, UserUpdated
from camsim.protocol.v3.messages import callback_name
from camsim.protocol.vocabulary import ATTENDANCE_ONLY
from camsim.state.faults import DOES, Fault
from camsim.state.gateway import InFlight, Slot
from camsim.state.ledger import Cause
from camsim.state.outbox import Delivery, QueueState

from . import formats
from .payload_faults import rewrite

_TRANSPORT = frozenset(
    [
        "concurrent",
        "delay",
        "slow",
        "truncate",
        "reset_before",
        "reset_after",
        "stgid",
        "double_stgid",
        "charset",
        "plain_body",
    ]
)

_OF_DELIVERIES = frozenset({"duplicate", "duplicate_new"})  # strike once a delivery, not at every attempt
_OF_ATTEMPTS = frozenset(DOES["callback.request"]) - _OF_DELIVERIES


def receive(kernel: Kernel, slot: Slot, fact: Fact, number: int | None = None, anomaly: str = "") -> None:
    """The gateway has it now: freeze the callback's bytes and queue them (A-CB-07, A-CB-16)."""
    if number is not None and not anomaly:
        row = slot.device.row(number)
        if row is not None:
            row.uploaded = True
    refused = _why_not_pushed(kernel, slot, fact)
    if refused:
        if number is not None:
            kernel.state.ledger.lost(slot.config.stgid, number, Cause.NOT_PUSHED)
        kernel.note(slot, "callback", formats.of(slot).name(fact), user=_user(fact), verdict="not pushed", why=refused)
        return
    for name, plain in formats.of(slot).render(kernel, slot, fact):
        queue(kernel, slot, name, plain, fact, number, anomaly)


def queue(
    kernel: Kernel, slot: Slot, name: str, plain: bytes, fact: Fact | None, number: int | None = None, anomaly: str = ""
) -> None:
    """Put finished bytes behind the others and send if nothing is in the way."""
    slot.deliveries += 1
    log_time = fact.log_time if isinstance(fact, Punch) else None
    user = _user(fact) if fact is not None else ""
    key = slot.config.security_key if kernel.policy.requeue == "frozen" else None
    slot.outbox.push(
        Delivery(slot.deliveries, name, plain, kernel.now, number, user, log_time, anomaly, frozen_key=key)
    )
    kick(kernel, slot)


def _why_not_pushed(kernel: Kernel, slot: Slot, fact: Fact) -> str:
    config = slot.config
    managing = not isinstance(fact, (Punch, AttendancePhoto))
    if managing and not subscribed(config, "ManagementAPI", kernel.now):
        return "ManagementAPI does not run (V2-29)"
    if config.mode in ATTENDANCE_ONLY and not isinstance(fact, Punch):
        return f"connection mode {config.mode} pushes attendance only"
    if isinstance(fact, (UserUpdated, UserDeleted)) and not config.push_user_data:
        return "Push User Data is off"
    if isinstance(fact, AttendancePhoto) and not config.push_photo:
        return "Push Photo is off"
    if isinstance(fact, UserUpdated) and not config.push_photo and any(t.type == "UserPhoto" for t in fact.templates):
        return "Push Photo is off"
    name = callback_name(fact)
    if name in slot.device.model.without_events:
        return f"the SDK of model {slot.device.model.name} has no {name}"
    return ""


def _user(fact: Fact) -> str:
    return "" if isinstance(fact, DateModified) else fact.user_id


def kick(kernel: Kernel, slot: Slot) -> None:
    """Start the next attempt if one is due and nothing stands in its way."""
    outbox, config = slot.outbox, slot.config
    if outbox.state is QueueState.SENDING or not kernel.state.uplink or config.callback_url is None:
        return
    if not licensed(config, kernel.now) and not _drains(kernel, slot):
        return
    delivery = outbox.start(kernel.now)
    if delivery is None:
        return
    if slot.retry_timer is not None:  # fired, or overtaken by retry-now
        kernel.state.timers.cancel(slot.retry_timer)
        slot.retry_timer = None
    faults = kernel.striking("callback.request", config.stgid, delivery.name, delivery.user, _OF_ATTEMPTS)
    late = kernel.striking("callback.answer", config.stgid, delivery.name, delivery.user, ("delay",))
    plain = _altered(kernel, slot, delivery, faults) if faults else delivery.body
    wire, content_type = formats.of(slot).seal(_key(slot, delivery, faults), plain, kernel.policy)
    kernel.state.in_flight[config.stgid] = InFlight(delivery.id, delivery.attempts, plain, wire, [*faults, *late])
    if delivery.punch is not None:
        first, copies = delivery.attempts == 1, _copies(faults)
        kernel.state.ledger.attempted(config.stgid, delivery.punch, kernel.now, first=first, copies=copies)
    kernel.effects.append(
        Send(
            config.stgid,
            delivery.id,
            delivery.attempts,
            _url(kernel, slot, faults),
            wire,
            content_type,
            kernel.policy.timeout_s,
            _transport(faults, late) if faults or late else (),
        )
    )


def _transport(faults: tuple[Fault, ...], late: tuple[Fault, ...]) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What the courier must know: faults of the way there, and of the answer's way back."""
    there = ((fault.do, fault.options) for fault in faults if fault.do in _TRANSPORT)
    return (*there, *(("late", fault.options) for fault in late))


def _copies(faults: tuple[Fault, ...]) -> int:
    return max((int(fault.options.get("copies", 2)) for fault in faults if fault.do == "concurrent"), default=1)


def _drains(kernel: Kernel, slot: Slot) -> bool:
    """What becomes of the queue when the licence does not run: hold, drop, or drain what came before (A-CB-22)."""
    how, head, end = kernel.policy.licence_backlog, slot.outbox.head(), slot.config.licence_end
    if how == "drop":
        drop_queue(kernel, slot, Cause.LICENCE)
    return how == "drain" and head is not None and end is not None and head.queued_at < end * 1000


def drop_queue(kernel: Kernel, slot: Slot, cause: Cause) -> int:
    """Throw the callbacks away that wait; the ledger names the cause. Returns how many went."""
    dropped = slot.outbox.clear()
    for delivery in dropped:
        if delivery.punch is not None:
            kernel.state.ledger.lost(slot.config.stgid, delivery.punch, cause)
    return len(dropped)


@fires("licence")
def _licence_changes(kernel: Kernel, slot: Slot, reference: int) -> None:
    kick(kernel, slot)


def _url(kernel: Kernel, slot: Slot, faults: tuple[Fault, ...]) -> str:
    """The callback URL, with `?stgid=` appended as live gateways do: by plain concatenation (A-CB-10)."""
    url, how = slot.config.callback_url or "", kernel.policy.stgid
    for fault in faults:
        how = {"stgid": "always", "double_stgid": "double"}.get(fault.do, how)
    if how == "never":
        return url
    tag = f"?stgid={slot.config.stgid}"
    return url + (tag if how == "always" else tag + tag)


def _key(slot: Slot, delivery: Delivery, faults: tuple[Fault, ...]) -> str | None:
    key = delivery.frozen_key or slot.config.security_key
    for fault in faults:
        if fault.do == "wrong_key" and key is not None:
            return "0" * 31 + "1"
        if fault.do == "old_key":
            return slot.config.old_key or key
        if fault.do == "plain_body":
            return None
    return key


def _altered(kernel: Kernel, slot: Slot, delivery: Delivery, faults: tuple[Fault, ...]) -> bytes:
    plain, stgid = delivery.body, slot.config.stgid
    for fault in faults:
        if fault.do == "old_token" and not slot.config.old_token:
            continue  # the token was never changed
        old = fault.do == "old_token" and slot.config.old_token
        facts: dict[str, Any] = {
            "seed": kernel.state.seed,
            "device": stgid,
            "n": delivery.id,
            "token": old or chance.token(kernel.state.seed, stgid, "wrong-token"),
        }
        plain = rewrite(plain, fault.do, facts)
    return plain


@fires("deliver")
def _retry(kernel: Kernel, slot: Slot, reference: int) -> None:
    slot.retry_timer = None
    kick(kernel, slot)


@handles(Answered)
def _answered(kernel: Kernel, event: Answered) -> None:
    slot, flight = kernel.state.slots.get(event.device), kernel.state.in_flight.get(event.device)
    if slot is None or flight is None or (flight.delivery, flight.attempt) != (event.delivery, event.attempt):
        return  # the device was removed or reset meanwhile
    del kernel.state.in_flight[event.device]
    delivery = slot.outbox.head()
    if delivery is None:
        return  # the queue was reset meanwhile
    after = kernel.striking("callback.answer", event.device, delivery.name, delivery.user, ("drop",))
    problem, answer = _judge(kernel, slot, event)
    lint: tuple[str, ...] = ()
    if after and any(fault.do == "drop" for fault in after):
        problem = "the answer was lost on the way (fault drop)"
    if problem is not None and not slot.config.handle_response:
        problem, lint = None, (f"Handle Response is off, a wrong answer went unnoticed: {problem} (A-CB-21)",)
    again = _repetitions(kernel, slot, delivery) if problem is None else ()
    struck = (*flight.faults, *after, *again)
    _settle(kernel, slot, delivery, problem)
    kernel.note(
        slot,
        "callback",
        delivery.name,
        user=delivery.user,
        plain=flight.plain,
        wire=flight.wire if flight.wire != flight.plain else None,
        delivery=delivery.id,
        attempt=event.attempt,
        verdict="acknowledged" if problem is None else "not acknowledged",
        why=problem or "",
        http=event.status or None,
        answer=answer,
        lint=lint,
        faults=tuple(fault.label for fault in struck) if struck else (),
        real_s=event.real_s,
        took_ms=event.took_ms,
    )
    for fault in again:
        _repeat(kernel, slot, delivery, fault)
    kick(kernel, slot)


def _judge(kernel: Kernel, slot: Slot, event: Answered) -> tuple[str | None, bytes]:
    """Whether the answer acknowledges, and its plain bytes (A-CB-01, A-ENC-02)."""
    if event.error:
        return event.error, event.body
    body, key, wanted = event.body, slot.config.security_key, kernel.policy.enc_ack
    if key is not None and wanted != "plain" and body.lstrip()[:1] != b"{":
        try:
            body = cipher.decrypt(key, body)
        except cipher.CipherError:
            body = event.body
    elif key is not None and wanted == "encrypted":
        return "the answer is plain, an encrypted one is expected (enc.ack)", body
    return why_no_ack(event.status, body, kernel.policy.ack, event.content_type), body


def _settle(kernel: Kernel, slot: Slot, delivery: Delivery, problem: str | None) -> None:
    stgid = slot.config.stgid
    slot.outbox.settle(kernel.now, problem, kernel.policy.schedule)
    if problem is None and delivery.punch is not None:
        kernel.state.ledger.acknowledged(stgid, delivery.punch, kernel.now)
    if slot.outbox.next_at is not None:
        slot.retry_timer = kernel.state.timers.set(slot.outbox.next_at, "deliver", stgid)


def _repetitions(kernel: Kernel, slot: Slot, delivery: Delivery) -> tuple[Fault, ...]:
    """The faults that want an acknowledged delivery once more; a duplicate is never duplicated again."""
    if delivery.anomaly:
        return ()
    return kernel.striking("callback.request", slot.config.stgid, delivery.name, delivery.user, _OF_DELIVERIES)


def _repeat(kernel: Kernel, slot: Slot, delivery: Delivery, fault: Fault) -> None:
    """Queue the duplicate that a fault asks for."""
    body = delivery.body
    if fault.do == "duplicate_new" and slot.config.protocol == "v3":
        slot.operation_ids += 1
        facts = {"operation_id": _operation_id(kernel, slot), "now_s": kernel.now // 1000}
        body = rewrite(body, fault.do, facts)
    slot.deliveries += 1
    number, punch, user, log_time = slot.deliveries, delivery.punch, delivery.user, delivery.log_time
    again = Delivery(number, delivery.name, body, kernel.now, punch, user, log_time, fault.do)
    again.frozen_key = delivery.frozen_key
    slot.outbox.push(again)


def _operation_id(kernel: Kernel, slot: Slot) -> str:
    return chance.operation_id(kernel.state.seed, slot.config.stgid, slot.operation_ids)


@handles(Restarted)
def _restarted(kernel: Kernel, event: Restarted) -> None:
    """Attempts under way are due again; held calls are gone, their commands still run."""
    kernel.state.in_flight.clear()
    for slot in kernel.state.slots.values():
        slot.outbox.abandon(kernel.now)
        for command in slot.commands:
            command.request = None
        kick(kernel, slot)
