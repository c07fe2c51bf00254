"""Callbacks: a fact becomes frozen bytes in the device's queue, attempts leave, answers settle them."""

from __future__ import annotations

from camsim import chance
from camsim.kernel.events import Answered, Restarted, Send
from camsim.kernel.kernel import Kernel
from camsim.kernel.licence import subscribed
from camsim.protocol.acknowledgement import oddities, opened, why_no_ack
from camsim.protocol.facts import AttendancePhoto, DateModified, Fact, Punch, UserDeleted, UserUpdated
from camsim.protocol.v3.messages import callback_name
from camsim.protocol.vocabulary import ATTENDANCE_ONLY, TemplateType
from camsim.state.faults import DOES, Fault
from camsim.state.gateway import InFlight, RegisteredDevice
from camsim.state.ledger_pages import Cause
from camsim.state.outbox import Delivery, QueueState

from . import services, telling
from .attempt import altered_body, copies_at_once, key_of, transport_faults, url_of
from .payload_faults import Rewriting, rewrite

_OF_DELIVERIES = frozenset({"duplicate", "duplicate_new"})  # strike once a delivery, not at every attempt
_OF_ATTEMPTS = frozenset(DOES["callback.request"]) - _OF_DELIVERIES


def receive(
    kernel: Kernel, registered: RegisteredDevice, fact: Fact, number: int | None = None, anomaly: str = ""
) -> None:
    """The gateway has it now: freeze the callback's bytes and queue them (A-CB-07, A-CB-16)."""
    if number is not None and not anomaly:
        row = registered.device.row(number)
        if row is not None:
            row.uploaded = True
    refused = why_not_pushed(kernel, registered, fact)
    if refused:
        _keep_back(kernel, registered, fact, number, refused)
        return
    for name, plain in kernel.protocol(registered).callbacks.render(kernel, registered, fact):
        enqueue(kernel, registered, name, plain, fact, number, anomaly)


def _keep_back(kernel: Kernel, registered: RegisteredDevice, fact: Fact, number: int | None, why: str) -> None:
    """Nobody is told; the ledger names the cause, for a punch that was recorded is never lost without one."""
    if number is not None:
        kernel.state.ledger.lost(registered.config.stgid, number, Cause.NOT_PUSHED)
    name = kernel.protocol(registered).callbacks.name(fact)
    kernel.note(registered, "callback", name, user=_user(fact), verdict="not pushed", why=why)


def enqueue(
    kernel: Kernel,
    registered: RegisteredDevice,
    name: str,
    plain: bytes,
    fact: Fact | None,
    number: int | None = None,
    anomaly: str = "",
) -> None:
    """Put finished bytes behind the others and send if nothing is in the way. `fact` None: a v2 lazy response."""
    registered.deliveries += 1
    delivery = Delivery(
        id=registered.deliveries,
        name=name,
        body=plain,
        queued_at=kernel.now,
        punch=number,
        user=_user(fact),
        anomaly=anomaly,
    )
    if isinstance(fact, Punch):
        delivery.log_time = fact.log_time
    if kernel.policy.requeue == "frozen":  # A-ENC-07: live servers went on with the key of the moment of queueing
        delivery.frozen_key = registered.config.security_key
    registered.outbox.push(delivery)
    send_next(kernel, registered)


def why_not_pushed(kernel: Kernel, registered: RegisteredDevice, fact: Fact) -> str:
    """Which service, mode, switch or lack of the model keeps a fact from being told; the empty text where none does."""
    config, model = registered.config, registered.device.model
    is_management = not isinstance(fact, (Punch, AttendancePhoto))
    if is_management and not subscribed(config, "ManagementAPI", kernel.now):
        return "ManagementAPI does not run (V2-29)"
    if config.mode in ATTENDANCE_ONLY and not isinstance(fact, Punch):  # no photo either (M-ATTENDANCE, V3:124)
        return f"connection mode {config.mode} pushes attendance only"
    if isinstance(fact, (UserUpdated, UserDeleted)) and not config.push_user_data:
        return "Push User Data is off"
    if not config.push_photo and _has_photo(fact):
        return "Push Photo is off"
    name = callback_name(fact)
    if name in model.without_events:
        return f"the SDK of model {model.name} has no {name}"
    return ""


