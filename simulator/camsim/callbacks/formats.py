"""How a device's protocol tells a fact and seals it: one row a protocol, so that the kernel knows neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zlib import crc32

from camsim import chance
from camsim.kernel.kernel import Kernel
from camsim.knobs.policy import Policy
from camsim.protocol.facts import Fact, Template, UserUpdated
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v2.signatures import CREDENTIALS
from camsim.protocol.v3 import envelope, messages
from camsim.protocol.v3.messages import split
from camsim.protocol.vocabulary import V2_ATTENDANCE, AttendanceType
from camsim.state.device import User
from camsim.state.gateway import Slot

from .payload_faults import rewrite

Introduce = Callable[[User, int, int, str, bool], list[UserUpdated]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a protocol makes of a device's news.

    `render`: a fact as (operation name, frozen plain bytes), one or more; `seal`: the bytes on the wire and their
    type; `name`: the operation that tells a fact; `introduce`: a user (at, offset, split, with names) as facts;
    `keys`: what a person can press at a punch, and the Type it is recorded as.
    """

    render: Callable[[Kernel, Slot, Fact], list[tuple[str, bytes]]]
    seal: Callable[[str | None, bytes, Policy], tuple[bytes, str]]
    name: Callable[[Fact], str]
    introduce: Introduce
    keys: Mapping[str, str]


# --- v3 ---------------------------------------------------------------------------------------------------------------


def _render_v3(kernel: Kernel, slot: Slot, fact: Fact) -> list[tuple[str, bytes]]:
    config, state = slot.config, kernel.state
    number = chance.operation_id(state.seed, config.stgid, _operation_number(kernel, slot, fact))
    sender = messages.Sender(config.auth_token, config.label, config.serial, config.stgid)
    message = messages.callback(fact, sender, number, state.now // 1000 - kernel.policy.precede_s, kernel.policy.style)
    plain = _STYLED[kernel.policy.json_style](kernel, slot, message)
    return [(messages.callback_name(fact), plain)]


def _operation_number(kernel: Kernel, slot: Slot, fact: Fact) -> int:
    """A new number for each callback; portions of one change share theirs when the knob says so (A-CB-19)."""
    if not (kernel.policy.share_operation_id and isinstance(fact, UserUpdated)):
        slot.operation_ids += 1
        return slot.operation_ids
    change = fact.at << 32 | crc32(fact.user_id.encode())
    if slot.draws.get("shared change") != change:
        slot.operation_ids += 1
        slot.draws["shared change"], slot.draws["shared number"] = change, slot.operation_ids
    return slot.draws["shared number"]


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


def user_facts(user: User, at: int, offset: int, how: str, *, head: bool = True) -> list[UserUpdated]:
    """A user as v3 callbacks: #3 with the names first, then the templates in portions (R-34)."""
    portions: list[tuple[Template, ...]] = split(user.templates.values(), how)
    if head:
        portions.insert(0, ())
    return [
        UserUpdated(user.user_id, user.first_name, user.last_name, user.user_type, at, offset, portion)
        for portion in portions
    ]


def _introduce_v3(user: User, at: int, offset: int, how: str, named: bool) -> list[UserUpdated]:
    return user_facts(user, at, offset, how, head=named)


# --- v2 ---------------------------------------------------------------------------------------------------------------


def frozen_v2(kernel: Kernel, slot: Slot, message: messages.Message) -> bytes:
    """The plain bytes of a v2 message that is about to be queued."""
    if kernel.policy.json_style != "shuffled":
        return envelope.encode(message)  # the one printed sample is alphabetical already (V2:245)
    slot.operation_ids += 1  # only a number to draw by: v2 has no OperationID
    return _shuffled(kernel, slot, message)


def sender_v2(slot: Slot) -> messages.Sender:
    """Who a v2 message comes from."""
    return messages.Sender(slot.config.auth_token, slot.config.label, slot.config.serial, slot.config.stgid)


def _render_v2(kernel: Kernel, slot: Slot, fact: Fact) -> list[tuple[str, bytes]]:
    told = messages_v2.callback(fact, sender_v2(slot), kernel.policy.style_v2)
    return [(messages_v2.callback_name(fact), frozen_v2(kernel, slot, message)) for message in told]


def _seal_v2(key: str | None, plain: bytes, policy: Policy) -> tuple[bytes, str]:
    charset = policy.content_type.partition(";")[2]
    return envelope_v2.seal_v2(plain, key), envelope_v2.CONTENT_TYPE + (f";{charset}" if charset else "")


def _introduce_v2(user: User, at: int, offset: int, how: str, named: bool) -> list[UserUpdated]:
    """Card and PIN together with the names, everything else alone; names alone only where neither is there (V2-06)."""
    held = user.templates.values()
    cards = tuple(template for template in held if template.type in CREDENTIALS)
    portions: list[tuple[Template, ...]] = [(template,) for template in held if template.type not in CREDENTIALS]
    if cards or named:
        portions.insert(0, cards)
    return [
        UserUpdated(user.user_id, user.first_name, user.last_name, user.user_type, at, offset, portion)
        for portion in portions
    ]


_KEYS = {str(kind): str(kind) for kind in AttendanceType}
# V2-04: the v2 words are understood too, and a punch for which nothing was pressed.
_KEYS_V2 = {**_KEYS, **{word: str(kind) for kind, word in V2_ATTENDANCE.items()}, "None": "None"}

DIALECTS: Mapping[str, Dialect] = {
    "v3": Dialect(_render_v3, _seal_v3, messages.callback_name, _introduce_v3, _KEYS),
    "v2": Dialect(_render_v2, _seal_v2, messages_v2.callback_name, _introduce_v2, _KEYS_V2),
}


def of(slot: Slot) -> Dialect:
    """The dialect a device speaks."""
    return DIALECTS[slot.config.protocol]
