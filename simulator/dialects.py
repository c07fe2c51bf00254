"""How a device's protocol tells a fact and seals it: one row a protocol, so that the kernel knows neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import chance
from .faults import rewrite
from .gateway import Kernel, Slot
from .policy import Policy
from .protocol import envelope, messages
from .protocol.facts import Fact, UserUpdated


@dataclass(frozen=True, slots=True)
class Dialect:
    """`render`: a fact as (operation name, frozen plain bytes), one or more; `seal`: the bytes on the wire and their type."""

    render: Callable[[Kernel, Slot, Fact], list[tuple[str, bytes]]]
    seal: Callable[[str | None, bytes, Policy], tuple[bytes, str]]


def _render_v3(kernel: Kernel, slot: Slot, fact: Fact) -> list[tuple[str, bytes]]:
    config, state = slot.config, kernel.state
    if not (kernel.policy.share_operation_id and isinstance(fact, UserUpdated) and slot.draws.get("shared") == fact.at):
        slot.operation_ids += 1  # A-CB-19: portions of one change share it when the knob says so
    if isinstance(fact, UserUpdated):
        slot.draws["shared"] = fact.at
    number = chance.operation_id(state.seed, config.stgid, slot.operation_ids)
    sender = messages.Sender(config.auth_token, config.label, config.serial, config.stgid)
    message = messages.callback(fact, sender, number, state.now // 1000 - kernel.policy.precede_s, kernel.policy.style)
    plain = _STYLED[kernel.policy.json_style](kernel, slot, message)
    return [(messages.callback_name(fact), plain)]


def _alphabetical(kernel: Kernel, slot: Slot, message: messages.Message) -> bytes:
    frame = message["RealTime"]
    return envelope.encode({"RealTime": {key: frame[key] for key in sorted(frame)}})


def _shuffled(kernel: Kernel, slot: Slot, message: messages.Message) -> bytes:
    facts = {"seed": kernel.state.seed, "device": slot.config.stgid, "n": slot.operation_ids}
    return rewrite(rewrite(envelope.encode(message), "shuffle_keys", facts), "escape", facts)


_STYLED: Mapping[str, Callable[[Kernel, Slot, messages.Message], bytes]] = {
    "documented": lambda kernel, slot, message: envelope.encode(message),
    "observed": _alphabetical,  # field notes: RealTime{AuthToken, LabelName, OperationID, PunchLog, SerialNumber, Time}
    "shuffled": _shuffled,
}


def _seal_v3(key: str | None, plain: bytes, policy: Policy) -> tuple[bytes, str]:
    return envelope.seal_v3(plain, key), policy.content_type


DIALECTS: Mapping[str, Dialect] = {"v3": Dialect(_render_v3, _seal_v3)}


def of(slot: Slot) -> Dialect:
    """The dialect a device speaks."""
    return DIALECTS[slot.config.protocol]