def _has_photo(fact: Fact) -> bool:
    """The switch is about photos of users too: live portals have one for both (C-09)."""
    if isinstance(fact, UserUpdated):
        return any(template.type is TemplateType.USER_PHOTO for template in fact.templates)
    return isinstance(fact, AttendancePhoto)


def _user(fact: Fact | None) -> str:
    """Whom a fact is about; nobody, where the date was changed or there is no fact."""
    return "" if fact is None or isinstance(fact, DateModified) else fact.user_id


def send_next(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Start the next attempt if one is due and nothing stands in its way."""
    outbox, config = registered.outbox, registered.config
    if outbox.state is QueueState.SENDING or not kernel.state.uplink or config.callback_url is None:
        return
    if not services.bring_forward(kernel, registered):
        return
    delivery = outbox.start(kernel.now)
    if delivery is None:
        return
    if delivery.more is not None:
        telling.follow(kernel, registered, delivery)
    if registered.retry_timer is not None:  # fired, or overtaken by retry-now
        kernel.state.timers.cancel(registered.retry_timer)
        registered.retry_timer = None
    _send(kernel, registered, delivery)


def _send(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery) -> None:
    """Hand an attempt to the courier, with what faults make of it."""
    stgid, name, user = registered.config.stgid, delivery.name, delivery.user
    faults = kernel.matching_faults("callback.request", stgid, name, user, _OF_ATTEMPTS)
    late = kernel.matching_faults("callback.answer", stgid, name, user, ("delay",))
    plain = delivery.body
    if faults:
        plain = altered_body(kernel, registered, delivery, faults)
    key = key_of(registered, delivery, faults)
    wire, content_type = kernel.protocol(registered).callbacks.seal(key, plain, kernel.policy)
    kernel.state.in_flight[stgid] = InFlight(delivery.id, delivery.attempts, plain, wire, [*faults, *late])
    if delivery.punch is not None:
        first, copies = delivery.attempts == 1, copies_at_once(faults)
        kernel.state.ledger.attempted(stgid, delivery.punch, kernel.now, first=first, copies=copies)
    kernel.effects.append(
        Send(
            device=stgid,
            delivery=delivery.id,
            attempt=delivery.attempts,
            url=url_of(kernel, registered, faults),
            body=wire,
            content_type=content_type,
            timeout_s=kernel.policy.timeout_s,
            faults=transport_faults(faults, late),
        )
    )


def drop_queue(kernel: Kernel, registered: RegisteredDevice, cause: Cause) -> int:
    """Throw the callbacks away that wait; the ledger names the cause. Returns how many went."""
    dropped = registered.outbox.clear()
    for delivery in dropped:
        services.lose(kernel, registered, delivery, cause)
    return sum(1 if delivery.more is None else 1 + delivery.more.count for delivery in dropped)


def licence_changes(kernel: Kernel, registered: RegisteredDevice) -> None:
    """The licence or a service begins or ends: the queue, or what belongs to that service, goes on or stands still."""
    registered.outbox.take_back()
    send_next(kernel, registered)


def retry(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Timer `deliver`: the wait after a failed attempt is over (A-CB-06)."""
    registered.retry_timer = None
    send_next(kernel, registered)


def answered(kernel: Kernel, event: Answered) -> None:
    """An attempt ended: note it, settle the queue, go on with what comes next."""
    registered, flight = kernel.state.devices.get(event.device), kernel.state.in_flight.get(event.device)
    if registered is None or flight is None or (flight.delivery, flight.attempt) != (event.delivery, event.attempt):
        return  # the device was removed or reset meanwhile
    del kernel.state.in_flight[event.device]
    delivery = registered.outbox.head()
    if delivery is None:
        return  # the queue was reset meanwhile
    dropped = kernel.matching_faults("callback.answer", event.device, delivery.name, delivery.user, ("drop",))
    problem, answer = _judge(kernel, registered, event)
    if dropped:
        problem = "the answer was lost on the way (fault drop)"
    lint = oddities(answer) if problem is None else ()
    if problem is not None and not registered.config.handle_response:
        lint = (f"Handle Response is off, a wrong answer went unnoticed: {problem} (A-CB-21)",)
        problem = None
    again = () if problem is not None else _repetitions(kernel, registered, delivery)
    struck = (*flight.faults, *dropped, *again)
    _settle(kernel, registered, delivery, problem)
    kernel.note(
        registered,
        "callback",
        delivery.name,
        user=delivery.user,
        plain=flight.plain,
        wire=None if flight.wire == flight.plain else flight.wire,
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
        _repeat(kernel, registered, delivery, fault)
    send_next(kernel, registered)


def _judge(kernel: Kernel, registered: RegisteredDevice, event: Answered) -> tuple[str | None, bytes]:
    """Whether the answer acknowledges, and its plain bytes (A-CB-01, A-ENC-02)."""
    if event.error:
        return event.error, event.body
    body, key, wanted = event.body, registered.config.security_key, kernel.policy.enc_ack
    # The page wants callbacks decrypted and says nothing of the answer (V3:1101), so both forms are done (A-ENC-02).
    if key is not None and wanted == "encrypted" and body.lstrip()[:1] == b"{":
        return "the answer is plain, an encrypted one is expected (enc.ack)", body
    if wanted != "plain":
        body, _ = opened(body, key)
    return why_no_ack(event.status, body, kernel.policy.ack, event.content_type), body


def _settle(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery, problem: str | None) -> None:
    stgid = registered.config.stgid
    registered.outbox.settle(kernel.now, problem, kernel.policy.schedule)
    if problem is None and delivery.punch is not None:
        kernel.state.ledger.acknowledged(stgid, delivery.punch, kernel.now)
    if registered.outbox.next_at is not None:
        registered.retry_timer = kernel.state.timers.set(registered.outbox.next_at, "deliver", stgid)


def _repetitions(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery) -> tuple[Fault, ...]:
    """The faults that want an acknowledged delivery once more; a duplicate is never duplicated again."""
    if delivery.anomaly:
        return ()
    return kernel.matching_faults(
        "callback.request", registered.config.stgid, delivery.name, delivery.user, _OF_DELIVERIES
    )


def _repeat(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery, fault: Fault) -> None:
    """Queue the duplicate that a fault asks for."""
    body = delivery.body
    if fault.do == "duplicate_new" and registered.config.protocol == "v3":
        registered.operation_ids += 1
        stgid, seed = registered.config.stgid, kernel.state.seed
        number = chance.operation_id(seed, stgid, registered.operation_ids)
        by = Rewriting(seed, stgid, delivery.id, operation_id=number, now_s=kernel.now // 1000)
        body = rewrite(body, fault.do, by)
    registered.deliveries += 1
    again = Delivery(
        id=registered.deliveries,
        name=delivery.name,
        body=body,
        queued_at=kernel.now,
        punch=delivery.punch,
        user=delivery.user,
        log_time=delivery.log_time,
        anomaly=fault.do,
        frozen_key=delivery.frozen_key,
    )
    registered.outbox.push(again)


def restarted(kernel: Kernel, event: Restarted) -> None:
    """Attempts under way are due again; held calls are gone, their commands still run."""
    kernel.state.in_flight.clear()
    for registered in kernel.state.devices.values():
        registered.outbox.abandon(kernel.now)
        for command in registered.commands:
            command.request = None
        send_next(kernel, registered)
