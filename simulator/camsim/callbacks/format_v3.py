"""How a v3 device tells what happened: the message of a fact, its frozen bytes, a user in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

from camsim import chance
from camsim.kernel.kernel import Kernel
from camsim.knobs.policy import Policy
from camsim.protocol.facts import Fact, Template, UserUpdated
from camsim.protocol.v3 import envelope
from camsim.protocol.v3.messages import Message, Sender, callback, callback_name, split
from camsim.protocol.vocabulary import AttendanceType
from camsim.state.device import User
from camsim.state.gateway import RegisteredDevice

from .payload_faults import Rewriting, rewrite

# What a person can press at a punch, and the Type it is recorded as.
KEYS = {str(kind): str(kind) for kind in AttendanceType}


def sender_of(registered: RegisteredDevice) -> Sender:
    """Who a message comes from."""
    config = registered.config
    return Sender(config.auth_token, config.label, config.serial, config.stgid)


def render(kernel: Kernel, registered: RegisteredDevice, fact: Fact) -> list[tuple[str, bytes]]:
    """The callback that tells a fact: its operation name and its plain bytes, frozen from now on."""
    number = _operation_number(kernel, registered, fact)
    operation_id = chance.operation_id(kernel.state.seed, registered.config.stgid, number)
    now_s = kernel.now // 1000 - kernel.policy.precede_s  # sample #3 has a Time before its event (A-CB-16)
    message = callback(fact, sender_of(registered), operation_id, now_s, kernel.policy.style)
    return [(callback_name(fact), _JSON_STYLES[kernel.policy.json_style](kernel, registered, message))]


def _operation_number(kernel: Kernel, registered: RegisteredDevice, fact: Fact) -> int:
    """A new number for each callback; portions of one change share theirs when the knob says so (A-CB-19)."""
    if not (kernel.policy.share_operation_id and isinstance(fact, UserUpdated)):
        registered.operation_ids += 1
        return registered.operation_ids
    # One change is one user at one moment; the state keeps numbers alone, so the pair is made one.
    change = fact.at << 32 | crc32(fact.user_id.encode())
    if registered.draws.get("shared change") != change:
        registered.operation_ids += 1
        registered.draws["shared change"], registered.draws["shared number"] = change, registered.operation_ids
    return registered.draws["shared number"]


def documented_json(kernel: Kernel, registered: RegisteredDevice, message: Message) -> bytes:
    """Members in the order of the printed samples."""
    return envelope.encode(message)


def _alphabetical_json(kernel: Kernel, registered: RegisteredDevice, message: Message) -> bytes:
    """As live gateways write: RealTime{AuthToken, LabelName, OperationID, PunchLog, SerialNumber, Time} (A-CB-27)."""
    frame = message["RealTime"]
    return envelope.encode({"RealTime": {key: frame[key] for key in sorted(frame)}})


def shuffled_json(kernel: Kernel, registered: RegisteredDevice, message: Message) -> bytes:
    """Members in any order, everything beyond ASCII escaped: what JSON allows and parsers by position do not."""
    drawn = Rewriting(kernel.state.seed, registered.config.stgid, registered.operation_ids)
    return rewrite(rewrite(envelope.encode(message), "shuffle_keys", drawn), "escape", drawn)


_JSON_STYLES: Mapping[str, Callable[[Kernel, RegisteredDevice, Message], bytes]] = {
    "documented": documented_json,
    "observed": _alphabetical_json,
    "shuffled": shuffled_json,
}


def seal(key: str | None, plain: bytes, policy: Policy) -> tuple[bytes, str]:
    """The bytes on the wire, encrypted with a key, and their Content-Type."""
    return envelope.seal_v3(plain, key), policy.content_type


def introduce(user: User, at: int, offset: int, how: str, named: bool) -> list[UserUpdated]:
    """A user as callbacks: #3 with the names first, then the templates in portions (R-34)."""
    portions = split(user.templates.values(), how)
    if named:
        portions.insert(0, ())
    return told(user, at, offset, portions)


def told(user: User, at: int, offset: int, portions: Iterable[tuple[Template, ...]]) -> list[UserUpdated]:
    """One fact a portion of a user's templates; `at` in UTC seconds, `offset` in minutes."""
    facts = []
    for portion in portions:
        fact = UserUpdated(user.user_id, user.first_name, user.last_name, user.user_type, at, offset, portion)
        facts.append(fact)
    return facts
